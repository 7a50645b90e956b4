"""The entry points that a project file declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mlrun.errors import Problem
from mlrun.project.environment_keys import ENVIRONMENT_KEYS, RENV_KEY, named_environments
from mlrun.project.keys import Keys, sort_keys
from mlrun.project.model import EntryPoint, Parameter
from mlrun.project.parameter_declarations import read_parameters
from mlrun.project.yaml_nodes import (
    Document,
    Entry,
    describe,
    is_null,
    is_text,
    scalar,
    shown,
)

_KEYS = ("command", "parameters", "description", *ENVIRONMENT_KEYS, RENV_KEY)
_GLUED = re.compile(r"(?:command|parameters)\s*[:=]")
_SHAPE = "write `NAME:` below `entry_points:`, and `command:` below that, each further indented"


def read_entry_points(
    document: Document, entry: Entry | None, folder: Path
) -> dict[str, EntryPoint]:
    """Return what stands under `entry_points`, none where it is empty.

    Args:
        document: The project file.
        entry: The key with its value.
        folder: What paths of environment files are relative to.

    Raises:
        ProjectError: Its form is wrong. An entry point without a command is kept: its
            `problem` says so.
    """
    if entry is None or is_null(entry.value):
        return {}
    entries = document.entries(entry.value, "`entry_points`", _SHAPE)
    _refuse_lost_command(document, entries)
    return {name: _entry_point(document, name, found, folder) for name, found in entries.items()}


def _refuse_lost_command(document: Document, entries: Mapping[str, Entry]) -> None:
    """`command` beside the name that it should stand below."""
    lost = entries.get("command")
    if lost is None or scalar(lost.value) is None:
        return
    empty = [name for name, entry in entries.items() if is_null(entry.value)]
    if empty:
        owner = shown(empty[-1])
        message = f"`command` stands beside the entry point {owner}, not below it"
        raise document.error(lost.key, message, f"indent it further than {owner}")
    raise document.error(lost.key, "`command` stands where the name of an entry point does", _SHAPE)


def _entry_point(document: Document, name: str, entry: Entry, folder: Path) -> EntryPoint:
    if is_null(entry.value):
        return _without_command(
            document, name, entry, {}, f"the entry point {shown(name)} is empty"
        )
    if is_text(entry.value):
        return _command_alone(document, name, entry)
    what = f"the entry point {shown(name)}"
    entries = document.entries(entry.value, what, "write `command:` below it, without a dash")
    keys = sort_keys(document, entries, _KEYS, what)
    parameters = read_parameters(document, keys.found.get("parameters"))
    command = keys.found.get("command")
    if command is None or scalar(command.value) is None:
        return _without_command(document, name, entry, parameters, *_reason(name, keys))
    text = str(scalar(command.value))
    return EntryPoint(
        name=name,
        parameters=parameters,
        command=text,
        location=document.locate(command.value),
        description=_description(keys),
        problem=_misspelt_parameters(document, keys, text),
        environments=named_environments(document, keys.found, folder),
    )


def _command_alone(document: Document, name: str, entry: Entry) -> EntryPoint:
    """`main: python train.py`, which MLflow does not take."""
    text = str(scalar(entry.value))
    if _GLUED.match(text):
        raise document.error(
            entry.value, f"{shown(text)} has no space after its colon", "put a space there"
        )
    document.lint(
        entry.value,
        f"the entry point {shown(name)} is taken to be a command alone, which MLflow refuses",
        "write `command:` below it, and the command there",
    )
    return EntryPoint(name, {}, text, document.locate(entry.value))


def _reason(name: str, keys: Keys) -> tuple[str, Entry | None]:
    """Return why there is no command, and the entry that is to blame."""
    what = f"the entry point {shown(name)}"
    misspelt = keys.misspelt.get("command")
    if misspelt is not None:
        return f"{what} has {shown(misspelt.key.value)} where `command` is expected", misspelt
    command = keys.found.get("command")
    if command is not None and not is_null(command.value):
        return f"the command of {what} must be one text, not {describe(command.value)}", command
    return f"{what} has no `command`", command


def _without_command(
    document: Document,
    name: str,
    entry: Entry,
    parameters: Mapping[str, Parameter],
    reason: str,
    culprit: Entry | None = None,
) -> EntryPoint:
    place = document.locate((culprit or entry).key)
    problem = Problem(reason, place, "write `command: ...` below its name")
    return EntryPoint(name, parameters, "", place, problem=problem)


def _misspelt_parameters(document: Document, keys: Keys, command: str) -> Problem | None:
    """Where the command needs what a misspelt `parameters` declares, it cannot run."""
    misspelt = keys.misspelt.get("parameters")
    if misspelt is None or scalar(misspelt.value) is not None or is_null(misspelt.value):
        return None
    names = document.entries(misspelt.value, shown(misspelt.key.value))
    if not any(f"{{{name}}}" in command for name in names):
        return None
    return Problem(
        f"{shown(misspelt.key.value)} is not a key of an entry point",
        document.locate(misspelt.key),
        "did you mean `parameters`?",
    )


def _description(keys: Keys) -> str | None:
    entry = keys.found.get("description")
    return scalar(entry.value) if entry is not None else None
