"""Reads a project file as what it says in texts, in one go and nothing more.

PyYAML's loaders make a node of each value, and then an object of each node, which takes seven times
as long: half a second where a project declares ten thousand parameters.
"""

from __future__ import annotations

import os

import yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_LARGEST = 1 << 20
_DEEPEST = 40
"""Levels of a file, as `mlrun.project.reading.nodes` has them: of many more, the parser crashes."""
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_document(path: str) -> Any:
    """Return what a file holds: mappings by texts, lists and texts, as they are written.

    Aliases give the very object that they name. None for what is no file, is empty, or nests as no
    honest file does.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no text.
        yaml.YAMLError: It is no YAML.
    """
    if not os.path.isfile(path):  # noqa: PTH113 - spares an import
        return None
    with open(path, "rb") as stream:
        text = stream.read(_LARGEST)
    return _built(yaml.parse(text, Loader=_LOADER))


def _built(events: Iterable[yaml.Event]) -> Any:
    anchors: dict[str, Any] = {}
    begun: list[tuple[list[Any], str | None]] = []
    values: list[Any] = []
    for event in events:
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value, anchor = event.value, event.anchor
        elif isinstance(event, yaml.AliasEvent):
            value, anchor = anchors.get(event.anchor or ""), None
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(begun) == _DEEPEST:
                return None
            begun.append((values, event.anchor))
            values = []
            continue
        elif isinstance(event, yaml.CollectionEndEvent):
            value = values if isinstance(event, yaml.SequenceEndEvent) else _mapping(values)
            values, anchor = begun.pop()
        elif isinstance(event, yaml.DocumentEndEvent):
            break
        else:
            continue
        values.append(value)
        if anchor:
            anchors[anchor] = value
    return values[0] if values else None


def _mapping(values: list[Any]) -> dict[str, Any]:
    pairs = zip(values[::2], values[1::2], strict=True)
    return {key: value for key, value in pairs if isinstance(key, str)}
