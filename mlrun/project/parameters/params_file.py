"""The parameter file: values by name, in YAML or JSON, each as the text that was written."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlrun.errors import Location, ProjectError

if TYPE_CHECKING:
    import yaml

    from mlrun.project.reading.nodes import Document

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9][0-9a-fA-FxXoObB_]*")
_BOOLS = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}


class FileValue(NamedTuple):
    """One value of a parameter file.

    Attributes:
        text: As written (`0.10` stays `0.10`); a list or mapping as JSON, with its numbers
            as written where JSON knows their form; empty for null.
        location: Of the value.
        is_null: Whether the file says null.
    """

    text: str
    location: Location
    is_null: bool = False


class _Number(str):
    """A number of a JSON file, as written."""

    __slots__ = ()


def read_params_file(
    file: Path, what: str = "a parameter file", *, with_null: bool = False
) -> dict[str, FileValue]:
    """Read a parameter file: a mapping from names to values.

    A name with the value null has no value: a weaker source (the default) gives one. It is a
    value only to whoever asks for it.

    Args:
        file: JSON if its name ends so, otherwise YAML.
        what: What it is, for messages.
        with_null: Whether names with the value null are among those returned.

    Raises:
        ProjectError: It cannot be read, or is no mapping with each name once.
    """
    is_json = file.suffix.lower() == ".json"
    found = _from_json(file) if is_json else _from_yaml(file, what)
    return {name: value for name, value in found.items() if with_null or not value.is_null}


def _from_yaml(file: Path, what: str) -> dict[str, FileValue]:
    from mlrun.project.reading.nodes import is_null, read_document, scalar

    document = read_document(file)
    if document.root is None or is_null(document.root):
        return {}
    entries = document.entries(document.root, what, "write one `NAME: VALUE` a line")
    found = {}
    for name, entry in entries.items():
        node = entry.value
        text = "" if is_null(node) else scalar(node)
        if text is None:
            text = _collection(node, document)
        found[name] = FileValue(text, document.locate(node), is_null(node))
    return found


def _collection(node: yaml.Node, document: Document) -> str:
    """Return a node as JSON. It is written from the nodes: loading would rewrite numbers."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return "[" + ", ".join(_collection(item, document) for item in node.value) + "]"
    pairs = (
        f"{_dumped(name)}: {_collection(entry.value, document)}"
        for name, entry in document.entries(node, "a value").items()
    )
    return "{" + ", ".join(pairs) + "}"


def _scalar(node: yaml.ScalarNode) -> str:
    text = str(node.value)
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return "null"
    if kind == "bool":
        return _BOOLS.get(text.lower()) or _dumped(text)
    if not node.style and _JSON_NUMBER.fullmatch(text):
        return text
    return _number(text) if kind in ("int", "float") else _dumped(text)


def _number(text: str) -> str:
    """Return a number of YAML's in JSON's form; as text where Python reads it otherwise."""
    is_whole = _WHOLE.fullmatch(text) is not None
    try:
        if is_whole:
            return _dumped(int(text, 0))
        return _dumped(float(text.lower().replace(".inf", "inf").replace(".nan", "nan")))
    except ValueError:
        return _dumped(text)


def _from_json(file: Path) -> dict[str, FileValue]:
    from mlrun.project.reading.nodes import read_text

    text = read_text(file)
    try:
        values = json.loads(
            text,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
            object_pairs_hook=lambda pairs: _unique(pairs, file),
        )
    except json.JSONDecodeError as error:
        place = Location(file, error.lineno, error.colno)
        hint = "texts stand in double quotes, and no comma before a closing bracket"
        raise ProjectError(f"this is not JSON: {error.msg}", location=place, hint=hint) from None
    except RecursionError:
        raise ProjectError("this is nested too deeply", location=Location(file)) from None
    if not isinstance(values, dict):
        raise ProjectError(
            "a parameter file must be a mapping from names to values", location=Location(file)
        )
    places = _json_places(text, file)
    return {
        name: FileValue("" if value is None else _json_text(value), places[name], value is None)
        for name, value in values.items()
    }


def _json_places(text: str, file: Path) -> dict[str, Location]:
    """Return where each value of a JSON object stands, which `json` reads and does not tell."""
    from mlrun.project.reading.nodes import location_at

    decoder = json.JSONDecoder()
    # A file of one line holds all values in it: a secret among them must not be shown.
    source_line = None if "\n" in text.strip() else ""
    places = {}
    index = _after_blanks(text, text.index("{") + 1)
    while text[index] != "}":
        name, index = decoder.raw_decode(text, index)
        start = _after_blanks(text, _after_blanks(text, index) + len(":"))
        _, end = decoder.raw_decode(text, start)
        place = location_at(file, text, start)
        is_one_line = "\n" not in text[start:end] and place.column is not None
        last = (place.column or 0) + end - start if is_one_line else None
        places[name] = replace(place, end_column=last, source_line=source_line)
        index = _after_blanks(text, end)
        if text[index] == ",":
            index = _after_blanks(text, index + 1)
    return places


def _after_blanks(text: str, index: int) -> int:
    while text[index] in " \t\r\n":
        index += 1
    return index


def _json_text(value: Any) -> str:
    """Return a value as the command gets it: text bare, all else as JSON writes it."""
    return value if isinstance(value, str) else _nested(value)


def _nested(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k, ensure_ascii=False)}: {_nested(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_nested, value)) + "]"
    return _dumped(value)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _unique(pairs: list[tuple[str, Any]], file: Path) -> dict[str, Any]:
    unique: dict[str, Any] = {}
    for name, value in pairs:
        if name in unique:
            raise ProjectError(f"the key '{name}' is given twice", location=Location(file))
        unique[name] = value
    return unique
