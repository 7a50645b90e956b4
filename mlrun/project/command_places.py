"""Where in the project file a part of a command stands; looked up only for a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import yaml

from mlrun.errors import Location, ProjectError
from mlrun.project.yaml_nodes import compose, location_at, read_text

if TYPE_CHECKING:
    from mlrun.project.command import Placeholder


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
        position = -1
        for _ in range(occurrence + 1):
            position = source.find(part, position + 1 if position < 0 else position + len(part))
            if position < 0:
                return None
        return self.start + position


def written(location: Location) -> Written | None:
    """Read the text that begins at a place again, None where there is none.

    Args:
        location: Of the command, as the project's loading found it.
    """
    if location.line is None or location.column is None:
        return None
    try:
        text = read_text(location.file)
        root = compose(text, location.file)
    except ProjectError:
        return None
    for node in _scalars(root, set()):
        mark = node.start_mark
        if (mark.line + 1, mark.column + 1) == (location.line, location.column):
            return Written(text, mark.index, node.end_mark.index, node.value, node.style or "")
    return None


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


def place_of(location: Location, source: str, occurrence: int) -> Location:
    """Return where a part of a command stands.

    Args:
        location: Of the command.
        source: The part, as it is written.
        occurrence: How many of the same come before it in the command.

    Returns:
        Its line and columns; the command's place where that cannot be told.
    """
    found = written(location)
    position = found.find(source, occurrence) if found is not None else None
    if found is None or position is None or "\n" in source:
        return location
    place = location_at(location.file, found.text, position)
    end = place.column + len(source) if place.column is not None else None
    return replace(location, line=place.line, column=place.column, end_column=end)


def place_among(
    pieces: Sequence[str | Placeholder], place: Placeholder, location: Location
) -> Location:
    """Return where a placeholder of a command stands.

    Args:
        pieces: The command's.
        place: One of them, itself.
        location: Of the command.
    """
    before: list[str] = []
    for piece in pieces:
        if piece is place:
            return place_of(location, place.source, "".join(before).count(place.source))
        before.append(piece if isinstance(piece, str) else piece.source)
    return location
