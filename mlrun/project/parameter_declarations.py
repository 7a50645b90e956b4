"""The parameters that an entry point declares, in all the forms that real files use."""

from __future__ import annotations

import re

import yaml

from mlrun.project.keys import sort_keys
from mlrun.project.model import Parameter
from mlrun.project.types import ParameterType, parse_type, suggest_type
from mlrun.project.yaml_nodes import Document, Entry, describe, is_null, is_text, scalar, shown

_KEYS = ("type", "default", "description")
_KNOWN_TYPES = "known types: " + ", ".join(kind.value for kind in ParameterType)
_FUSED = re.compile(r"(?P<key>type|default|description)\s*(?:[:=]\s*|\s)(?P<value>\S.*)", re.DOTALL)


def read_parameters(document: Document, entry: Entry | None) -> dict[str, Parameter]:
    """Return what stands under `parameters`, by name; none where it is empty.

    Raises:
        ProjectError: Its form is wrong.
    """
    if entry is None or is_null(entry.value):
        return {}
    shape = "write `NAME: TYPE` or `NAME: {type: TYPE, default: VALUE}`, without dashes"
    entries = document.entries(entry.value, "`parameters`", shape)
    return {name: _parameter(document, name, found) for name, found in entries.items()}


def _parameter(document: Document, name: str, entry: Entry) -> Parameter:
    place = document.locate(entry.key)
    if is_null(entry.value):
        return Parameter(name, ParameterType.STRING, None, place)
    if is_text(entry.value):
        pieces = _fused_pieces(entry.value)
        if pieces is None:
            return Parameter(name, _type(document, entry.value), None, place)
        return _from_entries(document, name, entry, pieces)
    if isinstance(entry.value, yaml.ScalarNode):
        return _default_alone(document, name, entry)
    shape = f"write `{name}: TYPE` or `{name}: {{type: TYPE, default: VALUE}}`"
    entries = document.entries(entry.value, f"the parameter {shown(name)}", shape)
    return _from_entries(document, name, entry, entries)


def _default_alone(document: Document, name: str, entry: Entry) -> Parameter:
    """`alpha: 0.5`, which can only be a default, and which MLflow does not take."""
    document.lint(
        entry.value,
        f"{describe(entry.value)} is taken to be the default of {shown(name)}",
        f"write `{name}: {{default: {scalar(entry.value)}}}`; MLflow refuses the short form",
    )
    default = document.python_text(entry.value)
    place = document.locate(entry.key)
    return Parameter(name, ParameterType.STRING, default, place, document.locate(entry.value))


def _from_entries(
    document: Document, name: str, entry: Entry, entries: dict[str, Entry]
) -> Parameter:
    parted = _parted(document, entries)
    keys = sort_keys(document, parted, _KEYS, "a parameter", forgiving=_KEYS)
    # Nothing else can be meant by `defulat`, and without it there would be no value.
    meant = {**keys.misspelt, **keys.found}
    kind, default = meant.get("type"), meant.get("default")
    description = meant.get("description")
    return Parameter(
        name=name,
        type=_type(document, kind.value) if kind is not None else ParameterType.STRING,
        default=document.python_text(default.value) if default is not None else None,
        location=document.locate(entry.key),
        default_location=document.locate(default.value) if default is not None else None,
        description=scalar(description.value) if description is not None else None,
    )


def _type(document: Document, node: yaml.Node) -> ParameterType:
    """Return a type; one that is not known accepts any text, as all types but two do in MLflow."""
    if is_null(node):
        return ParameterType.STRING
    text = scalar(node)
    known = parse_type(text) if text is not None else None
    if known is not None:
        return known
    near = suggest_type(text) if text is not None else None
    document.lint(
        node,
        f"the type {describe(node)} is not known, so any text is accepted",
        f"did you mean `{near}`?" if near else _KNOWN_TYPES,
    )
    return ParameterType.STRING


def _parted(document: Document, entries: dict[str, Entry]) -> dict[str, Entry]:
    """Part what a missing space has joined: `{type:float, default:0.1}` has two null keys."""
    parted: dict[str, Entry] = {}
    for key, entry in entries.items():
        pair = _part(entry.key, key) if is_null(entry.value) and key not in _KEYS else None
        if pair is None or pair[0] in entries or pair[0] in parted:
            parted.setdefault(key, entry)
            continue
        name, value = pair
        parted[name] = Entry(entry.key, value)
        document.lint(
            entry.key,
            f"{shown(key)} is taken to mean `{name}: {value.value}`",
            "write a colon and a space; MLflow takes it for a key without a value",
        )
    return parted


def _part(node: yaml.ScalarNode, text: str) -> tuple[str, yaml.ScalarNode] | None:
    fused = _FUSED.fullmatch(text)
    if fused is None:
        return None
    try:
        value = yaml.compose(fused["value"], Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    if not isinstance(value, yaml.ScalarNode):
        return None
    place = yaml.ScalarNode(value.tag, value.value, node.start_mark, node.end_mark)
    return fused["key"], place


def _fused_pieces(node: yaml.Node) -> dict[str, Entry] | None:
    """Part `type:float default:0.1`, which YAML takes for one text over two lines."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    pieces = str(node.value).split()
    if not pieces or not all(re.match(r"(type|default)[:=]\S", piece) for piece in pieces):
        return None
    nothing = yaml.ScalarNode("tag:yaml.org,2002:null", "", node.start_mark, node.end_mark)
    keys = [yaml.ScalarNode(node.tag, piece, node.start_mark, node.end_mark) for piece in pieces]
    return {str(key.value): Entry(key, nothing) for key in keys}
