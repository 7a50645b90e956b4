"""R projects run where the user stands, and what is missing is said before."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.project.model import RenvEnv


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "renv.lock"
    file.write_text("{}")
    return file


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of one folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def warned(lock: Path, *, required: bool = False) -> list[str]:
    env = RenvEnv(lock, Location(lock), required)
    kind = choose_environment((env,), EnvironmentOptions())
    assert (kind.manager, kind.digest()) == ("local", None)
    return [problem.message for problem in kind.prepare(print).warnings]


def test_without_r_only_what_needs_it_is_refused(lock: Path, programs: Path) -> None:
    (message,) = warned(lock)
    assert "no Rscript on PATH" in message
    with pytest.raises(EnvironmentBuildError, match="no Rscript on PATH") as caught:
        warned(lock, required=True)
    assert caught.value.location == Location(lock)


def test_a_library_that_is_not_restored_is_said(lock: Path, programs: Path) -> None:
    (programs / "Rscript").touch(0o755)
    (message,) = warned(lock, required=True)
    assert "not installed" in message
    package = lock.parent / "renv/library/linux-debian-12/R-4.4/x86_64-pc-linux-gnu/mlflow"
    package.mkdir(parents=True)
    (package / "DESCRIPTION").touch()
    assert warned(lock, required=True) == []


def test_a_lock_that_is_not_there_is_said(lock: Path, programs: Path) -> None:
    (programs / "Rscript").touch(0o755)
    lock.unlink()
    (message,) = warned(lock)
    assert message == f"there is no '{lock}'"


def test_another_manager_leaves_it_aside(lock: Path) -> None:
    env = RenvEnv(lock, Location(lock))
    assert choose_environment((env,), EnvironmentOptions(manager="uv")).manager == "uv"
