"""A command that is indented like the parameters above it, and so taken for one of them."""

from __future__ import annotations

import re

import yaml

from mlrun.errors import Edit, Problem
from mlrun.project.reading.nodes import Document, Entry, is_text, shown

_NO_TYPE = re.compile(r"\S\s+\S|[{/]")


def command_among(document: Document, name: str, entry: Entry) -> tuple[Problem, Entry] | None:
    """Return what is wrong, and the parameters without the command.

    Args:
        document: The project file.
        name: Of the entry point, which has no command.
        entry: Its parameters.

    Returns:
        None where no parameter can be the command.
    """
    if not isinstance(entry.value, yaml.MappingNode):
        return None
    pairs = [each for each in entry.value.value if each[0].value == "command"]
    if len(pairs) != 1 or not is_text(pairs[0][1]) or not _NO_TYPE.search(pairs[0][1].value):
        return None
    (pair,) = pairs
    problem = Problem(
        f"`command` stands among the parameters of {shown(name)}",
        document.locate(pair[0]),
        "indent it like `parameters`",
        "misplaced-command",
        _outdenting(document, entry, pair),
    )
    others = [each for each in entry.value.value if each is not pair]
    marks = (entry.value.start_mark, entry.value.end_mark)
    node = yaml.MappingNode(entry.value.tag, others, *marks, entry.value.flow_style)
    return problem, Entry(entry.key, node)


def _outdenting(
    document: Document, entry: Entry, pair: tuple[yaml.Node, yaml.Node]
) -> tuple[Edit, ...]:
    """Return the edit that puts a command of one line beside the parameters that it ends."""
    key, value = pair
    start, end = key.start_mark, value.end_mark
    surplus = start.column - entry.key.start_mark.column
    blanks = document.text[start.index - start.column : start.index]
    is_last = entry.value.value[-1][0] is key and len(entry.value.value) > 1
    if surplus <= 0 or blanks.strip(" ") or end.line != start.line or not is_last:
        return ()
    return (Edit(start.index - surplus, start.index, ""),)
