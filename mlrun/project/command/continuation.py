"""Continued lines: what YAML's folding and an indented block made of one command.

Bash runs each line on its own. A line that can be no command of its own, because it begins
with an option or an operator, belongs to the one before; so does a line after a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mlrun.project.command.shell.frames import Break, Reading
from mlrun.project.command.shell.lexer import read
from mlrun.project.command.shell.reader import UnreadableError

_MOST_PASSES = 8
"""Joining may show a further line to join, behind a comment or a blank line: rarely a third."""

_BLANKS = " \t\r\n"
_LINE = r"[ \t\r]*\n[ \t\r\n]*"
_OPTION = r"-[A-Za-z0-9-]"
_OPERATOR = r"\||&&"
_PLACEHOLDER = r"\{[A-Za-z_][A-Za-z0-9_-]*\}"
_SHORT_OPTION = r"(?:^|\s)-[A-Za-z]$"
_STRAY = r"\\([ \t\r]+)(?=(-[A-Za-z-])?)"

_Edit = tuple[int, int, str]


class _Line(NamedTuple):
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
    text = command.strip(_BLANKS)
    for _ in range(_MOST_PASSES):
        joined = _joined(text)
        if joined == text:
            break
        text = joined
    return text


def continued_lines(command: str) -> list[int]:
    """Return where the lines begin that are joined to the one before, though no backslash says so.

    Args:
        command: As YAML gave it.

    Returns:
        Offsets of their first characters.
    """
    before = len(command) - len(command.lstrip(_BLANKS))
    text = command.strip(_BLANKS)
    try:
        reading = read(text)
    except UnreadableError:
        return []
    return [before + end for _, end, _ in _line_breaks(text, reading)]


def _joined(text: str) -> str:
    if "\n" not in text and "\\" not in text:
        return text
    try:
        reading = read(text)
    except UnreadableError:
        return text
    edits = [*_backslashes(text, reading), *_line_breaks(text, reading)]
    return _edited(text, sorted(edits)).strip(_BLANKS)


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
        line = re.compile(_LINE).match(text, position + 1)
        if line is not None:
            yield position, line.end(), " "
        elif position + 1 == len(text) or _is_stray(text, position):
            yield position, position + 1, ""


def _is_stray(text: str, position: int) -> bool:
    r"""Return whether a backslash before a blank was the end of a line that YAML folded.

    A word that begins with a blank is hardly ever meant, `cut -d \  -f1` is: a blank as the
    whole word, with another one after it.
    """
    found = re.compile(_STRAY).match(text, position)
    if found is None or (position and text[position - 1] not in " \t\r\n"):
        return False
    if len(found[1]) != 2:
        return True
    before = text[max(position - 40, 0) : position].rstrip()
    return found[2] is not None and not re.compile(_SHORT_OPTION).search(before)


def _line_breaks(text: str, reading: Reading) -> Iterator[_Edit]:
    starts = _starts(text, reading.breaks)
    pairs = zip(reading.breaks, starts, strict=True)
    lines = [line for found, start in pairs if (line := _line_after(text, found, start))]
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


def _starts(text: str, breaks: list[Break]) -> Iterator[int]:
    """Yield for each newline where what follows is joined: before comments, which would take it."""
    by_position: dict[int, int] = {}
    for found in breaks:
        start = found.position
        if found.comment is not None:
            start = found.comment
            before = _before_blanks(text, start)
            start = by_position.get(before, start)
        by_position[found.position] = start
        yield start


def _before_blanks(text: str, position: int) -> int:
    while position and text[position - 1] in " \t\r":
        position -= 1
    return position - 1


def _line_after(text: str, found: Break, start: int) -> _Line | None:
    gap = re.compile(_LINE).match(text, found.position)
    if gap is None or gap.end() == len(text):
        return None
    return _Line(
        start=start,
        end=gap.end(),
        indent=len(gap[0]) - gap[0].rindex("\n") - 1,
        is_option=re.compile(_OPTION).match(text, gap.end()) is not None,
        is_operator=re.compile(_OPERATOR).match(text, gap.end()) is not None,
        is_placeholder=re.compile(_PLACEHOLDER).match(text, gap.end()) is not None,
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
