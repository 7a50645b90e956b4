"""Continued lines: what YAML's folding and an indented block made of one command.

Bash runs each line on its own. A line that can be no command of its own, because it begins
with an option or an operator, belongs to the one before; so does a line after a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from mlrun.project.shell.frames import Break, Reading
from mlrun.project.shell.lexer import read
from mlrun.project.shell.reader import UnreadableError

_LINE = re.compile(r"[ \t\r]*\n[ \t\r\n]*")
_OPTION = re.compile(r"-[A-Za-z0-9-]")
_OPERATOR = re.compile(r"\||&&")
_PLACEHOLDER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_-]*\}")
_SHORT_OPTION = re.compile(r"(?:^|\s)-[A-Za-z]$")
_STRAY = re.compile(r"\\([ \t\r]+)(?=(-[A-Za-z-])?)")

_Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line after a newline that ends a command."""

    start: int
    end: int
    indent: int
    is_option: bool
    is_operator: bool
    is_placeholder: bool
    is_adjacent: bool


def join_lines(command: str) -> str:
    """Return a command with its continued lines joined, and nothing else changed.

    Here-documents, quoted newlines, loops and the lines of several commands stay.

    Args:
        command: As YAML gave it.
    """
    text = command.strip(" \t\r\n")
    if "\n" not in text and "\\" not in text:
        return text
    try:
        reading = read(text)
    except UnreadableError:
        return text
    edits = [*_backslashes(text, reading), *_line_breaks(text, reading)]
    return _edited(text, sorted(edits)).rstrip(" \t\r\n")


def _edited(text: str, edits: list[_Edit]) -> str:
    parts: list[str] = []
    last = 0
    for start, end, replacement in edits:
        if start < last:
            start, replacement = last, ""
        if end > last:
            parts += (text[last:start], replacement)
            last = end
    return "".join((*parts, text[last:]))


def _backslashes(text: str, reading: Reading) -> Iterator[_Edit]:
    """Yield the backslashes that stood at the end of a line, and don't any more."""
    for position in reading.escapes:
        line = _LINE.match(text, position + 1)
        if line is not None:
            yield position, line.end(), " "
        elif position + 1 == len(text) or _is_stray(text, position):
            yield position, position + 1, ""


def _is_stray(text: str, position: int) -> bool:
    r"""Return whether a backslash before a blank was the end of a line that YAML folded.

    A word that begins with a blank is hardly ever meant, `cut -d \  -f1` is: a blank as the
    whole word, with another one after it.
    """
    found = _STRAY.match(text, position)
    if found is None or (position and text[position - 1] not in " \t\r\n"):
        return False
    if len(found[1]) != 2:
        return True
    before = text[max(position - 40, 0) : position].rstrip()
    return found[2] is not None and not _SHORT_OPTION.search(before)


def _line_breaks(text: str, reading: Reading) -> Iterator[_Edit]:
    lines = [line for line in map(partial(_line_after, text), reading.breaks) if line]
    options_follow = _options_follow(lines)
    indent = 0
    for line, option_follows in zip(lines, options_follow, strict=True):
        is_argument = (
            line.is_adjacent and line.indent > indent and (line.is_placeholder or option_follows)
        )
        if line.is_option or line.is_operator or is_argument:
            yield line.start, line.end, " "
        else:
            indent = line.indent


def _line_after(text: str, found: Break) -> _Line | None:
    gap = _LINE.match(text, found.position)
    if gap is None or gap.end() == len(text):
        return None
    return _Line(
        # A comment would take what is joined to it.
        start=found.position if found.comment is None else found.comment,
        end=gap.end(),
        indent=len(gap[0]) - gap[0].rindex("\n") - 1,
        is_option=_OPTION.match(text, gap.end()) is not None,
        is_operator=_OPERATOR.match(text, gap.end()) is not None,
        is_placeholder=_PLACEHOLDER.match(text, gap.end()) is not None,
        is_adjacent=found.is_top and found.is_open and gap[0].count("\n") == 1,
    )


def _options_follow(lines: list[_Line]) -> list[bool]:
    """Return of each line whether one as much indented below it begins with an option."""
    found: list[bool] = []
    indents: set[int] = set()
    for line in reversed(lines):
        indents = {indent for indent in indents if indent <= line.indent}
        found.append(line.indent in indents)
        if line.is_option:
            indents.add(line.indent)
    return found[::-1]
