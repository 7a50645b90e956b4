"""The line that a problem is about, with a mark below the place, as a compiler shows it."""

from __future__ import annotations

import os
import sys
from itertools import islice

from mlrun.cli.narration import printable
from mlrun.cli.style import Style
from mlrun.errors import Location, Problem

_LONGEST_FILE = 1 << 20
"""Characters of a file that are looked through for a line."""
_NARROWEST = 40
_AHEAD = 20
"""Characters that stay visible before the place, where the line is too long for the screen."""


def excerpt(problem: Problem, text: str | None = None, *, style: Style | None = None) -> list[str]:
    """Return the lines that show a problem's place; none where it has none that can be shown.

    Args:
        problem: What is wrong, and where.
        text: What the file holds; None to read it.
        style: How it is coloured; not at all if None.
    """
    place = problem.location
    if place is None or place.line is None or place.column is None:
        return []
    line = _line(place, text)
    if line is None or not line.strip():
        return []
    style = style or Style(is_coloured=False)
    start = min(place.column - 1, len(line))
    end = min(max(place.end_column or place.column + 1, place.column + 1) - 1, max(len(line), 1))
    shown, start, end = _cut(line, start, max(end, start + 1), _width() - len(str(place.line)) - 3)
    before, marked = _masked(shown[:start]), _masked(shown[start:end])
    margin = " " * len(str(place.line))
    mark = " " * _columns(before) + "^" + "~" * max(_columns(marked) - 1, 0)
    return [
        f"{style.faint(f'{place.line} |')} {_masked(shown)}",
        f"{style.faint(f'{margin} |')} {style.mark(mark)}",
    ]


def _line(place: Location, text: str | None) -> str | None:
    """Return the line, without its end."""
    assert place.line is not None
    if text is not None:
        return next(islice(text.splitlines(), place.line - 1, None), None)
    if place.source_line is not None:
        return place.source_line.rstrip("\r\n")
    if place.of is not None:
        return None
    try:
        with place.file.open(encoding="utf-8-sig", errors="replace") as stream:
            return next(islice(stream.read(_LONGEST_FILE).splitlines(), place.line - 1, None), None)
    except OSError:
        return None


def _cut(line: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """Return as much of a line as fits, and where the place is in that."""
    if len(line) <= width:
        return line, start, end
    first = max(0, min(start - _AHEAD, len(line) - width)) if start > width - _AHEAD else 0
    shown = line[first : first + width]
    if first:
        shown = "…" + shown[1:]
    if first + width < len(line):
        shown = shown[:-1] + "…"
    return shown, start - first, min(end - first, width)


def _masked(text: str) -> str:
    """Return a text that may be shown, as it is seen on a terminal."""
    from mlrun.execution.redact import mask_text

    return printable(mask_text(text.replace("\t", " ")))


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )


def _width() -> int:
    """Return the columns of the terminal that errors go to."""
    try:
        width = os.get_terminal_size(sys.__stderr__.fileno() if sys.__stderr__ else 2).columns
    except (OSError, ValueError):
        width = 0
    return max(width or 100, _NARROWEST)
