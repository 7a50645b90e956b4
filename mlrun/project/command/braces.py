"""Which braces of a command are placeholders.

Python's `str.format` decides, as in MLflow, where it accepts the command. Otherwise only
`{name}` of a known parameter is one, and every other brace belongs to the command.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from string import Formatter

from mlrun.light_dataclass import dataclass


@dataclass(frozen=True)
class Field:
    """Braces that are, or look like, a placeholder.

    Attributes:
        name: What it asks for.
        source: As written, braces included.
        is_known: Whether a value can have that name.
        is_plain: Whether it is no more than a name: no conversion, format or attribute.
    """

    name: str
    source: str
    is_known: bool = True
    is_plain: bool = True


@dataclass(frozen=True)
class Braces:
    """A command, divided.

    Attributes:
        parts: Text and fields, in order; the text is as the shell will get it.
        is_format: Whether the rules of `str.format` hold.
    """

    parts: tuple[str | Field, ...]
    is_format: bool


_BRACES = r"\$\{\{(?P<escaped>[^{}]*)\}\}|\{(?P<inner>[^{}]*)\}"
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_-]*"
_FORMATTED = r"[^!:.\[]+(?=[!:.\[])"
_FILE_NUMBER = r"exec\s+$"


def divide(command: str, known: Collection[str]) -> Braces:
    """Divide a command into text and placeholders.

    Args:
        command: The template.
        known: Names that have, or could have, a value.
    """
    names = frozenset(known)
    parts = _formatted(command, names)
    if parts is not None:
        return Braces(parts, True)
    return Braces(tuple(_literal(command, names)), False)


def _formatted(command: str, names: frozenset[str]) -> tuple[str | Field, ...] | None:
    """Return the parts as `str.format` sees them, None where it doesn't accept the command."""
    parts: list[str | Field] = []
    try:
        for text, name, spec, conversion in Formatter().parse(command):
            parts.append(text)
            if name is None:
                continue
            if name not in names or conversion not in (None, "s") or spec not in ("", "s"):
                return None
            parts.append(Field(name, f"{{{name}}}"))
    except ValueError:
        return None
    return tuple(parts)


def _literal(command: str, names: frozenset[str]) -> Iterator[str | Field]:
    last = 0
    for found in re.compile(_BRACES).finditer(command):
        part: str | Field | None
        if found["escaped"] is not None:
            part = f"${{{found['escaped']}}}"
        else:
            part = _field(command, found, names)
        if part is not None:
            yield command[last : found.start()]
            yield part
            last = found.end()
    yield command[last:]


def _field(command: str, found: re.Match[str], names: frozenset[str]) -> Field | None:
    inner = found["inner"]
    if command.endswith("$", 0, found.start()):
        return None
    if inner in names:
        return Field(inner, found[0])
    if re.compile(_IDENTIFIER).fullmatch(inner) and not _is_file_number(command, found):
        return Field(inner, found[0], is_known=False)
    formatted = re.compile(_FORMATTED).match(inner)
    if formatted is not None and formatted[0] in names:
        return Field(formatted[0], found[0], is_plain=False)
    return None


def single_braces(command: str, known: Collection[str]) -> Iterator[int]:
    """Yield the offsets of braces that belong to the command, and are single though.

    Doubled, they make `str.format` accept a command that it doesn't, and mean the same.

    Args:
        command: The template, one that is not read by the rules of `str.format`.
        known: Names that have, or could have, a value.
    """
    names = frozenset(known)
    last = 0
    for found in re.compile(_BRACES).finditer(command):
        field = None if found["escaped"] is not None else _field(command, found, names)
        is_placeholder = field is not None and field.is_known and field.is_plain
        if is_placeholder or found["escaped"] is not None:
            yield from _brace_offsets(command, last, found.start())
            last = found.end()
    yield from _brace_offsets(command, last, len(command))


def _brace_offsets(command: str, start: int, end: int) -> Iterator[int]:
    return (found.start() for found in re.compile("[{}]").finditer(command, start, end))


def _is_file_number(command: str, found: re.Match[str]) -> bool:
    """`exec {fd}>file`: bash puts the number into the variable."""
    is_redirected = command.startswith(("<", ">"), found.end())
    before = command[max(found.start() - 20, 0) : found.start()]
    return is_redirected and re.compile(_FILE_NUMBER).search(before) is not None
