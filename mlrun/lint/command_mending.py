"""Mends of commands that leave what a program gets as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from mlrun.errors import Edit, Location
from mlrun.project.command.braces import divide, single_braces
from mlrun.project.command.continuation import continued_lines, join_lines
from mlrun.project.command.places import nth, written
from mlrun.project.command.shell.frames import SLOT
from mlrun.project.reading.nodes import location_at
from mlrun.project.reading.yaml_mending import apply_edits


def doubled_braces(
    command: str, known: Collection[str], location: Location, text: str | None
) -> tuple[Location, tuple[Edit, ...]]:
    """Return where the first single brace of a command stands, and what doubles them all.

    Args:
        command: As YAML gave it.
        known: Names of the parameters.
        location: Of the command.
        text: What the project file holds; None for what lies on disk.

    Returns:
        The command's place and no edits where its text was written in another way.
    """
    found = written(location, text)
    if found is None:
        return location, ()
    braces = [found.start + offset for offset in single_braces(found.source, known)]
    edits = tuple(Edit(at, at, found.text[at]) for at in braces)
    if not edits or found.source.count("{") != found.value.count("{"):
        return location, ()
    place = location_at(location.file, found.text, braces[0])
    place = replace(place, of=location.of, end_column=(place.column or 0) + 1)
    is_same = _as_shell(command, known) == _as_shell_after(location, found.text, edits, known)
    return place, edits if is_same else ()


def _as_shell_after(
    location: Location, text: str, edits: tuple[Edit, ...], known: Collection[str]
) -> str | None:
    """Return what the shell would get after a mend, None where MLflow would still not take it."""
    mended = written(location, apply_edits(text, edits))
    if mended is None or not divide(join_lines(mended.value), known).is_format:
        return None
    return _as_shell(mended.value, known)


def _as_shell(command: str, known: Collection[str]) -> str:
    parts = divide(join_lines(command), known).parts
    return "".join(
        part if isinstance(part, str) else SLOT if part.is_known and part.is_plain else part.source
        for part in parts
    )


def backslashes(
    command: str, continued: Sequence[int], location: Location, text: str | None
) -> tuple[Edit, ...]:
    """Return what ends the lines before those that are continued with a backslash.

    Args:
        command: As YAML gave it.
        continued: Where in it the lines begin that go on with the one before.
        location: Of the command.
        text: What the project file holds; None for what lies on disk.

    Returns:
        Nothing where bash would not see one command then, or where a line is blank.
    """
    found = written(location, text)
    if found is None or found.style not in ("|", ">"):
        return ()
    edits: dict[int, Edit] = {}
    for offset in continued:
        word = command[offset:].split(None, 1)[0]
        line = nth(found.source, word, command.count(word, 0, offset))
        edit = _backslash(found.text, found.start + line) if line is not None else None
        if edit is None:
            return ()
        edits[edit.start] = edit
    mended = written(location, apply_edits(found.text, edits.values()))
    if mended is None or continued_lines(mended.value):
        return ()
    is_same = _on_one_line(mended.value) == _on_one_line(command)
    return tuple(edits.values()) if is_same else ()


def _backslash(text: str, line: int) -> Edit | None:
    """Return what puts a backslash at the end of the line before.

    Returns:
        None where that is blank, or ends in what may be meant for one.
    """
    newline = text.rfind("\n", 0, line)
    end = newline - 1 if text.endswith("\r", 0, newline) else newline
    last = len(text[:end].rstrip(" \t"))
    if text.endswith(("\n", " ^"), 0, last):
        return None
    return Edit(last, end, "" if text.endswith(" \\", 0, last) else " \\")


def _on_one_line(command: str) -> str:
    return re.sub(r"[ \t]*\\\n[ \t]*|[ \t]+", " ", join_lines(command))
