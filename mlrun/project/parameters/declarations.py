"""The parameters that an entry point declares, in all the forms that real files use."""

from __future__ import annotations

import re

import yaml

from mlrun.errors import Edit
from mlrun.project.model import Parameter
from mlrun.project.parameters.types import ParameterType, parse_type, suggest_type
from mlrun.project.reading.keys import sort_keys
from mlrun.project.reading.nodes import Document, Entry, describe, is_null, is_text, scalar, shown

_PLAIN_KEYS = frozenset({"type", "default", "description"})
_CONSTRAINTS = ("choices", "min", "max", "pattern", "optional", "flag", "secret", "exists")
_KEYS = (*sorted(_PLAIN_KEYS, reverse=True), *_CONSTRAINTS)
_KNOWN_TYPES = "known types: " + ", ".join(kind.value for kind in ParameterType)
# Compiled where a file needs them: few do.
_FUSED = rf"(?s:(?P<key>{'|'.join(_KEYS)})(?P<gap>\s*[:=]\s*|\s+)(?P<value>\S.*))"
_FUSED_WORD = r"(type|default)[:=]\S+"
_NULL = "tag:yaml.org,2002:null"
_OTHERS_KEYS = {
    "options": "choices", "enum": "choices", "values": "choices", "allowed": "choices",
    "minimum": "min", "maximum": "max", "regex": "pattern", "help": "description",
    "required": "optional",
}  # fmt: skip
"""What other tools call the same, which must not be taken for a slip (`options` for `optional`)."""


def read_parameters(document: Document, entry: Entry | None) -> dict[str, Parameter]:
    """Return what stands under `parameters`, by name; none where it is empty.

    Raises:
        ProjectError: Its form is wrong.
    """
    if entry is None:
        return {}
    if is_null(entry.value):
        document.remark(
            entry.key,
            "MLflow cannot read a file in which `parameters` is empty",
            "write `parameters: {}`, or leave it out",
            rule="mlflow-empty",
            edits=_filled(document, entry, "{}"),
        )
        return {}
    shape = "write `NAME: TYPE` or `NAME: {type: TYPE, default: VALUE}`, without dashes"
    entries = document.entries(entry.value, "`parameters`", shape)
    parameters: dict[str, Parameter] = {}
    for name, found in entries.items():
        with document.sparing():
            # It stays declared where reading goes on, so that its placeholder is no finding.
            parameters[name] = _undescribed(document, name, found)
            parameters[name] = _parameter(document, name, found)
    if any(parameter.secret for parameter in parameters.values()):
        from mlrun.project.parameters.constraint_declarations import refuse_shared_variables

        refuse_shared_variables(document, parameters, entries)
    return parameters


def _undescribed(document: Document, name: str, entry: Entry) -> Parameter:
    return Parameter(name, ParameterType.STRING, None, document.locate(entry.key))


def _parameter(document: Document, name: str, entry: Entry) -> Parameter:
    place = document.locate(entry.key)
    if is_null(entry.value):
        document.remark(
            entry.key,
            f"MLflow cannot read a file in which the parameter {shown(name)} is empty",
            f"write `{name}: string`",
            rule="mlflow-empty",
            edits=_filled(document, entry, "string"),
        )
        return _undescribed(document, name, entry)
    if is_text(entry.value):
        pieces = _fused_pieces(document, entry.value)
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
        rule="bare-default",
        edits=_wrapped(document, entry.value),
    )
    default = document.python_text(entry.value)
    place = document.locate(entry.key)
    return Parameter(name, ParameterType.STRING, default, place, document.locate(entry.value))


def _from_entries(
    document: Document, name: str, entry: Entry, entries: dict[str, Entry]
) -> Parameter:
    own = _without_others(document, _parted(document, entries))
    keys = sort_keys(document, own, _KEYS, "a parameter", forgiving=_KEYS)
    # Nothing else can be meant by `defulat`, and without it there would be no value.
    meant = {**keys.misspelt, **keys.found}
    kind, default = meant.get("type"), meant.get("default")
    description = meant.get("description")
    parameter = Parameter(
        name=name,
        type=_type(document, kind.value) if kind is not None else ParameterType.STRING,
        default=document.python_text(default.value) if default is not None else None,
        location=document.locate(entry.key),
        default_location=document.locate(default.value) if default is not None else None,
        description=scalar(description.value) if description is not None else None,
        optional=default is not None and _says_null(document, name, default),
    )
    if meant.keys() <= _PLAIN_KEYS:
        return parameter
    from mlrun.project.parameters.constraint_declarations import constrained

    return constrained(document, parameter, meant)


def _says_null(document: Document, name: str, default: Entry) -> bool:
    """Return whether a default is null in so many words, which asks for no value at all."""
    if not is_null(default.value):
        return False
    if default.value.value:
        return True
    document.lint(
        default.key,
        f"the `default` of {shown(name)} is empty, so that a value must be given",
        "remove it; or write '' for an empty text, or null where the argument is left out",
        rule="empty-default",
    )
    return False


def _without_others(document: Document, entries: dict[str, Entry]) -> dict[str, Entry]:
    """Leave out what other tools would understand."""
    own = {key: entry for key, entry in entries.items() if key not in _OTHERS_KEYS}
    for key in entries.keys() - own.keys():
        message = f"{shown(key)} is not a key of a parameter"
        hint = f"did you mean `{_OTHERS_KEYS[key]}`?"
        document.lint(entries[key].key, message, hint, rule="unknown-key")
    return own


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
        rule="unknown-type",
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
            rule="missing-space",
            edits=_spaced(document, entry.key),
        )
    return parted


def _part(node: yaml.ScalarNode, text: str) -> tuple[str, yaml.ScalarNode] | None:
    fused = re.fullmatch(_FUSED, text)
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


def _fused_pieces(document: Document, node: yaml.Node) -> dict[str, Entry] | None:
    """Part `type:float default:0.1`, which YAML takes for one text over two lines."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    pieces = str(node.value).split()
    if not pieces or not all(map(_is_fused, pieces)):
        return None
    places = _places(document, node, len(pieces))
    keys = [
        yaml.ScalarNode(node.tag, piece, *place)
        for piece, place in zip(pieces, places, strict=True)
    ]
    return {
        str(key.value): Entry(key, yaml.ScalarNode(_NULL, "", key.end_mark, key.end_mark))
        for key in keys
    }


def _is_fused(word: str) -> bool:
    return word.startswith(("type", "default")) and re.fullmatch(_FUSED_WORD, word) is not None


def _places(
    document: Document, node: yaml.ScalarNode, count: int
) -> list[tuple[yaml.Mark, yaml.Mark]]:
    """Return where the words of a text stand: each where the text is written line by line."""
    start, end = node.start_mark, node.end_mark
    line_start = start.index - start.column
    lines = document.text[line_start : end.index].split("\n")
    if node.style or len(lines) != count or any(len(line.split()) != 1 for line in lines):
        return [(start, end)] * count
    places = []
    for number, line in enumerate(lines):
        columns = len(line) - len(line.lstrip()), len(line.rstrip())
        first, last = (_mark(start.line + number, column, line_start) for column in columns)
        places.append((first, last))
        line_start += len(line) + 1
    return places


def _mark(line: int, column: int, line_start: int) -> yaml.Mark:
    return yaml.Mark("", line_start + column, line, column, None, 0)


def _spaced(document: Document, node: yaml.ScalarNode) -> tuple[Edit, ...]:
    """Return the edit that puts a colon and a space between a key and its value."""
    start, end = node.start_mark.index, node.end_mark.index
    fused = re.fullmatch(_FUSED, node.value)
    if fused is None or document.text[start:end] != node.value:
        return ()
    return (Edit(start + fused.start("gap"), start + fused.end("gap"), ": "),)


def _filled(document: Document, entry: Entry, text: str) -> tuple[Edit, ...]:
    """Return the edit that puts a text where a key has no value."""
    start, end = entry.value.start_mark.index, entry.value.end_mark.index
    if start < end:
        return (Edit(start, end, text),)
    colon = entry.key.end_mark.index
    is_next = document.text[colon : colon + 1] == ":"
    return (Edit(colon + 1, colon + 1, f" {text}"),) if is_next else ()


def _wrapped(document: Document, node: yaml.Node) -> tuple[Edit, ...]:
    """Return the edits that put a value into a mapping, as the default."""
    start, end = node.start_mark.index, node.end_mark.index
    written = document.text[start:end]
    if written != scalar(node):
        return ()
    return (Edit(start, start, "{default: "), Edit(end, end, "}"))
