"""Where in the project file a part of a command stands; looked up only for a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from mlrun.errors import Location, ProjectError
from mlrun.project.reading.nodes import compose, location_at, read_text

if TYPE_CHECKING:
    from mlrun.project.command.template import Placeholder


class Written(NamedTuple):
    """A command as it stands in the project file.

    Attributes:
        text: Of the whole file.
        start: Offset of the command's value, with its quote or block indicator.
        end: Offset after it.
        value: What YAML makes of it.
        style: Its quote or block indicator; empty for plain text.
    """

    text: str
    start: int
    end: int
    value: str
    style: str

    @property
    def source(self) -> str:
        """The value, as it was written."""
        return self.text[self.start : self.end]

    def find(self, part: str, occurrence: int) -> int | None:
        """Return the offset of a part of the value, None where escapes or folds change it."""
        source = self.source
        if not part or source.count(part) != self.value.count(part):
            return None
        position = nth(source, part, occurrence)
        return None if position is None else self.start + position


def nth(text: str, part: str, occurrence: int) -> int | None:
    """Return where a part of a text begins, None where it is not there so often.

    Args:
        text: The text.
        part: The part.
        occurrence: How many of the same come before it.
    """
    before = text.split(part, occurrence + 1)[:-1]
    if len(before) <= occurrence:
        return None
    return sum(map(len, before)) + occurrence * len(part)


def written(location: Location, text: str | None = None) -> Written | None:
    """Read the text that begins at a place again, None where there is none.

    Args:
        location: Of the command, as the project's loading found it.
        text: What the file holds; None to read it.
    """
    if location.line is None or location.column is None:
        return None
    try:
        text = read_text(location.file) if text is None else text
        scalars = _scalars_by_place(text, location.file)
    except ProjectError:
        return None
    node = scalars.get((location.line, location.column))
    if node is None:
        return None
    return Written(
        text, node.start_mark.index, node.end_mark.index, str(node.value), node.style or ""
    )


@lru_cache(maxsize=1)
def _scalars_by_place(text: str, file: Path) -> dict[tuple[int, int], yaml.ScalarNode]:
    found = _scalars(compose(text, file), set())
    return {(node.start_mark.line + 1, node.start_mark.column + 1): node for node in found}


def _scalars(node: yaml.Node | None, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for child in node.value:
        for part in child if isinstance(child, tuple) else (child,):
            yield from _scalars(part, seen)


def place_of(location: Location, source: str, occurrence: int, text: str | None = None) -> Location:
    """Return where a part of a command stands.

    Args:
        location: Of the command.
        source: The part, as it is written.
        occurrence: How many of the same come before it in the command.
        text: What the file holds; None to read it.

    Returns:
        Its line and columns; the command's place where that cannot be told.
    """
    found = written(location, text)
    position = found.find(source, occurrence) if found is not None else None
    if found is None or position is None or "\n" in source:
        return location
    place = location_at(location.file, found.text, position)
    end = place.column + len(source) if place.column is not None else None
    return replace(location, line=place.line, column=place.column, end_column=end)


def place_among(
    pieces: Sequence[str | Placeholder],
    place: Placeholder,
    location: Location,
    text: str | None = None,
) -> Location:
    """Return where a placeholder of a command stands.

    Args:
        pieces: The command's.
        place: One of them, itself.
        location: Of the command.
        text: What the file holds; None to read it.
    """
    before: list[str] = []
    for piece in pieces:
        if piece is place:
            return place_of(location, place.source, "".join(before).count(place.source), text)
        before.append(piece if isinstance(piece, str) else piece.source)
    return location


def source_until(pieces: Sequence[str | Placeholder], offset: int) -> str:
    """Return a command as it is written, up to an offset of the text that is read.

    Args:
        pieces: The command's.
        offset: Where each placeholder counts as what stands for it.
    """
    parts: list[str] = []
    for piece in pieces:
        length = len(piece) if isinstance(piece, str) else len(piece.mark)
        if offset < length:
            parts.append(piece[:offset] if isinstance(piece, str) else "")
            break
        parts.append(piece if isinstance(piece, str) else piece.source)
        offset -= length
    return "".join(parts)
