"""Hashes of what goes into an environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.fingerprint import file_digest, uv_configuration
from mlrun.environments.python.environment import PythonEnvironment
from mlrun.errors import Location, ProjectError
from mlrun.project.model import PythonEnv
from tests.unit.environments.wheels import make_wheel


def digest(folder: Path, *dependencies: str, python: str | None = "3.11") -> str:
    location = Location(folder / "python_env.yaml")
    spec = PythonEnv(python, ("pip",), dependencies, folder, None, location)
    return PythonEnvironment(spec, "uv", exact_python=False).digest()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("six\n-c limits.txt\n-r more.txt\n")
    (folder / "limits.txt").write_text("six<2\n-c deeper.txt\n")
    (folder / "deeper.txt").write_text("idna<9\n")
    (folder / "more.txt").write_text("./lib\n./wheels/x-1.0-py3-none-any.whl\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "pyproject.toml").write_text('[project]\nname = "lib"\n')
    (folder / "lib" / "lib.py").write_text("A = 1\n")
    make_wheel(folder / "wheels", "x")
    return folder


@pytest.mark.parametrize(
    "changed", ["requirements.txt", "limits.txt", "deeper.txt", "more.txt", "lib/pyproject.toml"]
)
def test_all_files_that_are_named_count(project: Path, changed: str) -> None:
    before = digest(project, "-r requirements.txt")
    (project / changed).write_text((project / changed).read_text() + "\n--pre\n")
    if changed.endswith(".toml"):
        assert digest(project, "-r requirements.txt") != before
        return
    assert digest(project, "-r requirements.txt") != before


def test_a_wheel_counts_by_its_content(project: Path) -> None:
    before = digest(project, "-r requirements.txt")
    make_wheel(project / "wheels", "x", code="OTHER = 1\n")
    assert digest(project, "-r requirements.txt") != before


def test_a_comment_and_the_code_of_a_folder_do_not_count(project: Path) -> None:
    before = digest(project, "-r requirements.txt")
    (project / "lib" / "lib.py").write_text("A = 2\n")
    (project / "requirements.txt").write_text("# hello\nsix\n-c limits.txt\n\n-r more.txt\n")
    assert digest(project, "-r requirements.txt") == before


def test_it_is_the_same_in_another_folder(project: Path, tmp_path: Path) -> None:
    before = digest(project, "-r requirements.txt", "-f wheels", "./wheels/x-1.0-py3-none-any.whl")
    moved = project.rename(tmp_path / "moved")
    after = digest(moved, "-r requirements.txt", "-f wheels", "./wheels/x-1.0-py3-none-any.whl")
    assert after == before


def test_version_and_order_count(project: Path) -> None:
    assert len({digest(project, *d) for d in (("a",), ("a", "b"), ("b", "a"))}) == 3
    assert digest(project, python="3.11") != digest(project, python="3.12")


def test_a_login_does_not_count(project: Path) -> None:
    one = digest(project, "--index-url https://me:one@host.example/simple", "six")
    two = digest(project, "--index-url https://me:two@host.example/simple", "six")
    assert one == two


def test_a_missing_file_is_said(project: Path) -> None:
    with pytest.raises(ProjectError, match="not there"):
        digest(project, "-r other.txt")


def test_big_files_count_by_both_ends(tmp_path: Path) -> None:
    file = tmp_path / "big"
    middle = bytes(3 << 20)
    digests = set()
    for content in (b"a" + middle + b"z", b"b" + middle + b"z", b"a" + middle + b"y", middle):
        file.write_bytes(content)
        digests.add(file_digest(file))
    assert len(digests) == 4
    assert file_digest(tmp_path / "none") == file_digest(tmp_path / "nothing")


def test_settings_for_uv_beside_the_project_count(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    assert uv_configuration(folder, iter(())) == []
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\n")
    assert uv_configuration(folder, iter(())) == []
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.uv]\nno-build = true\n")
    assert len(uv_configuration(folder, iter(()))) == 1
