"""What pyproject.toml and requirements.txt say about an environment."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import Location, ProjectError
from mlrun.project.environments.packaging_files import chosen_python
from mlrun.project.environments.python_env_file import read_python_env
from mlrun.project.model import PythonEnv, PythonEnvFile
from tests.unit.project.written import load_text

BUILD = '[build-system]\nrequires = ["setuptools"]\n'
NAMED = '[project]\nname = "x"\nversion = "1"\n'


def read(folder: Path, text: str, name: str = "pyproject.toml") -> PythonEnv:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_python_env(PythonEnvFile(file, Location(file)))


def error(folder: Path, text: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        read(folder, text)
    assert caught.value.location is not None
    assert caught.value.location.file == folder / "pyproject.toml"
    return caught.value


def test_a_package_is_installed_itself(tmp_path: Path) -> None:
    found = read(tmp_path, NAMED + 'requires-python = ">=3.10"\ndependencies = ["a"]\n' + BUILD)
    assert (found.python, found.dependencies, found.folder) == (">=3.10", ("-e .",), tmp_path)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("", ("a>=1", "b[c]; python_version < '3.11'")),
        ("[tool.uv]\npackage = true\n", ("-e .",)),
        (BUILD + "[tool.uv]\npackage = false\n", ("a>=1", "b[c]; python_version < '3.11'")),
    ],
)
def test_of_what_is_no_package_only_the_dependencies(
    tmp_path: Path, tail: str, expected: tuple[str, ...]
) -> None:
    listed = 'dependencies = ["a>=1", "b[c]; python_version < \'3.11\'"]\n'
    assert read(tmp_path, NAMED + listed + tail).dependencies == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("^3.9", ">=3.9,<4"), ("~3.9", ">=3.9,<3.10"), ("^3.8.1", ">=3.8.1,<4"), (">=3.9", ">=3.9")],
)
def test_poetrys_own_form(tmp_path: Path, asked: str, expected: str) -> None:
    text = f'[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\npython = "{asked}"\n'
    found = read(tmp_path, text + BUILD)
    assert (found.python, found.dependencies) == (expected, ("-e .",))


@pytest.mark.parametrize("tail", ["", BUILD + "[tool.poetry]\npackage-mode = false\n"])
def test_what_only_poetry_can_install_is_refused(tmp_path: Path, tail: str) -> None:
    text = tail or '[tool.poetry]\nname = "x"\n'
    assert "only poetry" in error(tmp_path, text).message


def test_a_broken_file_says_where(tmp_path: Path) -> None:
    found = error(tmp_path, "[project]\nname = \n")
    assert found.location == Location(tmp_path / "pyproject.toml", 2, 8)
    assert "no TOML" in found.message


@pytest.mark.parametrize(
    "text",
    ["[tool.ruff]\n", NAMED + 'dependencies = "a"\n', NAMED + "requires-python = 3.9\n"],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    error(tmp_path, text)


@given(st.binary(max_size=60))
def test_any_content_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.mktemp("p") / "pyproject.toml"
    file.write_bytes(b"[project]\n" + data)
    with suppress(ProjectError):
        read_python_env(PythonEnvFile(file, Location(file)))


def test_what_stands_aside_is_said(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a\n")
    (lint,) = read(tmp_path, NAMED).lints
    assert lint.hint is not None
    assert "python_env: requirements.txt" in lint.hint
    (lint,) = read(tmp_path, NAMED + "dependencies=['a']\n[tool.uv.sources]\na={git='x'}\n").lints
    assert lint.hint == "`uv lock` writes one"


def test_requirements_with_the_python_beside_them(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("# ours\n3.11\n3.9\n")
    found = read(tmp_path, "a\n", "requirements.txt")
    assert (found.python, found.dependencies) == ("3.11", ("-r requirements.txt",))
    assert read(tmp_path, NAMED + "requires-python='>=3.9'\n").python == "3.11"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3.11.4\n", "3.11.4"), ("cpython-3.12", "3.12"), ("\ufeff3.10\r\n", "3.10"), ("", None)],
)
def test_a_version_of_python(tmp_path: Path, text: str, expected: str | None) -> None:
    (tmp_path / ".python-version").write_text(text, encoding="utf-8")
    assert chosen_python(tmp_path) == (expected, ())


@pytest.mark.parametrize("text", ["pypy3.10", "my-environment", "3.13t"])
def test_other_names_are_ignored_with_a_word(tmp_path: Path, text: str) -> None:
    (tmp_path / ".python-version").write_text(text)
    python, (lint,) = chosen_python(tmp_path)
    assert python is None
    assert text in lint.message


def test_a_project_may_name_such_a_file(tmp_path: Path) -> None:
    (tmp_path / "deps").mkdir()
    (tmp_path / "deps" / "requirements.txt").write_text("a\n")
    (named,) = load_text(tmp_path, "python_env: deps/requirements.txt\n").environments
    assert isinstance(named, PythonEnvFile)
    found = read_python_env(named)
    assert (found.folder, found.dependencies) == (tmp_path / "deps", ("-r requirements.txt",))
