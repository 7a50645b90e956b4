"""The environment of a project that names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.project.environments.implied import USUAL_FILES
from mlrun.project.load import load_project
from mlrun.project.model import CondaEnv, Environment, PythonEnvFile, RenvEnv, UvLockEnv
from tests.unit.project.written import load_text

PYPROJECT = "[project]\nname = 'x'\n"


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(PYPROJECT if name == "pyproject.toml" else "")


def source(environments: tuple[Environment, ...]) -> str:
    (found,) = environments
    if isinstance(found, UvLockEnv):
        return "uv.lock"
    assert isinstance(found, PythonEnvFile | CondaEnv | RenvEnv)
    return found.file.name


def test_the_first_file_of_the_order_counts(tmp_path: Path) -> None:
    write(tmp_path, *USUAL_FILES)
    for name in USUAL_FILES:
        assert source(load_project(tmp_path).environments) == name
        (tmp_path / name).unlink()
    assert load_project(tmp_path).environments == ()


@pytest.mark.parametrize("text", ["name: x\n", "entry_points: {main: {command: a}}\n"])
def test_a_project_file_without_an_environment_implies_it(tmp_path: Path, text: str) -> None:
    write(tmp_path, "requirements.txt")
    assert source(load_text(tmp_path, text).environments) == "requirements.txt"


@pytest.mark.parametrize("key", ["python_env", "conda_env", "docker_env", "renv_env"])
def test_a_null_key_implies_nothing(tmp_path: Path, key: str) -> None:
    write(tmp_path, "requirements.txt", "conda.yaml")
    assert load_text(tmp_path, f"{key}: null\n").environments == ()


def test_a_uv_lock_needs_its_pyproject(tmp_path: Path) -> None:
    write(tmp_path, "uv.lock", "requirements.txt")
    assert source(load_project(tmp_path).environments) == "requirements.txt"
    write(tmp_path, "pyproject.toml")
    assert source(load_project(tmp_path).environments) == "uv.lock"


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("[project]\nname = 'x'\n", True),
        ("[tool.ruff]\nline-length = 100\n[tool.mypy]\nstrict = true\n", False),
        ("  [ tool . poetry ]\nname = 'x'\n", True),
        ("[tool.project]\nname = 'x'\n", False),
        ("# [project]\n", False),
        ("[build-system]\nrequires = []\n", False),
        ("[project]\nbroken", True),
    ],
)
def test_a_pyproject_of_mere_tools_implies_nothing(
    tmp_path: Path, text: str, *, counts: bool
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert bool(load_project(tmp_path).environments) is counts


def test_folders_of_those_names_imply_nothing(tmp_path: Path) -> None:
    for name in USUAL_FILES:
        (tmp_path / name).mkdir()
    assert load_project(tmp_path).environments == ()
