"""How a command is written: its lines, and quotes around placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mlrun.errors import Edit, Location, Problem
from mlrun.lint.command_mending import backslashes
from mlrun.project.command.continuation import continued_lines
from mlrun.project.command.places import (
    nth,
    place_among,
    place_of,
    source_until,
    written,
)
from mlrun.project.command.shell.frames import SLOT, Reading
from mlrun.project.command.shell.lexer import read
from mlrun.project.command.shell.quoting import Quote
from mlrun.project.command.shell.reader import UnreadableError
from mlrun.project.command.shell.slot_places import NoPlaceError, find_place
from mlrun.project.command.template import CommandTemplate, Placeholder, marked
from mlrun.project.model import Parameter
from mlrun.project.parameters.types import ParameterType
from mlrun.project.reading.yaml_mending import apply_edits

_QUOTES = frozenset({Quote.SINGLE, Quote.DOUBLE, Quote.GLUED_DOUBLE})
_UNQUOTED = frozenset({ParameterType.INT, ParameterType.FLOAT, ParameterType.BOOL})
"""Types whose values MLflow writes without quotes."""

_NEEDLESS = re.compile(r"""(["'])[\w@%+:,./=\0-]+\1""", re.ASCII)
_SPLIT = re.compile(r'(?<!")(?:\$\(|`)\s*echo\s+\0\s*[`)]')


def about_form(
    command: str,
    template: CommandTemplate,
    parameters: Mapping[str, Parameter],
    text: str | None,
) -> Iterator[Problem]:
    """Yield where a command is not what MLflow makes of it, though mlrun runs it as it is meant.

    Args:
        command: As YAML gave it.
        template: The same, understood.
        parameters: Those that the entry point declares, by name.
        text: What the project file holds; None for what lies on disk.
    """
    if "\n" in command:
        yield from _about_lines(command, template.location, text)
    yield from _about_quotes(template, parameters, text)


def _about_lines(command: str, location: Location, text: str | None) -> Iterator[Problem]:
    continued = continued_lines(command)
    if continued:
        word = command[continued[0] :].split(None, 1)[0]
        yield Problem(
            "this line is taken for a part of the one before, since it can be no command",
            place_of(location, word, command.count(word, 0, continued[0]), text),
            f"{_line_end(command[: continued[0]])}: MLflow runs each line as a command of its own",
            "continued-line",
            backslashes(command, continued, location, text),
        )
    yield from _about_blank_lines(command, location, text)


def _line_end(before: str) -> str:
    """Return what to write at the end of the line before, going by what stands there."""
    end = before.rstrip()
    if end.endswith(" \\"):
        return "remove the blank after the backslash before it"
    if end.endswith(" ^"):
        return "write a backslash for the ^ before it, which continues lines on Windows only"
    return "end the line before with a backslash"


def _about_blank_lines(command: str, location: Location, text: str | None) -> Iterator[Problem]:
    found = written(location, text)
    if found is None or found.style != ">":
        return
    try:
        reading = read(command.strip())
    except UnreadableError:
        return
    ends = [each for each in reading.breaks if each.is_top and each.is_open]
    count = len(ends) - len(continued_lines(command))
    if count > 0:
        following = command.strip()[ends[0].position :].split(None, 1)[0]
        yield Problem(
            f"a blank line ends a command, also in folded text: these are {count + 1} commands,"
            " and each runs whatever became of the one before",
            place_of(location, following, command.count(following, 0, ends[0].position), text),
            "write && between them where one needs the other",
            "several-commands",
        )


class _Quoted(NamedTuple):
    """A placeholder that stands in quotes, with all that was read."""

    template: CommandTemplate
    command: str
    reading: Reading
    file_text: str | None


def _about_quotes(
    template: CommandTemplate, parameters: Mapping[str, Parameter], text: str | None
) -> Iterator[Problem]:
    places = [p for p in template.pieces if isinstance(p, Placeholder) and p.takes_value]
    command = marked(template.pieces)
    if not places:
        return
    quoted = _Quoted(template, command, read(command), text)
    split = {found.start() + found[0].index(SLOT) for found in _SPLIT.finditer(command)}
    for number, place in enumerate(places):
        parameter = parameters.get(place.name)
        if parameter is None or parameter.secret or parameter.type in _UNQUOTED:
            continue
        if place.allowed is None and _QUOTES.intersection(place.quotes):
            yield Problem(
                f"{place.source} stands in quotes, and MLflow writes its value in quotes once more",
                place_among(template.pieces, place, template.location, text),
                "leave these quotes out: mlrun and MLflow both quote a value that needs it",
                "quoted-placeholder",
                _without_quotes(quoted, number),
            )
        elif quoted.reading.slots[number].position in split:
            yield Problem(
                f"each word of {place.source} becomes an argument of its own here, and patterns"
                " in it stand for files",
                place_among(template.pieces, place, template.location, text),
                f"write {place.source} alone if it is one argument",
                "split-value",
            )


def _without_quotes(quoted: _Quoted, number: int) -> tuple[Edit, ...]:
    """Return the edits that take away quotes around nothing that needs them."""
    try:
        place = find_place(quoted.command, quoted.reading, number)
    except NoPlaceError:
        return ()
    word = quoted.command[place.word.start : place.word.end]
    if place.outward or not _NEEDLESS.fullmatch(word) or word.count(SLOT) != 1:
        return ()
    return _edits(quoted, place.word.start, place.word.end)


def _edits(quoted: _Quoted, start: int, end: int) -> tuple[Edit, ...]:
    before = source_until(quoted.template.pieces, start)
    source = source_until(quoted.template.pieces, end)[len(before) :]
    location = quoted.template.location
    found = written(location, quoted.file_text)
    if found is None:
        return ()
    at, inner = (nth(t, source, before.count(source)) for t in (found.source, found.value))
    if at is None or inner is None:
        return ()
    first, last = found.start + at, found.start + at + len(source) - 1
    edits = (Edit(first, first + 1, ""), Edit(last, last + 1, ""))
    value = found.value[:inner] + source[1:-1] + found.value[inner + len(source) :]
    mended = written(location, apply_edits(found.text, edits))
    return edits if mended is not None and mended.value == value else ()
