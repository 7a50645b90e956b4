"""What only `mlrun lint` says of environment files, and how it mends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import Location, Problem
from mlrun.lint.environment_file import check_conda_file, check_python_env_file
from mlrun.project.environments.conda_file import read_conda_env
from mlrun.project.environments.python_env_file import read_python_env
from mlrun.project.model import CondaEnv, PythonEnvFile
from mlrun.project.reading.yaml_mending import apply_edits

PYTHON = "python: '3.11'\n"
CONDA = "dependencies:\n- python=3.11\n"


def of_python(folder: Path, text: str) -> tuple[Problem, ...]:
    return check_python_env_file(folder / "python_env.yaml", text)


def of_conda(folder: Path, text: str) -> tuple[Problem, ...]:
    return check_conda_file(folder / "conda.yaml", text)


def rules(problems: tuple[Problem, ...]) -> list[str | None]:
    return [problem.rule for problem in problems]


def mended(text: str, problems: tuple[Problem, ...]) -> str:
    return apply_edits(text, [edit for problem in problems for edit in problem.edits])


def test_before_a_run_nothing_of_it_is_said(tmp_path: Path) -> None:
    python, conda = tmp_path / "python_env.yaml", tmp_path / "conda.yaml"
    python.write_text("python: 3.10\ndependencies: {a: 1}\nbuild_dependencies: [a, a]\n")
    conda.write_text("dependencies: [python == 3.8, a=1=b, pip: [c, c]]\nprefix: /a\n")
    assert read_python_env(PythonEnvFile(python, Location(python))).lints == ()
    assert read_conda_env(CondaEnv(conda, Location(conda))).lints == ()


class TestPython:
    @pytest.mark.parametrize(
        ("written", "rule", "mended_to"),
        [
            ("3.10", "unquoted-python-version", "'3.10'"),
            ("3", "unquoted-python-version", "'3'"),
            ("3.8.15", None, None),
            ("'3.8'", None, None),
            ("'>=3.9,<3.12'", None, None),
            ("~=3.10", None, None),
            ("python == 3.8", "odd-python-version", "'3.8'"),
            ("python=3.8.13=h12debd9_0", "odd-python-version", "'3.8.13'"),
            ('"==3.8"', "odd-python-version", '"3.8"'),
            ("3.11.*", "odd-python-version", "'3.11'"),
            ("~", "unpinned-python", "~"),
            ("x", "bad-python-version", "x"),
        ],
    )
    def test_versions(
        self, tmp_path: Path, written: str, rule: str | None, mended_to: str | None
    ) -> None:
        text = f"python: {written}  # why\n"
        problems = of_python(tmp_path, text)
        assert rules(problems) == ([rule] if rule else [])
        assert mended(text, problems) == f"python: {mended_to or written}  # why\n"

    def test_a_version_in_several_lines_is_not_mended(self, tmp_path: Path) -> None:
        (problem,) = of_python(tmp_path, "python: >-\n  python\n  == 3.8\n")
        assert (problem.rule, problem.edits) == ("odd-python-version", ())

    def test_python_among_the_requirements_is_a_version(self, tmp_path: Path) -> None:
        problems = of_python(tmp_path, "dependencies: [python == 3.8]\n")
        assert rules(problems) == ["python-as-requirement"]
        problems = of_python(tmp_path, "dependencies: [python]\n")
        assert rules(problems) == ["python-as-requirement", "unpinned-python"]

    def test_python_among_the_requirements_beside_its_version(self, tmp_path: Path) -> None:
        (problem,) = of_python(tmp_path, "python: '3.10'\ndependencies: [python==3.9]\n")
        assert problem.rule == "python-as-requirement"
        assert problem.message == "'python==3.9' asks for Python itself, and 3.10 is taken"
        assert problem.hint == "remove it"

    @pytest.mark.parametrize(
        ("text", "to"),
        [
            ("dependencies:\n  a: '1'\n  b:  # c\n", "dependencies:\n  - a==1\n  - b  # c\n"),
            ("dependencies:\n  a: '>=1'\n", "dependencies:\n  - a>=1\n"),
            ("dependencies: {a: 1}\n", None),
            ("dependencies:\n  a: '1, 2'\n", None),
            ("dependencies: a\n", None),
        ],
    )
    def test_a_list_that_is_none(self, tmp_path: Path, text: str, to: str | None) -> None:
        problems = of_python(tmp_path, PYTHON + text)
        assert rules(problems) == ["requirements-no-list"]
        assert mended(PYTHON + text, problems) == PYTHON + (to or text)

    @pytest.mark.parametrize(
        ("text", "to"),
        [
            ("  - a\n  - pip:\n      - b  # c\n      - 'd'\n", "  - a\n  - b  # c\n  - 'd'\n"),
            ("- pip:\n  - -r x.txt", "- -r x.txt"),
            ("- pip:  # all of it\n  - a\n", None),
            ("- pip: [a]\n", None),
            ("- pip:\n  - a\n  pop: 1\n", None),
            ("- pip:\n  - [a]\n", None),
            ("- pip:\n  - >-\n    a\n", None),
        ],
    )
    def test_a_nested_list(self, tmp_path: Path, text: str, to: str | None) -> None:
        (tmp_path / "x.txt").touch()
        text, to = (f"{PYTHON}dependencies:\n{part or text}" for part in (text, to))
        problems = of_python(tmp_path, text)
        assert "nested-pip" in rules(problems)
        assert mended(text, problems) == to

    def test_a_requirement_with_a_colon(self, tmp_path: Path) -> None:
        listed = "- x  # é\n- a: 1.0\n- b: '<2'  # c\n- {c: 1}\n- d: 1\n  e: 2\n"
        text = f"{PYTHON}dependencies:\n{listed}"
        problems = of_python(tmp_path, text)
        assert rules(problems) == ["requirement-with-colon"] * 4
        assert mended(text, problems) == text.replace("a: 1.0", "a==1.0").replace("b: '<2'", "b<2")


class TestRequirements:
    @pytest.mark.parametrize(
        ("line", "is_found"),
        [
            ("-r gone.txt", True),
            ("-rgone.txt", True),
            ("--requirement=gone.txt", True),
            ("--constraint sub/gone.txt", True),
            ("-r there.txt", False),
            ("-r ./there.txt  # all", False),
            ("-c '{}/there.txt'", False),
            ("-r https://example.org/gone.txt", False),
            ("-r $HOME/gone.txt", False),
            ("--require-hashes", False),
            ("-e .", False),
        ],
    )
    def test_a_file_that_is_not_there(self, tmp_path: Path, line: str, is_found: bool) -> None:
        (tmp_path / "there.txt").touch()
        line = line.format(tmp_path)
        for found in (
            of_python(tmp_path, f'{PYTHON}dependencies:\n- "{line}"\n'),
            of_conda(tmp_path, f'{CONDA}- pip\n- pip:\n  - "{line}"\n'),
        ):
            assert rules(found) == ["missing-requirements-file"] * is_found

    def test_the_file_that_was_meant_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").touch()
        (problem,) = of_python(tmp_path, f"{PYTHON}dependencies: [-r requirments.txt]\n")
        assert problem.hint == "did you mean 'requirements.txt'?"

    @pytest.mark.parametrize(
        ("lines", "is_found"),
        [
            (["a", "b", "a"], True),
            (["A-b>=1", "a_B==2"], True),
            (["a[x]", "a [y]"], True),
            (["a; python_version<'3.8'", "a==1; python_version>='3.8'"], False),
            (["a", "ab"], False),
            ([".", "."], False),
            (["git+https://example.org/a", "a @ file:///a"], False),
            (["-e a", "a"], False),
        ],
    )
    def test_a_package_named_twice(self, tmp_path: Path, lines: list[str], is_found: bool) -> None:
        items = "".join(f'- "{line}"\n' for line in lines)
        found = of_python(tmp_path, f"{PYTHON}dependencies:\n{items}")
        assert rules(found) == ["duplicate-requirement"] * is_found

    def test_each_list_is_looked_at_by_itself(self, tmp_path: Path) -> None:
        text = f"{PYTHON}build_dependencies: [a]\ndependencies: [a]\n"
        assert of_python(tmp_path, text) == ()
        assert of_conda(tmp_path, f"{CONDA}- pip\n- a\n- pip:\n  - a\n") == ()

    @pytest.mark.parametrize(
        ("line", "goes"), [("- a==1\n", True), ("- a==1  # so\n", False), ("- a==2\n", False)]
    )
    def test_only_what_says_the_same_is_removed(
        self, tmp_path: Path, line: str, goes: bool
    ) -> None:
        text = f"{PYTHON}dependencies:\n- a==1\n{line}- b\n"
        left = f"{PYTHON}dependencies:\n- a==1\n- b\n" if goes else text
        assert mended(text, of_python(tmp_path, text)) == left

    def test_lines_of_one_text_are_not_compared(self, tmp_path: Path) -> None:
        found = of_python(tmp_path, f"{PYTHON}dependencies: |\n  a\n  a\n")
        assert rules(found) == ["requirements-no-list"]


class TestConda:
    @pytest.mark.parametrize("exact", ["python==3.8", "python == 3.8", "Python  ==3.8"])
    def test_the_first_of_its_kind(self, tmp_path: Path, exact: str) -> None:
        assert rules(of_conda(tmp_path, f"dependencies: ['{exact}']\n")) == ["exact-minor-python"]

    @pytest.mark.parametrize("plain", ["python=3.8", "python==3.8.1", "python 3.8", "python>=3.8"])
    def test_other_versions_are_left_alone(self, tmp_path: Path, plain: str) -> None:
        assert of_conda(tmp_path, f"dependencies: ['{plain}', pip, pip: [a]]\n") == ()

    def test_builds_are_one_habit(self, tmp_path: Path) -> None:
        builds = "[python=3.8.13=h12debd9_0, 'a==1.0=py38_1', b=1, 'c=1=*cuda*', 'd=1=py38*']"
        (problem,) = of_conda(tmp_path, f"dependencies: {builds}\n")
        assert problem.rule == "conda-build"
        assert "'python=3.8.13=h12debd9_0'" in problem.message
        assert "1 more below" in problem.message

    @pytest.mark.parametrize(
        ("packages", "rule"),
        [
            ("python=3.8, pip", None),
            ("conda-forge::python=3.8, 'pip>=20'", None),
            ("python=3.8", "pip-not-listed"),
            ("python=3.8, pip-tools", "pip-not-listed"),
            ("python, pip", "unpinned-python"),
            ("python-dateutil=2, pip=22", "unpinned-python"),
        ],
    )
    def test_a_pip_list_needs_python_and_pip(
        self, tmp_path: Path, packages: str, rule: str | None
    ) -> None:
        found = of_conda(tmp_path, f"dependencies: [{packages}, pip: [a]]\n")
        assert rules(found) == ([rule] if rule else [])

    def test_without_a_pip_list_it_needs_neither(self, tmp_path: Path) -> None:
        assert of_conda(tmp_path, "dependencies: [r-base=4]\n") == ()

    def test_pip_is_put_before_its_list(self, tmp_path: Path) -> None:
        text = f"{CONDA}#\n-   pip:\n    - é\n"
        found = of_conda(tmp_path, text)
        assert mended(text, found) == f"{CONDA}#\n-   pip\n-   pip:\n    - é\n"
        flow = "dependencies: [python=3.8, pip: [a]]\n"
        assert mended(flow, of_conda(tmp_path, flow)) == flow

    @pytest.mark.parametrize(
        ("line", "rest"),
        [
            ("prefix: /home/me\n", ""),
            ("prefix:\n", ""),
            ("prefix: '/home/é'", ""),
            ("prefix: /home/me  # mine\n", None),
            ("prefix:\n  /home/me\n", None),
        ],
    )
    def test_the_prefix_goes(self, tmp_path: Path, line: str, rest: str | None) -> None:
        text = CONDA + line
        found = of_conda(tmp_path, text)
        assert rules(found) == ["conda-prefix"]
        assert mended(text, found) == CONDA + (line if rest is None else rest)

    def test_what_is_ignored_beside_it_stays_readable(self, tmp_path: Path) -> None:
        text = "name: é\ndependencies:\n- numpy: 1.2\n- pip\n- pip:\n  - a=1=b\n- python=3.8\n"
        found = of_conda(tmp_path, text)
        assert rules(found) == ["package-with-colon", "conda-form"]
        assert mended(text, found) == text.replace("numpy: 1.2", "numpy=1.2").replace(
            "a=1=b", "a==1"
        )
