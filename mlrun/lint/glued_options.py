"""Options that are glued to the value before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from mlrun.errors import Edit, Problem
from mlrun.project.command.places import place_of, written
from mlrun.project.model import EntryPoint, Project

_GLUED = re.compile(r"\{(?P<name>[\w-]+)\}(?P<option>--[A-Za-z][\w-]*)[ =]\s*[\"']?\{")

_MOST = 100
"""Findings in one command: each has to be looked for in the file."""


def check_glued_options(project: Project, text: str) -> Iterator[Problem]:
    """Yield where an option follows a value without a space: `--rate {rate}--depth {depth}`.

    Args:
        project: As its file was read.
        text: What the file holds.
    """
    for entry_point in project.entry_points.values():
        for found in islice(_GLUED.finditer(entry_point.command), _MOST):
            if found["name"] in entry_point.parameters:
                yield _problem(entry_point, found, text)


def _problem(entry_point: EntryPoint, found: re.Match[str], text: str) -> Problem:
    source = found[0].rstrip("{\"' =\n")
    before = found.string.count(source, 0, found.start())
    value = f"{{{found['name']}}}"
    place = place_of(entry_point.location, source, before, text)
    stands = written(entry_point.location, text)
    at = stands.find(source, before) if stands is not None else None
    edits: tuple[Edit, ...] = ()
    if at is not None and place.column is not None:
        edits = (Edit(at + len(value), at + len(value), " "),)
        place = replace(place, column=place.column + len(value))
    return Problem(
        f"the option {found['option']} has no space before it, so it is a part of the value of"
        f" {found['name']}",
        place,
        f"write {value} {found['option']}",
        "glued-option",
        edits,
    )
