"""`type` and `default` that stand beside the parameter that they are about, not below it."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from mlrun.errors import Edit, Problem
from mlrun.lint.raw_mappings import pairs
from mlrun.project.parameters.types import parse_type
from mlrun.project.reading.nodes import Document, is_null, scalar, shown

_OF_A_PARAMETER = ("type", "default", "description")


def misplaced_keys(document: Document) -> Iterator[Problem]:
    """Yield the first of such keys for each parameter, with what indents them all."""
    for _, entry_point in pairs(dict(pairs(document.root)).get("entry_points")):
        found = dict(pairs(entry_point))
        parameters, command = found.get("parameters"), found.get("command")
        if isinstance(parameters, yaml.MappingNode) and not parameters.flow_style:
            text = (scalar(command) if command is not None else None) or ""
            yield from _in_parameters(document, parameters, text)


def _in_parameters(
    document: Document, parameters: yaml.MappingNode, command: str
) -> Iterator[Problem]:
    owner: yaml.Node | None = None
    lost: list[tuple[yaml.Node, yaml.Node]] = []
    for key, value in (*parameters.value, (None, None)):
        if owner is not None and key is not None and _is_lost(key, value, command):
            lost.append((key, value))
            continue
        if owner is not None and lost:
            yield _problem(document, owner, lost)
        owner = key if key is not None and is_null(value) else None
        lost = []


def _is_lost(key: yaml.Node, value: yaml.Node, command: str) -> bool:
    name, text = key.value, scalar(value)
    if name not in _OF_A_PARAMETER or text is None or f"{{{name}}}" in command:
        return False
    return name != "type" or parse_type(text) is not None


def _problem(
    document: Document, owner: yaml.Node, lost: list[tuple[yaml.Node, yaml.Node]]
) -> Problem:
    keys = " and ".join(f"`{key.value}`" for key, _ in lost)
    verb = "stand" if len(lost) > 1 else "stands"
    lines = [start for key, value in lost for start in _lines(document.text, key, value)]
    return Problem(
        f"{keys} {verb} beside the parameter {shown(owner.value)}, not below it",
        document.locate(lost[0][0]),
        f"indent {'them' if len(lost) > 1 else 'it'} further than {shown(owner.value)}",
        "misplaced-key",
        tuple(Edit(start, start, "  ") for start in lines),
    )


def _lines(text: str, key: yaml.Node, value: yaml.Node) -> Iterator[int]:
    """Yield where the lines of a key and its value begin, without blank ones."""
    start = key.start_mark.index - key.start_mark.column
    for line in text[start : value.end_mark.index].splitlines(keepends=True):
        if line.strip():
            yield start
        start += len(line)
