"""What is told of a conda environment where all that is wrong is to be found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mlrun.errors import Edit
from mlrun.project.environments.remarks import (
    Requirement,
    remark_on_conda_packages,
    remark_on_pip_lines,
)
from mlrun.project.reading.nodes import Document, Entry, is_null

_PYTHON = re.compile(r"(?:[\w./:-]+::)?python(?P<version>\b(?![\w.-]).*)?", re.IGNORECASE)
_PIP = re.compile(r"(?:[\w./:-]+::)?pip(?![\w.-])", re.IGNORECASE)


@dataclass(frozen=True)
class CondaLists:
    """What was read of a conda environment, with its nodes.

    Attributes:
        packages: The conda packages.
        pip: The lines of the `pip` lists.
        pip_lists: The keys of these lists.
        prefix: The key of that name.
    """

    packages: Sequence[Requirement]
    pip: Sequence[Requirement]
    pip_lists: Sequence[yaml.Node]
    prefix: Entry | None


def remark_on_conda_file(document: Document, lists: CondaLists, folder: Path) -> None:
    """Look at packages, the pip part, Python and the prefix.

    Args:
        document: Where they are from.
        lists: What was read.
        folder: What paths are relative to.
    """
    remark_on_conda_packages(document, lists.packages)
    remark_on_pip_lines(document, lists.pip, folder)
    if lists.pip_lists:
        _remark_on_python(document, lists)
        _remark_on_pip(document, lists)
    if lists.prefix is not None:
        _remark_on_prefix(document, lists.prefix)


def _remark_on_python(document: Document, lists: CondaLists) -> None:
    found = [(_PYTHON.match(text), node) for text, node in lists.packages]
    pythons = [(match, node) for match, node in found if match is not None]
    if any((match["version"] or "").strip() for match, _ in pythons):
        return
    place = pythons[0][1] if pythons else lists.pip_lists[0]
    document.remark(
        place,
        "no version of Python is named",
        "write, say, `- python=3.11`; otherwise it is the newest that all packages allow",
        rule="unpinned-python",
    )


def _remark_on_pip(document: Document, lists: CondaLists) -> None:
    if any(_PIP.match(text) for text, _ in lists.packages):
        return
    key = lists.pip_lists[0]
    document.remark(
        key,
        "there is a `pip` list, and pip itself is not among the packages",
        "write `- pip` before it",
        rule="pip-not-listed",
        edits=_item_before(document, key, "pip"),
    )


def _item_before(document: Document, key: yaml.Node, name: str) -> tuple[Edit, ...]:
    """Return the edit that puts an item before the one that a key begins."""
    begin = key.start_mark.index - key.start_mark.column
    before = document.text[begin : key.start_mark.index]
    if re.fullmatch(r" *- +", before) is None:
        return ()
    return (Edit(begin, begin, f"{before}{name}\n"),)


def _remark_on_prefix(document: Document, entry: Entry) -> None:
    document.remark(
        entry.key,
        "`prefix` is where the environment was on the machine that exported it",
        "remove it: it is not used",
        rule="conda-prefix",
        edits=_without_line(document, entry),
    )


def _without_line(document: Document, entry: Entry) -> tuple[Edit, ...]:
    """Return the edit that removes a line, none where more than a key and its text is on it."""
    text, start = document.text, entry.key.start_mark
    end = text.find("\n", start.index)
    end = len(text) if end < 0 else end + 1
    is_short = is_null(entry.value) or isinstance(entry.value, yaml.ScalarNode)
    value_end = entry.value.end_mark.index
    if start.column or not is_short or value_end > end or text[value_end:end].strip():
        return ()
    return (Edit(start.index, end, ""),)
