"""The entry points that a project file declares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from mlrun.errors import Edit, Problem
from mlrun.project.environments.keys import ENVIRONMENT_KEYS, RENV_KEY, named_environments
from mlrun.project.model import EntryPoint, Environment, Parameter
from mlrun.project.parameters.declarations import read_parameters
from mlrun.project.reading.keys import Keys, sort_keys
from mlrun.project.reading.nodes import (
    Document,
    Entry,
    describe,
    is_null,
    is_text,
    scalar,
    shown,
)

_KEYS = ("command", "parameters", "description", *ENVIRONMENT_KEYS, RENV_KEY)
_LOST = frozenset({"command", "parameters", "description"})
_GLUED = re.compile(r"(?:command|parameters)\s*[:=]")
_ONE_TEXT = "write `command: ...` in one line; several commands have && between them"
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
        _remark_empty(document, entry)
        return {}
    entries = document.entries(entry.value, "`entry_points`", _SHAPE)
    entry_points = {}
    with document.sparing():
        _refuse_lost_command(document, entries)
    for name, found in _without_lost(document, entries).items():
        with document.sparing():
            entry_points[name] = _entry_point(document, name, found, folder)
    return entry_points


def _remark_empty(document: Document, entry: Entry | None) -> None:
    if entry is not None:
        document.remark(
            entry.key,
            "MLflow cannot read a file in which `entry_points` is empty",
            "write `entry_points: {}`, or leave it out",
            rule="mlflow-empty",
            edits=_empty_mapping(document, entry),
        )


def _empty_mapping(document: Document, entry: Entry) -> tuple[Edit, ...]:
    start, end = entry.value.start_mark.index, entry.value.end_mark.index
    if start < end:
        return (Edit(start, end, "{}"),)
    colon = document.text.find(":", entry.key.end_mark.index)
    return (Edit(colon + 1, colon + 1, " {}"),) if colon >= 0 else ()


def _refuse_lost_command(document: Document, entries: Mapping[str, Entry]) -> None:
    """`command` beside the name that it should stand below."""
    lost = entries.get("command")
    if lost is None or scalar(lost.value) is None:
        return
    owner = _empty_owner(entries)
    if owner is None:
        message = "`command` stands where the name of an entry point does"
        raise document.error(lost.key, message, _SHAPE, rule="misplaced-command")
    raise document.error(
        lost.key,
        f"`command` stands beside the entry point {shown(owner)}, not below it",
        f"indent it further than {shown(owner)}",
        rule="misplaced-command",
        edits=_indenting(document, [entries[key] for key in _LOST if key in entries]),
    )


def _empty_owner(entries: Mapping[str, Entry]) -> str | None:
    empty = [name for name, entry in entries.items() if is_null(entry.value)]
    return next((name for name in reversed(empty) if name not in _LOST), None)


def _indenting(document: Document, entries: Iterable[Entry]) -> tuple[Edit, ...]:
    """Return the edits that indent keys with their values by two more spaces."""
    lines: set[int] = set()
    for entry in entries:
        key, end = entry.key.start_mark, entry.value.end_mark
        if document.text[key.index - key.column : key.index].strip():
            return ()  # It does not begin its line.
        lines.update(range(key.line, end.line + (end.column > 0)))
    edits, start = [], 0
    for number, line in enumerate(document.text.splitlines(keepends=True)):
        if number in lines and line.strip():
            edits.append(Edit(start, start, "  "))
        start += len(line)
    return tuple(edits)


def _without_lost(document: Document, entries: Mapping[str, Entry]) -> Mapping[str, Entry]:
    """Leave out what is no entry point, once it is said that it stands in the wrong place."""
    lost = entries.get("command")
    if not document.is_spared or lost is None or scalar(lost.value) is None:
        return entries
    owner = _empty_owner(entries)
    return {name: entry for name, entry in entries.items() if name not in {*_LOST, owner}}


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
    declared, command = keys.found.get("parameters"), keys.found.get("command")
    misplaced: Problem | None = None
    if command is None and declared is not None:
        from mlrun.project.misplaced_commands import command_among

        misplaced, declared = command_among(document, name, declared) or (None, declared)
    parameters: Mapping[str, Parameter] = {}
    with document.sparing():
        parameters = read_parameters(document, declared)
    environments: tuple[Environment, ...] = ()
    if misplaced is not None:
        place = document.locate(entry.key)
        return EntryPoint(name, parameters, "", place, problem=misplaced)
    if command is None or scalar(command.value) is None:
        return _without_command(document, name, entry, parameters, *_reason(name, keys))
    text = str(scalar(command.value))
    _remark_own_environments(document, keys)
    with document.sparing():
        environments = named_environments(document, keys.found, folder)
    return EntryPoint(
        name=name,
        parameters=parameters,
        command=text,
        location=document.locate(command.value),
        description=_description(document, keys),
        problem=_misspelt_parameters(document, keys, text),
        environments=environments,
    )


def _remark_own_environments(document: Document, keys: Keys) -> None:
    for key in (*ENVIRONMENT_KEYS, RENV_KEY):
        if key in keys.found:
            document.remark(
                keys.found[key].key,
                f"MLflow does not see `{key}` here, and runs it in the project's environment",
                "leave it where mlrun alone runs this entry point",
                rule="own-environment",
            )


def _command_alone(document: Document, name: str, entry: Entry) -> EntryPoint:
    """`main: python train.py`, which MLflow does not take."""
    text = str(scalar(entry.value))
    if _GLUED.match(text):
        raise document.error(
            entry.value,
            f"{shown(text)} has no space after its colon",
            "put a space there",
            rule="yaml-missing-space",
            edits=_space(document, entry.value),
        )
    document.lint(
        entry.value,
        f"the entry point {shown(name)} is taken to be a command alone, which MLflow refuses",
        "write `command:` below it, and the command there",
        rule="command-alone",
        edits=_named_command(document, entry),
    )
    return EntryPoint(name, {}, text, document.locate(entry.value))


def _space(document: Document, node: yaml.Node) -> tuple[Edit, ...]:
    """Return the edit that puts a space after the first colon of a text."""
    colon = document.text.find(":", node.start_mark.index, node.end_mark.index)
    return (Edit(colon + 1, colon + 1, " "),) if colon >= 0 else ()


def _named_command(document: Document, entry: Entry) -> tuple[Edit, ...]:
    """Return the edit that gives a command on one line its key, on the next line."""
    key, value = entry.key.start_mark, entry.value.start_mark
    between = document.text[entry.key.end_mark.index : value.index]
    before = document.text[key.index - key.column : key.index]
    is_one_line = key.line == value.line == entry.value.end_mark.line
    if before.strip() or not is_one_line or not re.fullmatch(r" *: +", between):
        return ()
    indented = ":\n" + " " * (key.column + 2) + "command: "
    return (Edit(entry.key.end_mark.index, value.index, indented),)


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
    is_many = culprit is not None and isinstance(culprit.value, yaml.CollectionNode)
    hint = _ONE_TEXT if is_many else "write `command: ...` below its name"
    problem = Problem(reason, place, hint, "no-command")
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
        rule="misspelt-key",
    )


def _description(document: Document, keys: Keys) -> str | None:
    entry = keys.found.get("description")
    if entry is None:
        return None
    remark_no_text(document, entry)
    return scalar(entry.value)


def remark_no_text(document: Document, entry: Entry) -> None:
    """Note a description that is no text, and is shown nowhere."""
    if not isinstance(entry.value, yaml.ScalarNode):
        message = f"`{entry.key.value}` must be one text, not {describe(entry.value)}"
        document.remark(entry.value, message, "put it in quotes", rule="wrong-shape")
