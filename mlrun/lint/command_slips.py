"""Words of a command that the shell, or mlrun, makes something else of than was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mlrun.errors import Edit, Location, Problem
from mlrun.project.command.places import place_among, place_of, source_until, written
from mlrun.project.command.shell.frames import CommandKind, Word
from mlrun.project.command.shell.lexer import read
from mlrun.project.command.shell.reader import UnreadableError
from mlrun.project.command.template import CommandTemplate, Placeholder, marked
from mlrun.project.model import Parameter
from mlrun.project.reading.nodes import location_at, shown

_PATH = re.compile(r"[\w.:/\\-]*[\w:]\\[A-Za-z0-9_][\w./\\-]*", re.ASCII)
_CURLY = "\u201c\u201d\u201e\u2018\u2019"
_QUOTED = re.compile(r"""['"$`]""")
_OPTION_BEFORE = re.compile(r"(?:^|\s)(--?\w[\w-]*)[\s\\]+\Z")
_OPEN_END = re.compile(r"(?<!\\)(?:\\\\)*\\(?:[ \t]+\n*)?\Z")


def about_slips(
    command: str,
    template: CommandTemplate,
    parameters: Mapping[str, Parameter],
    text: str | None,
) -> Iterator[Problem]:
    """Yield what is probably a slip in a command.

    Args:
        command: As YAML gave it.
        template: The same, understood.
        parameters: Those that the entry point declares, by name.
        text: What the project file holds; None for what lies on disk.
    """
    if "\\" in command:
        yield from _about_backslashes(template, text)
        yield from _about_end(command, template.location, text)
    if not command.isascii():
        yield from _about_curly_quotes(template, text)
    if any(parameter.flag is not None for parameter in parameters.values()):
        yield from _about_flags(template, parameters, text)


def _about_backslashes(template: CommandTemplate, text: str | None) -> Iterator[Problem]:
    r"""`src\train.py`: outside of quotes, bash takes the backslash away."""
    command = marked(template.pieces)
    for word in _words(command):
        found = _PATH.search(command, word.start, word.end)
        if found is None or _QUOTED.search(command, word.start, word.end):
            continue
        path = found[0]
        occurrence = source_until(template.pieces, found.start()).count(path)
        yield Problem(
            f"the shell takes the backslash away: the program gets {path.replace(chr(92), '')}",
            place_of(template.location, path, occurrence, text),
            "write / between folders, or put a backslash that is meant in single quotes",
            "lost-backslash",
        )


def _about_curly_quotes(template: CommandTemplate, text: str | None) -> Iterator[Problem]:
    """What text processors write for quotes; of several the first, since others belong to it."""
    command = marked(template.pieces)
    found = next((w.start for w in _words(command) if command[w.start] in _CURLY), None)
    if found is not None:
        quote = command[found]
        occurrence = source_until(template.pieces, found).count(quote)
        yield Problem(
            f"{quote} is a letter to the shell, not a quote",
            place_of(template.location, quote, occurrence, text),
            "write ' or \" for it, and for the one that closes",
            "curly-quote",
        )


def _words(command: str) -> Iterator[Word]:
    try:
        commands = read(command).commands
    except UnreadableError:
        return
    for each in commands:
        if each.kind is CommandKind.SIMPLE:
            yield from each.arguments()


def _about_end(command: str, location: Location, text: str | None) -> Iterator[Problem]:
    if _OPEN_END.search(command) is None:
        return
    place, edits = _at_end(location, text)
    yield Problem(
        "the command ends in a backslash, and nothing follows; it is left out",
        place,
        "remove it: MLflow hands it to the program as an argument",
        "trailing-backslash",
        edits,
    )


def _at_end(location: Location, text: str | None) -> tuple[Location, tuple[Edit, ...]]:
    """Return where the backslash at the end of a command stands, and what removes it."""
    found = written(location, text)
    end = found.source.rstrip() if found is not None else ""
    if found is None or found.style not in ("", "|", ">") or not end.endswith("\\"):
        return location, ()
    index = found.start + len(end) - 1
    place = location_at(location.file, found.text, index)
    place = replace(place, of=location.of, end_column=(place.column or 0) + 1)
    kept = len(found.text[:index].rstrip(" \t"))
    is_alone = found.text.endswith("\n", 0, kept)
    return place, () if is_alone else (Edit(kept, index + 1, ""),)


def _about_flags(
    template: CommandTemplate, parameters: Mapping[str, Parameter], text: str | None
) -> Iterator[Problem]:
    """`--shuffle {shuffle}`, where the placeholder alone becomes `--shuffle`."""
    before = ""
    for piece in template.pieces:
        flag = None
        if isinstance(piece, Placeholder) and piece.name in parameters:
            flag = parameters[piece.name].flag
        option = _OPTION_BEFORE.search(before)
        before = piece if isinstance(piece, str) else ""
        if flag is None or option is None or isinstance(piece, str):
            continue
        if option[1] == flag.on or _plain(option[1]) == _plain(piece.name):
            yield Problem(
                f"{piece.source} becomes the whole option, and so {option[1]} comes twice",
                place_among(template.pieces, piece, template.location, text),
                f"remove {option[1]} before it, or `flag` from {shown(piece.name)}",
                "doubled-flag",
            )


def _plain(name: str) -> str:
    return name.lstrip("-").replace("_", "-").lower()
