"""What mlrun reads of a Python environment and MLflow does not, told where all is looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml

from mlrun.errors import Edit
from mlrun.project.environments.remarks import joined, rewritten
from mlrun.project.reading.nodes import Document, Entry, is_null, is_text, shown

_LISTS = ("build_dependencies", "dependencies")
_PLAIN_VERSION = re.compile(r"\d+(?:\.\d+){0,2}")
_RANGE = re.compile(r"\s*[<>~!]")
_ITEM = re.compile(r"(?P<indent>[ ]*)-(?P<gap>[ ]+)pip[ ]*:[ ]*")


def remark_on_form(
    document: Document, node: yaml.Node, found: Mapping[str, Entry], python: str | None
) -> None:
    """Look at the forms of what a Python environment says.

    Args:
        document: Where it is from.
        node: The mapping.
        found: Its entries.
        python: The version that was made out.
    """
    if "python" in found and python is not None:
        _remark_on_version(document, found["python"].value, python)
    elif python is None and ("python" not in found or is_null(found["python"].value)):
        place = found["python"].value if "python" in found else node
        document.remark(
            place,
            "no version of Python is named",
            "write, say, `python: '3.11'`; otherwise it is the one that mlrun runs on",
            rule="unpinned-python",
        )
    for key in _LISTS:
        if key in found and not is_null(found[key].value):
            _remark_on_list(document, key, found[key].value)


def _remark_on_version(document: Document, node: yaml.Node, python: str) -> None:
    if not isinstance(node, yaml.ScalarNode):
        return
    written = str(node.value)
    if not is_text(node):
        document.remark(
            node,
            f"the version {written} is a number to YAML, which MLflow refuses",
            f"write '{written}' in quotes",
            rule="unquoted-python-version",
            edits=rewritten(node, written) if _PLAIN_VERSION.fullmatch(written) else (),
        )
    elif _PLAIN_VERSION.fullmatch(written.strip()) is None and _RANGE.match(written) is None:
        document.remark(
            node,
            f"{shown(written)} is read as Python {python}, and MLflow looks for a version alone",
            f"write '{python}'",
            rule="odd-python-version",
            edits=rewritten(node, python),
        )


def _remark_on_list(document: Document, key: str, node: yaml.Node) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.MappingNode) and item.value:
                _remark_on_item(document, item)
        return
    what = "a mapping" if isinstance(node, yaml.MappingNode) else "one text"
    document.remark(
        node,
        f"`{key}` is {what}, where MLflow takes a list only",
        "write each requirement as an item: `- numpy==2.1.0`",
        rule="requirements-no-list",
        edits=tuple(_as_items(node)),
    )


def _as_items(node: yaml.Node) -> Iterator[Edit]:
    """Yield the edits that make requirements of the lines of a block mapping."""
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        return
    edits = [edit for pair in node.value for edit in _as_requirement(*pair)]
    if len(edits) == len(node.value):
        yield from (Edit(edit.start, edit.end, f"- {edit.text}") for edit in edits)


def _as_requirement(key: yaml.Node, value: yaml.Node) -> tuple[Edit, ...]:
    version = str(value.value) if isinstance(value, yaml.ScalarNode) else ""
    sign = "" if is_null(value) or not version or version[0] in "=<>~!" else "=="
    return joined(key, value, sign)


def _remark_on_item(document: Document, node: yaml.MappingNode) -> None:
    key, value = node.value[0]
    if isinstance(value, yaml.SequenceNode):
        if key.value != "pip":
            return  # Reading has refused it.
        document.remark(
            key,
            "a `pip` list within the list is conda's form, which MLflow refuses here",
            "write its items into the list itself",
            rule="nested-pip",
            edits=tuple(_raised(document, node)),
        )
        return
    is_plain = len(node.value) == 1 and not node.flow_style
    document.remark(
        key,
        f"{shown(str(key.value))} is followed by a colon, where a requirement is meant",
        "write, say, `numpy==2.1.0`",
        rule="requirement-with-colon",
        edits=_as_requirement(key, value) if is_plain else (),
    )


def _raised(document: Document, node: yaml.MappingNode) -> Iterator[Edit]:
    """Yield the edits that make items of the list of the items of a list within it."""
    text, (key, value) = document.text, node.value[0]
    begin = key.start_mark.index - key.start_mark.column
    line = text[begin : text.find("\n", begin) + 1]
    head = _ITEM.fullmatch(line.rstrip("\r\n"))
    if head is None or len(node.value) > 1 or value.flow_style or not line.endswith("\n"):
        return
    edits = [Edit(begin, begin + len(line), "")]
    for item in value.value:
        start = item.start_mark
        dash = text[start.index - start.column : start.index]
        if not isinstance(item, yaml.ScalarNode) or re.fullmatch(r" *- +", dash) is None:
            return
        if item.start_mark.line != item.end_mark.line:
            return
        edits.append(Edit(start.index - start.column, start.index, f"{head['indent']}- "))
    yield from edits
