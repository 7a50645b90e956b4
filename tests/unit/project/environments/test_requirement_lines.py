"""Lines for pip, in both kinds of environment files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from mlrun.errors import Problem
from mlrun.lint.environment_file import check_conda_file, check_python_env_file
from mlrun.project.reading.yaml_mending import apply_edits

PYTHON = "python: '3.11'\ndependencies:\n  - {}\n"
CONDA = "dependencies:\n  - python=3.11\n  - pip\n  - pip:\n    - {}\n"


def found(text: str) -> list[Problem]:
    problems = [
        *check_python_env_file(Path("python_env.yaml"), PYTHON.format(text)),
        *check_conda_file(Path("conda.yaml"), CONDA.format(text)),
    ]
    return [problem for problem in problems if problem.rule == "bad-requirement"]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("numpy==", "write a version after the sign"),
        ("numpy[all] >=", "write a version after the sign"),
        ("==1.0", "write, say, `numpy==2.1.0`"),
        ("scikit learn", "write, say, `numpy==2.1.0`"),
        ("a; python_version<3", "write, say, `numpy==2.1.0`"),
        ("numpy>=1.* # old", "write, say, `numpy==2.1.0`"),
        ("numpy >=1.0 <2", "write `numpy>=1.0,<2`"),
        ("numpy 1.2", "write `numpy==1.2`"),
        ("numpy:1.2", "write `numpy==1.2`"),
        ("requirements.txt", "write `-r requirements.txt`"),
    ],
)
def test_what_pip_does_not_take(written: str, hint: str) -> None:
    problems = found(written)
    assert len(problems) == 2
    assert all(hint in str(problem.hint) for problem in problems)


@pytest.mark.parametrize(
    "written",
    [
        *("numpy", "numpy==1.2", "a[b,c]>=1,<2", "torch==1.2+cu113", "a ; python_version < '3'"),
        *("numpy~=1.4.2", "a===x", "numpy==1.*  # why", "a==1 --hash=sha256:0", "-e .", "./a"),
        *("git+https://example.invalid/a@b#egg=c", "a @ https://example.invalid/a.whl", "b.whl"),
        *("${WHEELS}/a", "C:\\a\\b", "file:a.zip", "numpy=1.2", "zope.interface"),
    ],
)
def test_what_pip_takes_or_what_is_said_otherwise(written: str) -> None:
    assert found(f"'{written}'" if "'" not in written else f'"{written}"') == []


@pytest.mark.parametrize(
    ("written", "meant"), [("numpy 1.2", "numpy==1.2"), ("'numpy:1.2'", "'numpy==1.2'")]
)
def test_it_is_mended(written: str, meant: str) -> None:
    text = PYTHON.format(written)
    (problem,) = check_python_env_file(Path("python_env.yaml"), text)
    assert apply_edits(text, problem.edits) == PYTHON.format(meant)


@given(st.from_regex(r"\A[a-z0-9]{1,3}[ ]?(==|>=|~=|<|,|;|\[x\])?[ ]?[0-9.*a-z]{0,4}\Z"))
def test_a_usual_line_is_one_to_the_library_too(line: str) -> None:
    try:
        Requirement(line)
    except InvalidRequirement:
        return
    assert found(f"'{line}'") == []
