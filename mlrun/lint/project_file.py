"""Everything that is wrong in one project file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mlrun.errors import Edit, Location, Problem, ProjectError
from mlrun.lint.commands import check_commands
from mlrun.lint.glued_options import check_glued_options
from mlrun.lint.misplaced_keys import misplaced_keys
from mlrun.lint.moved_places import moved_back
from mlrun.lint.named_environments import check_named_environments
from mlrun.lint.parameters import check_parameters
from mlrun.lint.portability import portability
from mlrun.lint.unquoted_texts import check_unquoted_texts
from mlrun.lint.unread_parameters import without_unread_parameters
from mlrun.project.load import examine_project
from mlrun.project.project_file import find_project_file
from mlrun.project.reading.nodes import Document, read_text
from mlrun.project.reading.yaml_errors import template_error
from mlrun.project.reading.yaml_mending import apply_edits

_MOST_MENDS = 10
"""Mistakes in the form of one file after which it is read on as if they were mended."""

_HAS_LOST = "did you mean `entry_points`?"
"""The hint about a key without which a file is none of a project."""


def check_project_file(file: Path, text: str | None = None) -> tuple[Problem, ...]:
    """Return all that is wrong or suspicious in a project file, each with its rule.

    Environment files that it names are looked for, and not read.

    Args:
        file: The project file, whatever it is called.
        text: What it would hold, without a byte order mark; None for what it does hold.
    """
    if text is None:
        try:
            text = read_text(file)
        except ProjectError as error:
            return error.problems
    return _each_once((*_about_its_name(file), *_in_text(file, text, _MOST_MENDS)))


def _about_its_name(file: Path) -> Iterator[Problem]:
    with suppress(ProjectError):
        found = find_project_file(file.parent)
        for lint in found.lints:
            place = lint.location.file if lint.location is not None else None
            # What is told of another file stands there, unless that is the one that is ignored.
            if found.path is not None and file.name in (found.path.name, place and place.name):
                yield replace(lint, location=Location(file))


def _in_text(file: Path, text: str, mends: int) -> tuple[Problem, ...]:
    try:
        document = Document(file, text, is_spared=True)
    except ProjectError as error:
        (problem,) = error.problems
        if not problem.edits or not mends:
            return (problem,)
        return (problem, *_after(problem.edits, file, text, mends))
    misplaced = tuple(misplaced_keys(document)) if mends else ()
    if misplaced:
        edits = tuple(edit for problem in misplaced for edit in problem.edits)
        return (*misplaced, *_after(edits, file, text, mends))
    return _in_document(document)


def _after(edits: tuple[Edit, ...], file: Path, text: str, mends: int) -> Iterator[Problem]:
    """Yield what would be found after a mend, as if it had been found before."""
    mended = apply_edits(text, edits)
    for problem in _in_text(file, mended, mends - 1):
        yield moved_back(problem, text, mended, edits)


def _in_document(document: Document) -> tuple[Problem, ...]:
    project = examine_project(document, document.file.absolute().parent)
    template = template_error(document.text, document.file)
    if template is not None and (document.errors or _HAS_LOST in {p.hint for p in project.lints}):
        return template.problems
    cannot_run = [e.problem for e in project.entry_points.values() if e.problem is not None]
    return (
        *document.errors,
        *project.lints,
        *cannot_run,
        *check_named_environments(document, project),
        *check_parameters(project),
        *portability(project),
        *check_unquoted_texts(document),
        *check_glued_options(project, document.text),
        *check_commands(without_unread_parameters(project, document.root), document.text),
    )


def _each_once(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Leave out what is found again on another way: by an alias, in a mend."""
    own: dict[tuple[str, Location | None], Problem] = {}
    for problem in sorted(problems, key=lambda problem: not problem.edits):
        own.setdefault((problem.rule or problem.message, problem.location), problem)
    kept = {id(problem) for problem in own.values()}
    return tuple(problem for problem in problems if id(problem) in kept)
