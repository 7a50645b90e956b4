"""Files are checked as what they are, and what is found is in order, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import Location, Problem, UsageError
from mlrun.lint import environment_file
from mlrun.lint.check import check, lint_paths
from mlrun.lint.rules.rule import Severity, Subject
from mlrun.lint.targets import Target
from tests.unit.lint.checked import PYTHON, places, python_env, write

CONDA = "channels: [conda-forge]\ndependencies:\n  - python=3.11\n"


def test_each_file_has_its_report(tmp_path: Path) -> None:
    text = "python_env: e.yaml\nrubric: 1\nentry_points: {main: {command: 'true'}}\n"
    write(tmp_path, {"MLproject": text, "e.yaml": PYTHON.replace("==", "=")})
    project, environment = lint_paths([tmp_path])
    assert (project.file, project.text) == (tmp_path / "MLproject", text)
    assert places(project) == ["2:unknown-key"]
    assert places(environment) == ["3:conda-form"]
    assert [f.severity for f in environment.findings] == [Severity.ERROR]


def test_a_conda_file_is_read_as_one(tmp_path: Path) -> None:
    write(tmp_path, {"conda.yaml": CONDA + "  - numpy: 2\nprefix: /home/me\n"})
    (report,) = lint_paths([tmp_path / "conda.yaml"])
    assert places(report) == ["4:package-with-colon", "5:conda-prefix"]


def test_all_mistakes_of_a_conda_file_are_found(tmp_path: Path) -> None:
    text = "channels: {a: b}\ndependencies:\n  - 3.11\n  - [a]\n  - pip:\n    - a=1\n    - b=1\n"
    write(tmp_path, {"conda.yaml": f"{text}variables: {{A-B: 1}}\n"})
    (report,) = lint_paths([tmp_path / "conda.yaml"])
    assert places(report) == [
        "1:wrong-shape",
        "3:number-as-package",
        "4:wrong-shape",
        "5:unpinned-python",
        "5:pip-not-listed",
        "6:conda-form",
        "7:conda-form",
        "8:bad-variable",
    ]


def test_all_mistakes_of_a_python_file_are_found(tmp_path: Path) -> None:
    text = "python: no\nbuild_dependencys: [a=1]\ndependencies:\n  - a:\n      - b\n  - c=1\n"
    assert places(check(python_env(tmp_path, text))) == [
        "1:bad-python-version",
        "2:misspelt-key",
        "2:conda-form",
        "4:bad-requirement",
        "6:conda-form",
    ]


@pytest.mark.parametrize("subject", [Subject.PYTHON_ENV, Subject.CONDA, Subject.PROJECT])
def test_an_empty_file_is_an_error(tmp_path: Path, subject: Subject) -> None:
    write(tmp_path, {"empty": "\n"})
    assert [f.problem.rule for f in check(Target(tmp_path / "empty", subject)).findings] == [
        "empty-file"
    ]


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    write(tmp_path, {"python_env.yaml": ""})
    (tmp_path / "python_env.yaml").write_bytes(b"python: \xff\n")
    (report,) = lint_paths([tmp_path / "python_env.yaml"])
    assert report.text is None
    assert places(report) == ["1:unreadable"]


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        lint_paths([tmp_path / "nothing"])


def test_the_text_that_is_given_counts(tmp_path: Path) -> None:
    target = python_env(tmp_path, PYTHON)
    assert places(check(target, PYTHON.replace("==", "="))) == ["3:conda-form"]


def test_findings_are_in_order_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "python_env.yaml"
    found = (
        Problem("later", Location(file, 9, 1), rule="conda-form"),
        Problem("first", Location(file, 2, 1), rule="nested-pip"),
        Problem("said again", Location(file, 9, 1), rule="conda-form"),
        Problem("another", Location(file, 9, 1), rule="nested-pip"),
        Problem("of the file", None, rule="empty-file"),
    )
    monkeypatch.setattr(environment_file, "check_python_env_file", lambda *_: found)
    report = check(python_env(tmp_path, PYTHON))
    messages = [finding.problem.message for finding in report.findings]
    assert messages == ["of the file", "first", "later", "another"]
