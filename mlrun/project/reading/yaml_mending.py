"""Mends of texts that are no YAML, where only one thing can have been meant."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import yaml

from mlrun.errors import Edit

_LONGEST = 1 << 16
"""Characters of a text for which a mend is looked for; each try parses it whole."""

_WIDTHS = (2, 4, 8)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with all edits made; they do not overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def space_after(text: str, colon: int) -> tuple[Edit, ...]:
    """Return the edit that puts a space after a colon, none where the line makes no YAML then."""
    if len(text) > _LONGEST:
        return ()
    edits = (Edit(colon + 1, colon + 1, " "),)
    return edits if _readable_lines(apply_edits(text, edits)) > _readable_lines(text) else ()


def spaces_for_tabs(text: str, line: int) -> tuple[Edit, ...]:
    """Return the edits that indent with spaces, none where the width of a tab matters.

    Args:
        text: All of it.
        line: Where the line begins that a parser has refused for its tab. Lines that begin
            with a tab are changed likewise.
    """
    if len(text) > _LONGEST:
        return ()
    found: dict[str, tuple[Edit, ...]] = {}
    for width in _WIDTHS:
        edits = tuple(_indented(text, line, width))
        meaning = _meaning(apply_edits(text, edits))
        if meaning is not None:
            found.setdefault(meaning, edits)
    return found.popitem()[1] if len(found) == 1 else ()


def _indented(text: str, refused: int, width: int) -> Iterable[Edit]:
    for found in re.finditer(r"^[ \t]*\t[ \t]*", text, re.MULTILINE):
        if text[found.start()] == "\t" or found.start() == refused:
            yield Edit(found.start(), found.end(), found.group().expandtabs(width))


def _meaning(text: str) -> str | None:
    """Return what a text says to YAML, wherever it stands; None where it says nothing."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
        return yaml.serialize(root) if root is not None else None
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _readable_lines(text: str) -> float:
    """Return the number of the line where a parser gives up."""
    try:
        yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        return error.problem_mark.line if error.problem_mark is not None else 0
    except (yaml.YAMLError, RecursionError, ValueError):
        return 0
    return math.inf
