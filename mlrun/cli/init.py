"""`mlrun init`: a project file for a folder with scripts."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from mlrun.cli.narration import inert, say
from mlrun.cli.output import print_problem
from mlrun.cli.streams import print_document
from mlrun.cli.wording import counted
from mlrun.errors import Problem, UsageError
from mlrun.folders import current_folder
from mlrun.scaffold.entry_points import Proposal
from mlrun.scaffold.scaffolding import Scaffold, scaffold, write


@click.command()
@click.argument("folder", default=".")
@click.option("--name", metavar="NAME", help="The project's name; by default the folder's.")
@click.option("--force", is_flag=True, help="Replace a project file that is there.")
@click.option(
    "--stdout",
    "--dry-run",
    "only_print",
    is_flag=True,
    help="Print the project file, and write nothing.",
)
def command(folder: str, *, name: str | None, force: bool, only_print: bool) -> None:
    """Write a project file for a folder with scripts.

    Scripts that parse arguments become entry points with parameters. They are read, and
    neither run nor imported.
    """
    if "://" in folder:
        from mlrun.execution.redact import mask_url

        raise UsageError(
            f"{mask_url(folder)} is no folder of this machine", hint="clone it, and name its folder"
        )
    place = Path(os.path.normpath(current_folder() / os.path.expanduser(folder)))  # noqa: PTH111
    proposed = scaffold(place, name)
    if only_print:
        print_document(inert(proposed.text))
    else:
        write(proposed, replaces=force)
    for line in _lines(proposed, place, only_print=only_print):
        say(line)
    for problem in proposed.notes:
        print_problem("note", _shortened(problem))
    if not only_print:
        say(f"next: {_next(proposed, folder)}")


def _lines(proposed: Scaffold, place: Path, *, only_print: bool) -> Iterator[str]:
    for one in proposed.entry_points:
        yield _found(one, place)
    yield f"environment: {proposed.environment.said}"
    if proposed.environment.hint is not None:
        yield f"  hint: {proposed.environment.hint}"
    if not only_print:
        yield f"wrote {' and '.join(_short(file) for file in proposed.files())}"


def _found(one: Proposal, place: Path) -> str:
    location = one.script.location(place)
    line = f":{location.line}" if location.line is not None else ""
    reading = one.script.reading
    count = counted(len(one.parameters), "parameter") if one.parameters else "no parameters"
    by = f" ({reading.parser})" if reading is not None else ""
    return f"{one.name}: {count}, from {_short(location.file)}{line}{by}"


def _short(file: Path) -> str:
    """Return a path as a person names it where they stand."""
    try:
        return str(file.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(file)


def _shortened(problem: Problem) -> Problem:
    location = problem.location
    if location is None:
        return problem
    return replace(problem, location=replace(location, file=Path(_short(location.file))))


def _next(proposed: Scaffold, folder: str) -> str:
    """Return the command line that runs the first entry point, with what it requires."""
    one = proposed.entry_points[0]
    words = ["mlrun", "run", folder]
    if one.name != "main":
        words += ["-e", one.name]
    for parameter in one.parameters:
        if parameter.default is None and not parameter.optional:
            words += ["-P", f"{parameter.name}=..."]
    return shlex.join(words)
