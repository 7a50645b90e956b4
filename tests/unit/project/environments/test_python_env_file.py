from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from mlrun.errors import Location, ProjectError
from mlrun.project.environments.python_env_file import read_python_env
from mlrun.project.model import PythonEnv, PythonEnvFile
from tests.unit.project.written import place

ASKED = Location(Path("MLproject"), 2, 13)


def read(folder: Path, text: str) -> PythonEnv:
    file = folder / "python_env.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    return read_python_env(PythonEnvFile(file, ASKED))


def refusal(folder: Path, text: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        read(folder, text)
    return caught.value


def test_a_file_in_full(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """\
        # the environment
        python: "3.8.15"
        build_dependencies: [pip==22.0, setuptools]
        dependencies:
          - -r requirements.txt
          - numpy>=1.20,<2  # for arrays
        """,
    )
    file = tmp_path / "python_env.yaml"
    assert found == PythonEnv(
        python="3.8.15",
        build_dependencies=("pip==22.0", "setuptools"),
        dependencies=("-r requirements.txt", "numpy>=1.20,<2"),
        folder=tmp_path,
        file=file,
        location=Location(file, 2, 1),
    )


def test_an_inline_environment_is_itself() -> None:
    inline = PythonEnv("3.11", (), (), Path(), None, ASKED)
    assert read_python_env(inline) is inline


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("3.10", "3.10"),
        ("3", "3"),
        ("3.10.12", "3.10.12"),
        ("'3.12.0rc1'", "3.12.0rc1"),
        ("'==3.8'", "3.8"),
        ("python == 3.8", "3.8"),
        ("python=3.8", "3.8"),
        ("python=3.8.13=h12debd9_0", "3.8.13"),
        ("'=3.8.13=h12debd9_0'", "3.8.13"),
        ("3.11.*", "3.11"),
        ("python3.9", "3.9"),
        ("cpython-3.9", "3.9"),
        ("'>= 3.9, < 3.12'", ">=3.9,<3.12"),
        ("'~=3.10'", "~=3.10"),
        ("~", None),
        ("", None),
    ],
)
def test_versions(tmp_path: Path, written: str, version: str | None) -> None:
    assert read(tmp_path, f"python: {written}\n").python == version


@pytest.mark.parametrize("written", ["latest", "three", "'3.'", "3.8 or 3.9", "'>='", "''", "py38"])
def test_what_is_no_version(tmp_path: Path, written: str) -> None:
    error = refusal(tmp_path, f"name: x\npython: {written}\n")
    assert "is no version of Python" in error.message
    assert place(error) == (2, 9)


def test_a_version_must_be_one_text(tmp_path: Path) -> None:
    assert "must be a version, not a list" in refusal(tmp_path, "python: [3]").message


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{pip: 22.10, setuptools: , wheel: '<1'}", ("pip==22.10", "setuptools", "wheel<1")),
        ("[pip, {setuptools: 65.0}]", ("pip", "setuptools==65.0")),
        ("[numpy, {pip: [-r a.txt, scipy]}]", ("numpy", "-r a.txt", "scipy")),
        ("[numpy, , ~, ' scipy ']", None),
        ("-r requirements.txt", ("-r requirements.txt",)),
        ("|\n  numpy\n\n  scipy\n", ("numpy", "scipy")),
        ("~", ()),
        ("[--index-url=https://a/b, 'x @ https://a/?b=c']", None),
    ],
)
@pytest.mark.parametrize("key", ["build_dependencies", "dependencies"])
def test_forms_of_requirements(
    tmp_path: Path, key: str, written: str, expected: tuple[str, ...] | None
) -> None:
    if expected is None:
        expected = (
            ("numpy", "scipy")
            if "numpy" in written
            else ("--index-url=https://a/b", "x @ https://a/?b=c")
        )
        written = written.replace(", ,", ",")
    found = read(tmp_path, f"{key}: {written}\n")
    assert getattr(found, key) == expected


@pytest.mark.parametrize(
    ("item", "version"),
    [("python=3.8", "3.8"), ("python == 3.8", "3.8"), ("python", None), ("Python>=3.9", ">=3.9")],
)
def test_python_among_the_requirements(tmp_path: Path, item: str, version: str | None) -> None:
    found = read(tmp_path, f"dependencies:\n  - {item}\n  - python-dateutil>=2\n")
    assert found.python == version
    assert found.dependencies == ("python-dateutil>=2",)
    assert "asks for Python itself" in found.lints[0].message


def test_python_by_its_key_comes_first(tmp_path: Path) -> None:
    found = read(tmp_path, "python: '3.11'\ndependencies: [python=3.8]\n")
    assert (found.python, found.dependencies) == ("3.11", ())


def test_unknown_keys_are_ignored_with_a_lint(tmp_path: Path) -> None:
    found = read(tmp_path, "name: mine\npython: 3.11\n")
    assert "'name'" in found.lints[0].message


@pytest.mark.parametrize(
    ("text", "message", "expected"),
    [
        ("name: x\nchannels: [defaults]\n", "this is a conda environment", (2, 1)),
        ("dependencies:\n  - numpy=1.19\n", "'numpy=1.19' is conda's form", (2, 5)),
        ("dependencies:\n  - pip=22.1.2=py38h06a4308_0\n", "is conda's form", (2, 5)),
        ("dependancies: [x]\n", "'dependancies' is not a key", (1, 1)),
        ("dependencies: [{numpy: {a: b}}]\n", "'numpy' is no requirement", (1, 17)),
        ("python: 3.8\npython: 3.9\n", "'python' is given twice", (2, 1)),
        ("numpy==1.0\n", "must be a mapping, not one text", (1, 1)),
        ("python: '3.8\n", "never closed", (1, 9)),
    ],
)
def test_a_wrong_form_is_located(
    tmp_path: Path, text: str, message: str, expected: tuple[int, int]
) -> None:
    error = refusal(tmp_path, text)
    assert message in error.message
    assert place(error) == expected
    assert error.hint


def test_a_conda_requirement_names_pips_form(tmp_path: Path) -> None:
    assert refusal(tmp_path, "dependencies: [numpy = 1.19=py38]\n").hint == "write `numpy==1.19`"


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    error = refusal(tmp_path, text)
    assert "is empty" in error.message
    assert error.location == ASKED


def test_a_missing_file_is_reported_where_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no environment file") as caught:
        read_python_env(PythonEnvFile(tmp_path / "python_env.yaml", ASKED))
    assert caught.value.location == ASKED
    assert "--env-manager local" in (caught.value.hint or "")


def test_a_missing_file_has_a_near_miss(tmp_path: Path) -> None:
    (tmp_path / "python_env.yml").touch()
    with pytest.raises(ProjectError) as caught:
        read_python_env(PythonEnvFile(tmp_path / "python_env.yaml", ASKED))
    assert caught.value.hint == "did you mean 'python_env.yml'?"


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no environment file"):
        read_python_env(PythonEnvFile(tmp_path / "no" / "python_env.yaml", ASKED))
