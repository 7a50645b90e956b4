"""Project files written for a test, and what lint finds in them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from mlrun.errors import Problem
from mlrun.lint.project_file import check_project_file
from mlrun.project.reading.yaml_mending import apply_edits

MAIN = "entry_points:\n  main:\n    command: python train.py\n"


def found_in(folder: Path, text: str) -> tuple[Problem, ...]:
    """Return what is found in a project file with this text, its common indentation removed."""
    file = folder / "MLproject"
    file.write_text(dedent(text), encoding="utf-8")
    return check_project_file(file)


def rules_in(folder: Path, text: str) -> list[str | None]:
    """Return the rules that a project file with this text breaks, in the order of the finds."""
    return [problem.rule for problem in found_in(folder, text)]


def only(folder: Path, text: str) -> Problem:
    """Return the one thing that is found."""
    (problem,) = found_in(folder, text)
    return problem


def places(problems: tuple[Problem, ...]) -> list[tuple[str | None, int | None, int | None]]:
    """Return rule, line and column of each problem."""
    located = [(p.rule, p.location) for p in problems]
    return [
        (rule, place.line if place else None, place.column if place else None)
        for rule, place in located
    ]


def mended(folder: Path, text: str) -> str:
    """Return a text with all edits of what is found in it."""
    text = dedent(text)
    problems = found_in(folder, text)
    return apply_edits(text, [edit for problem in problems for edit in problem.edits])
