"""What is known of a `uv.lock` environment before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.environments.uv_lock.environment import UvLockEnvironment
from mlrun.errors import Location, ProjectError, UsageError
from mlrun.project.model import UvLockEnv


def project(folder: Path, python: str = ">=3.10") -> UvLockEnv:
    folder.mkdir(exist_ok=True)
    (folder / "uv.lock").write_text(f'version = 1\nrequires-python = "{python}"\n')
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    return UvLockEnv(folder, Location(folder / "uv.lock"))


def digest(folder: Path) -> str | None:
    env = UvLockEnv(folder, Location(folder / "uv.lock"))
    return UvLockEnvironment(env, exact_python=False).digest()


def test_the_digest_is_that_of_the_content_wherever_it_lies(tmp_path: Path) -> None:
    project(tmp_path / "a")
    project(tmp_path / "b")
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml", "uv.toml", ".python-version"])
def test_each_file_that_says_something_counts(tmp_path: Path, name: str) -> None:
    project(tmp_path)
    before = digest(tmp_path)
    with (tmp_path / name).open("a") as stream:
        stream.write("\n")
    assert digest(tmp_path) != before


def test_python_is_the_one_that_the_lock_or_the_user_names(tmp_path: Path) -> None:
    env = project(tmp_path, ">=3.10, <3.13")
    assert UvLockEnvironment(env, exact_python=False).request.accepts((3, 12, 1))
    assert not UvLockEnvironment(env, exact_python=False).request.accepts((3, 13, 0))
    (tmp_path / ".python-version").write_text("3.11\n")
    assert not UvLockEnvironment(env, exact_python=False).request.accepts((3, 12, 1))


def test_a_python_that_is_none_is_refused_where_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not a version") as caught:
        UvLockEnvironment(project(tmp_path, "newest"), exact_python=False)
    assert caught.value.location == Location(tmp_path / "uv.lock")


def test_a_lock_that_is_gone_is_an_error(tmp_path: Path) -> None:
    env = project(tmp_path)
    (tmp_path / "uv.lock").unlink()
    with pytest.raises(ProjectError, match="cannot be read"):
        UvLockEnvironment(env, exact_python=False)


@pytest.mark.parametrize("manager", ["virtualenv", "conda"])
def test_only_uv_installs_it(tmp_path: Path, manager: str) -> None:
    with pytest.raises(UsageError):
        choose_environment((project(tmp_path),), EnvironmentOptions(manager=manager))
