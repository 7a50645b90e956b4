"""Places in a text from before some edits, for what was found after them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mlrun.errors import Edit, Problem
from mlrun.project.reading.nodes import location_at


def moved_back(problem: Problem, before: str, after: str, edits: Iterable[Edit]) -> Problem:
    """Return a problem of an edited text as one of the text that it was before.

    It has no edits of its own: they would be those of another text.

    Args:
        problem: What was found after the edits.
        before: The text without them.
        after: The text with them.
        edits: In any order; they do not overlap.
    """
    place = problem.location
    if place is None or place.line is None or place.column is None:
        return replace(problem, edits=())
    index = _index_before(_index(after, place.line, place.column), edits)
    old = location_at(place.file, before, index)
    end = place.end_column
    if end is not None and old.column is not None:
        end = old.column + end - place.column
    moved = replace(place, line=old.line, column=old.column, end_column=end)
    return replace(problem, location=moved, edits=())


def _index(text: str, line: int, column: int) -> int:
    above = text.splitlines(keepends=True)[: line - 1]
    return sum(len(each) for each in above) + column - 1


def _index_before(index: int, edits: Iterable[Edit]) -> int:
    shift = 0
    for edit in sorted(edits):
        if index < edit.start + shift:
            break
        if index < edit.start + shift + len(edit.text):
            return edit.start
        shift += len(edit.text) - (edit.end - edit.start)
    return index - shift
