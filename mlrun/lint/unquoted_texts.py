"""Texts that YAML reads as something else (`on:`, `2020`), where MLflow needs a text.

mlrun takes such a scalar as it is written. MLflow (3.17, `mlflow.projects._project_spec`) has
`True` or a number in its place: it finds no entry point and no parameter of that name, and calls
methods of a text on a command, and on a default that it looks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from mlrun.errors import Edit, Problem
from mlrun.lint.raw_mappings import pairs
from mlrun.project.reading.nodes import Document, is_null, is_text, scalar, shown

_MERGE = "tag:yaml.org,2002:merge"
_LOOKED_FOR = frozenset({"path", "uri"})


def check_unquoted_texts(document: Document) -> Iterator[Problem]:
    """Yield the texts of a project file that MLflow does not read as texts."""
    for entry_point, body in _named(document.root, "entry_points"):
        yield from _about(document, entry_point, "the name of an entry point")
        command = dict(pairs(body)).get("command")
        if command is not None and not is_null(command):
            yield from _about(document, command, "a command")
        for parameter, declaration in _named(body, "parameters"):
            yield from _about(document, parameter, "the name of a parameter")
            yield from _about_default(document, dict(pairs(declaration)))


def _about_default(document: Document, keys: Mapping[str, yaml.Node]) -> Iterator[Problem]:
    kind, default = keys.get("type"), keys.get("default")
    if kind is None or scalar(kind) not in _LOOKED_FOR:
        return
    if not isinstance(default, yaml.ScalarNode) or is_null(default):
        return
    # In quotes 010 would be another value.
    is_same = document.python_text(default) == scalar(default)
    yield from _about(document, default, f"the default of a {scalar(kind)}", is_mended=is_same)


def _about(
    document: Document, node: yaml.Node, what: str, *, is_mended: bool = True
) -> Iterator[Problem]:
    if is_text(node) or not isinstance(node, yaml.ScalarNode):
        return
    yield Problem(
        f"MLflow needs a text as {what}, and to YAML {shown(node.value)} is none",
        document.locate(node),
        "put it in quotes",
        "mlflow-text",
        _quoted(document, node) if is_mended else (),
    )


def _quoted(document: Document, node: yaml.ScalarNode) -> tuple[Edit, ...]:
    """Return the edits that put quotes around a text."""
    start, end = node.start_mark.index, node.end_mark.index
    written = document.text[start:end]
    if written != node.value or "'" in written:
        return ()
    return (Edit(start, start, "'"), Edit(end, end, "'"))


def _named(node: yaml.Node | None, name: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """Yield what has names of its own below a key, with the nodes of the names."""
    below = dict(pairs(node)).get(name)
    for key, value in below.value if isinstance(below, yaml.MappingNode) else ():
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            yield key, value
