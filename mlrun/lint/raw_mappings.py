"""Mappings of a document as they are written, whatever else is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

import yaml


def pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the keys of a mapping that are texts, with their values; nothing of another node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), value
