"""The line that a problem is about, with a mark below the place, as a compiler shows it."""

from __future__ import annotations

import os
import sys
from bisect import bisect_left, bisect_right
from itertools import accumulate, islice

from mlrun.cli.narration import printable
from mlrun.cli.style import Style
from mlrun.errors import Location, Problem

_LONGEST_FILE = 1 << 20
"""Characters of a file that are looked through for a line."""
_NARROWEST = 40
_USUAL = 100
"""Columns where no terminal says how many it has."""
_AHEAD = 20
"""Characters that stay visible before the place, where the line is too long for the screen."""


def excerpt(
    problem: Problem, text: str | None = None, *, style: Style | None = None, indent: int = 0
) -> list[str]:
    """Return the lines that show a problem's place; none where it has none that can be shown.

    Args:
        problem: What is wrong, and where.
        text: What the file holds; None to read it.
        style: How it is coloured; not at all if None.
        indent: The columns of the terminal that the caller puts before each line.
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
    margin = " " * len(str(place.line))
    width = max(_width() - indent, _NARROWEST) - len(margin) - len(" | ")
    shown, gap, marked = _cut(*_masked(line, start, max(end, start + 1)), width)
    mark = " " * gap + "^" + "~" * (marked - 1)
    return [
        f"{style.faint(f'{place.line} |')} {shown}",
        f"{style.faint(f'{margin} |')} {style.mark(mark)}",
    ]


def _line(place: Location, text: str | None) -> str | None:
    """Return the line, without its end."""
    assert place.line is not None
    if place.source_line is not None:
        return place.source_line.rstrip("\r\n")
    if text is not None:
        return next(islice(text.splitlines(), place.line - 1, None), None)
    if place.of is not None:
        return None
    try:
        with place.file.open(encoding="utf-8-sig", errors="replace") as stream:
            return next(islice(stream.read(_LONGEST_FILE).splitlines(), place.line - 1, None), None)
    except OSError:
        return None


def _masked(line: str, start: int, end: int) -> tuple[str, int, int]:
    """Return a line without credentials, and where the place is in that."""
    from mlrun.execution.redact import mask_text

    line = line.replace("\t", " ")
    masked = mask_text(line)
    if masked == line:
        return line, start, end
    before, after = mask_text(line[:start]), mask_text(line[end:])
    differing = (i for i, (a, b) in enumerate(zip(line, masked, strict=False)) if a != b)
    first = len(before) if masked.startswith(before) else next(differing, len(masked))
    last = len(masked) - len(after) if masked.endswith(after) else first + 1
    return masked, first, max(last, first + 1)


def _cut(line: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """Return as much of a line as fits, the columns before the place, and those below it."""
    cells = [printable(letter) for letter in line]
    edges = [0, *accumulate(_columns(cell) for cell in cells)]
    first, last = 0, len(cells)
    if edges[-1] > width:
        at = edges[min(start, last)]
        left = min(at - _AHEAD, edges[-1] - width) if at > width - _AHEAD else 0
        # Not at a letter without a column of its own: the sign that stands there has one.
        first = bisect_right(edges, edges[bisect_left(edges, left)]) - 1 if left > 0 else 0
        last = max(bisect_right(edges, edges[first] + width) - 1, first + 1)
        if first:
            cells[first] = "…"
        if last < len(cells):
            last = max(bisect_right(edges, edges[first] + width - 1) - 1, first + 1)
            cells[last] = "…"
            last += 1
    shown = cells[first:last]
    gap = sum(map(_columns, shown[: start - first]))
    return "".join(shown), gap, max(sum(map(_columns, shown[start - first : end - first])), 1)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(letter) in ("Mn", "Me") else 2 if east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _width() -> int:
    """Return the columns of the terminal that is written to."""
    for stream in (sys.__stderr__, sys.__stdout__):
        try:
            columns = os.get_terminal_size(stream.fileno()).columns if stream else 0
        except (OSError, ValueError):
            continue
        return columns or _USUAL
    return _USUAL
