"""From a project's folder to what it says: the project file, read once."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mlrun.errors import Location, MlrunError, NotSupportedError, Problem, ProjectError
from mlrun.project.entry_points import read_entry_points, remark_no_text
from mlrun.project.environments.keys import ENVIRONMENT_KEYS, RENV_KEY, read_environments
from mlrun.project.model import EntryPoint, Environment, Project, RenvEnv
from mlrun.project.project_file import find_project_file, project_folders_in
from mlrun.project.reading.keys import Keys, sort_keys
from mlrun.project.reading.nodes import (
    Document,
    Entry,
    describe,
    is_null,
    read_document,
    scalar,
    shown,
)

MAIN = "main"
"""The entry point that runs when none is named."""

_DATABRICKS = "databricks_spark_job"
_KEYS = ("name", "entry_points", *ENVIRONMENT_KEYS, RENV_KEY, _DATABRICKS)
_SHAPE = "a project file has `name: ...` and `entry_points:` at its top"
_MOST_NAMES = 8
_NOTHING_HERE = "name the folder of a project, or write an MLproject file in this one"


def load_project(folder: Path) -> Project:
    """Load the project in a folder. One without a project file has only its scripts to run.

    Environment files that it names are not read.

    Raises:
        ProjectError: The folder or the file cannot be read, or the file is wrong.
        NotSupportedError: It holds nothing but a job for Databricks.
    """
    folder = folder.absolute()
    found = find_project_file(folder)
    if found.path is None:
        from mlrun.project.environments.implied import implied_environments

        return Project(None, folder, None, {}, implied_environments(folder))
    document = read_document(found.path)
    document.lints.extend(found.lints)
    try:
        return _project(document, folder)
    except ProjectError as error:
        from mlrun.project.reading.yaml_errors import template_error

        raise template_error(document.text, document.file) or error from None


def examine_project(document: Document, folder: Path) -> Project:
    """Read a project from its file, as far as it can be understood.

    Args:
        document: The project file, read so that errors do not end it (`is_spared`). What is
            wrong with it is in its `errors` afterwards, and in the `problem` of each entry point
            that cannot run.
        folder: What paths of environment files are relative to.

    Returns:
        The project, with each lint for itself.
    """
    project = Project(None, folder, document.file, {})
    with document.sparing():
        project = _project(document, folder)
    return replace(project, lints=tuple(document.lints))


def _project(document: Document, folder: Path) -> Project:
    keys = _top(document)
    entry_points: Mapping[str, EntryPoint] = {}
    environments: tuple[Environment, ...] = ()
    name = None
    with document.sparing():
        entry_points = read_entry_points(document, keys.found.get("entry_points"), folder)
    with document.sparing():
        _look_at_databricks(document, keys.found.get(_DATABRICKS), entry_points)
    with document.sparing():
        environments = read_environments(document, keys.found, folder)
    with document.sparing():
        name = _name(document, keys.found.get("name"))
    description = keys.found.get("description")
    if description is not None:
        remark_no_text(document, description)
    lints = _grouped(document.lints)
    return Project(name, folder, document.file, entry_points, environments, lints)


def _grouped(lints: Iterable[Problem]) -> tuple[Problem, ...]:
    """Join lints that say the same, so that a habit of a file's author is one line."""
    groups: dict[str, list[Problem]] = {}
    for lint in lints:
        groups.setdefault(lint.hint or lint.message, []).append(lint)
    return tuple(_joined(first, others) for first, *others in groups.values())


def _joined(first: Problem, others: list[Problem]) -> Problem:
    lines = {lint.location.line or 1 for lint in others if lint.location is not None}
    if first.location is not None and first.location.line is not None:
        lines.discard(first.location.line)
    if not lines:
        return first
    below = _listed(str(line) for line in sorted(lines))
    return Problem(f"{first.message} (likewise below: line {below})", first.location, first.hint)


def _top(document: Document) -> Keys:
    if document.root is None or is_null(document.root):
        place = Location(document.file)
        raise ProjectError("the file is empty", location=place, hint=_SHAPE, rule="empty-file")
    entries = document.entries(document.root, "the project file", _SHAPE)
    known = (*_KEYS, "description")
    keys = sort_keys(document, entries, known, "a project file")
    lost = keys.misspelt.get("entry_points")
    if lost is not None:
        raise document.error(
            lost.key,
            f"{shown(lost.key.value)} is not a key of a project file",
            "did you mean `entry_points`?",
            rule="misspelt-key",
        )
    return keys


def _name(document: Document, entry: Entry | None) -> str | None:
    if entry is None or is_null(entry.value):
        return None
    name = scalar(entry.value)
    if name is None:
        message = f"`name` must be one text, not {describe(entry.value)}"
        raise document.error(entry.value, message, "put it in quotes", rule="wrong-shape")
    return name or None


def _look_at_databricks(
    document: Document, entry: Entry | None, entry_points: Mapping[str, EntryPoint]
) -> None:
    if entry is None or is_null(entry.value):
        return
    if not entry_points:
        raise NotSupportedError(
            f"the project is a job for Databricks (`{_DATABRICKS}`), which mlrun does not run",
            location=document.locate(entry.key),
            hint="declare `entry_points` with a `command` to run it here",
            rule="databricks-only",
        )
    message = f"`{_DATABRICKS}` is ignored: mlrun does not run jobs on Databricks"
    document.lint(entry.key, message, rule="databricks-job")


def find_entry_point(project: Project, name: str = MAIN) -> EntryPoint:
    """Return what a name stands for: a declared entry point, else a script of the project.

    Raises:
        ProjectError: There is no such entry point, or it cannot run.
    """
    declared = project.entry_points.get(name)
    if declared is None:
        from mlrun.project.scripts import script_entry_point

        script = script_entry_point(project, name)
        if script is None:
            raise _no_entry_point(project, name)
        return _in_need_of_r(script, project)
    if declared.problem is not None:
        problem = declared.problem
        raise ProjectError(problem.message, location=problem.location, hint=problem.hint)
    return _in_need_of_r(declared, project)


def _in_need_of_r(entry_point: EntryPoint, project: Project) -> EntryPoint:
    """Say of the environment of an R project whether this entry point needs R."""
    asked = entry_point.environments or project.environments
    words = entry_point.command.split(maxsplit=1)
    if not words or words[0] not in ("Rscript", "R"):
        return entry_point
    needed = tuple(replace(e, required=True) if isinstance(e, RenvEnv) else e for e in asked)
    return entry_point if needed == asked else replace(entry_point, environments=needed)


def _no_entry_point(project: Project, name: str) -> MlrunError:
    from mlrun.project.scripts import is_script, scripts_in

    declared = tuple(project.entry_points)
    scripts = scripts_in(project.folder)
    if project.file is None and name == MAIN:
        message = f"there is no project file (MLproject) in '{project.folder}'"
        hint = _elsewhere(project.folder) or (_choose(scripts) if scripts else _NOTHING_HERE)
        return ProjectError(message, hint=hint)
    what = "script" if is_script(name) else "entry point"
    return ProjectError(
        f"the project has no {what} {shown(name)}",
        location=Location(project.file) if project.file is not None else None,
        hint=_meant(name, (*declared, *scripts)) or _choose((*declared, *scripts)),
    )


def _meant(name: str, known: tuple[str, ...]) -> str | None:
    """Return the near miss, with the others, None where there is none."""
    from mlrun.near_miss import near_miss

    near = near_miss(name, known) or near_miss(name, [k for k in known if k.startswith(name)], 0.5)
    if near is None:
        return None
    others = [other for other in known if other != near]
    rest = f" (there are also: {_listed(others)})" if others else ""
    return f"did you mean -e {shlex.quote(near)}?{rest}"


def _choose(known: tuple[str, ...]) -> str | None:
    if not known:
        return "declare one under `entry_points`, or name a script with -e"
    return f"choose one: {_listed(f'-e {shlex.quote(name)}' for name in known)}"


def _listed(names: Iterable[str]) -> str:
    given = list(names)
    more = f", and {len(given) - _MOST_NAMES} more" if len(given) > _MOST_NAMES else ""
    return ", ".join(given[:_MOST_NAMES]) + more


def _elsewhere(folder: Path) -> str | None:
    """Return where a project file is, if it lies one folder further down."""
    inside = [shlex.quote(str(path)) for path in project_folders_in(folder)]
    return f"a project lies further down: {' or '.join(inside[:3])}" if inside else None
