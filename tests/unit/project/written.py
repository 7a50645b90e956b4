"""Project files written for a test, and what loading them gives."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from mlrun.errors import ProjectError
from mlrun.project.load import load_project
from mlrun.project.model import EntryPoint, Parameter, Project


def load_text(folder: Path, text: str) -> Project:
    """Load a project file with this text, its common indentation removed."""
    (folder / "MLproject").write_text(dedent(text), encoding="utf-8")
    return load_project(folder)


def refused(folder: Path, text: str | bytes) -> ProjectError:
    """Return the error that a project file with this text is refused with."""
    data = dedent(text).encode() if isinstance(text, str) else text
    (folder / "MLproject").write_bytes(data)
    with pytest.raises(ProjectError) as caught:
        load_project(folder)
    return caught.value


def place(error: ProjectError) -> tuple[int | None, int | None]:
    """Return the line and column of an error."""
    assert error.location is not None
    return error.location.line, error.location.column


def main_of(folder: Path, entry_point: str) -> tuple[Project, EntryPoint]:
    """Load a project whose `main` has this text (indented by nothing) below it."""
    body = "".join(f"    {line}\n" for line in dedent(entry_point).strip("\n").splitlines())
    project = load_text(folder, f"entry_points:\n  main:\n{body}")
    return project, project.entry_points["main"]


def parameter(folder: Path, declaration: str) -> tuple[Project, Parameter]:
    """Load a project with one parameter, `p`, declared so: `p<declaration>`."""
    project, entry_point = main_of(folder, f"parameters:\n  p{declaration}\ncommand: echo")
    return project, entry_point.parameters["p"]


def lint_messages(project: Project) -> str:
    """Return all lints of a project, with their hints, as one text."""
    return "\n".join(f"{lint.message} ({lint.hint})" for lint in project.lints)
