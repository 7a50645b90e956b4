"""Find all that is wrong in files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlrun.errors import Problem, ProjectError
from mlrun.lint.finding import FileReport, Finding
from mlrun.lint.rules.rule import Severity, Subject
from mlrun.lint.targets import Target, targets_of
from mlrun.project.reading.nodes import compose, read_text

_MARK = "mlrun:"


def lint_paths(paths: Iterable[Path]) -> tuple[FileReport, ...]:
    """Check the files that paths mean.

    Raises:
        UsageError: A path is not there, or means no file that can be checked.
    """
    return tuple(check(target) for target in targets_of(paths))


def check(target: Target, text: str | None = None) -> FileReport:
    """Check one file.

    Args:
        target: The file.
        text: What it would hold; None for what it does hold.
    """
    if text is None:
        try:
            text = read_text(target.file)
        except ProjectError as error:
            return FileReport(target.file, None, _findings(error.problems))
    problems = _problems(target, text)
    if _MARK in text:
        from mlrun.lint.silencing import without_silenced

        is_complete = _is_yaml(target.file, text)
        problems = without_silenced(problems, target.file, text, is_complete=is_complete)
    return FileReport(target.file, text, _findings(problems))


def _problems(target: Target, text: str) -> Iterable[Problem]:
    if target.subject is Subject.PROJECT:
        from mlrun.lint.project_file import check_project_file

        return check_project_file(target.file, text)
    from mlrun.lint import environment_file

    if target.subject is Subject.CONDA:
        return environment_file.check_conda_file(target.file, text)
    return environment_file.check_python_env_file(target.file, text)


def _is_yaml(file: Path, text: str) -> bool:
    try:
        compose(text, file)
    except ProjectError:
        return False
    return True


def _findings(problems: Iterable[Problem]) -> tuple[Finding, ...]:
    """Return problems in the order of their places, of those that say the same the first."""
    own: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        place = problem.location
        key = (problem.rule or problem.message, place and (place.file, place.line, place.column))
        own.setdefault(key, problem)
    return tuple(Finding(one, _severity(one)) for one in sorted(own.values(), key=_order))


def _severity(problem: Problem) -> Severity:
    from mlrun.lint.rules.all import ALL_RULES

    rule = ALL_RULES.get(problem.rule or "")
    return rule.severity if rule is not None else Severity.ERROR


def _order(problem: Problem) -> tuple[int, int]:
    place = problem.location
    return (0, 0) if place is None else (place.line or 0, place.column or 0)
