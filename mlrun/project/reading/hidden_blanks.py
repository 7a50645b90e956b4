"""Blanks that YAML takes for letters: a page of the web or a text processor has left them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from mlrun.errors import Edit, ProjectError
from mlrun.project.reading.yaml_mending import apply_edits

HIDDEN = "\u00a0\u2007\u202f\u3000\u200b\ufeff"
"""No-break, figure and ideographic spaces, and those without a width."""

_NO_WIDTH = "\u200b\ufeff"
_INDENTATION = re.compile(rf"^[ ]*[{HIDDEN}][ {HIDDEN}]*", re.MULTILINE)


def refuse_hidden_blanks(root: yaml.Node, text: str, file: Path) -> None:
    """Refuse a key that begins with such a blank: it is not indented, and another key.

    Args:
        root: The top node of the text.
        text: What was read.
        file: Where it is from.

    Raises:
        ProjectError: There is one.
    """
    key = next((k for k in _keys(root, set()) if _is_indented(k.value)), None)
    if key is None:
        return
    from mlrun.project.reading.nodes import location_at

    raise ProjectError(
        f"the blank before {key.value.strip(HIDDEN + ' ')!r} is U+{ord(key.value[0]):04X}, which"
        " YAML takes for a letter",
        location=location_at(file, text, key.start_mark.index),
        hint="indent with plain spaces",
        rule="yaml-indentation",
        edits=_plain_blanks(text),
    )


def _is_indented(key: str) -> bool:
    return key[:1] in HIDDEN and key.strip(f"{HIDDEN} ") != ""


def _keys(node: yaml.Node, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode) or id(node) in seen:
        return
    seen.add(id(node))
    for child in node.value:
        if not isinstance(child, tuple):
            yield from _keys(child, seen)
            continue
        key, value = child
        if isinstance(key, yaml.ScalarNode) and not key.style:
            yield key
        yield from _keys(value, seen)


def _plain_blanks(text: str) -> tuple[Edit, ...]:
    """Return the edits that indent all lines with spaces, none where that makes no YAML."""
    edits = tuple(
        Edit(found.start(), found.end(), _spaces(found.group()))
        for found in _INDENTATION.finditer(text)
    )
    try:
        yaml.compose(apply_edits(text, edits), Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return ()
    return edits


def _spaces(blanks: str) -> str:
    return " " * sum(blank not in _NO_WIDTH for blank in blanks)
