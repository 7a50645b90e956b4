"""The command's template: where its values go, and how the shell gets exactly their text."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from mlrun.errors import CommandError, Location, Problem
from mlrun.light_dataclass import dataclass
from mlrun.project.command.appending import ClosedEndError, open_end
from mlrun.project.command.braces import Braces, Field, divide
from mlrun.project.command.continuation import join_lines
from mlrun.project.command.shell.frames import SLOT, Slot
from mlrun.project.command.shell.lexer import read
from mlrun.project.command.shell.quoting import Allowed, Quote, is_allowed, write
from mlrun.project.command.shell.reader import UnreadableError
from mlrun.project.command.values import CommandValue

_MOST_CHARACTERS = 2**21
"""The longest argument of any common system, so that no absurd file is read at length."""

_LONGEST_EXCERPT = 40
"""Characters of a command that a message shows."""

_MOST_NAMES = 12
"""Parameters that a message names."""

_MOST_COMPARED = 500
"""Parameters among which the one is looked for that was meant: that takes its time."""

_PLAIN_WORDS = "letters, digits and ._-/:=@%+,"
_UNREADABLE = "unreadable-command"
_BRACES_HINT = "text in single quotes keeps its braces"


@dataclass(frozen=True)
class Placeholder:
    """A place in the command for a value.

    Attributes:
        name: Of the value.
        source: As written, with its braces.
        quotes: The places that it stands in, innermost first.
        allowed: What a value may consist of; None for anything.
        reason: Why not anything.
    """

    name: str
    source: str
    quotes: tuple[Quote, ...]
    allowed: Allowed | None = None
    reason: str | None = None

    @property
    def takes_value(self) -> bool:
        """Whether a value goes there; otherwise the braces are the shell's."""
        return self.quotes != (Quote.LITERAL,)

    @property
    def mark(self) -> str:
        """What stands for it in a text that is read: a slot, or the braces themselves."""
        return SLOT if self.takes_value else self.source


@dataclass(frozen=True)
class CommandTemplate:
    """A command that was understood, with no values yet.

    Attributes:
        text: As written, with continued lines joined. Parsing it again gives the same.
        pieces: Text for the shell, and places for values.
        location: Where the command is written.
        warnings: What is suspicious.
    """

    text: str
    pieces: tuple[str | Placeholder, ...]
    location: Location
    warnings: tuple[Problem, ...] = ()

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names of the values that the command takes, in order, each once."""
        return tuple(dict.fromkeys(p.name for p in _places(self.pieces) if p.takes_value))


def parse_command(command: str, known: Collection[str], location: Location) -> CommandTemplate:
    """Find the places for values in a command, and how each is quoted.

    Args:
        command: The template, as YAML gave it.
        known: Names of the declared parameters and of all values given.
        location: Of the command in the project file.

    Raises:
        CommandError: A placeholder is unknown, or stands where no value can be put safely.
    """
    template, mistakes = examine_command(command, known, location)
    if mistakes:
        error = CommandError("; ".join(problem.message for problem in mistakes))
        error.problems = mistakes
        raise error
    return template


def examine_command(
    command: str, known: Collection[str], location: Location, text: str | None = None
) -> tuple[CommandTemplate, tuple[Problem, ...]]:
    """Find the places for values in a command, and all that is wrong with them.

    Args:
        command: As `parse_command` takes it.
        known: The same.
        location: The same.
        text: What the project file holds, where that is not what lies on disk.

    Returns:
        The template, of no use where there are mistakes; and these.

    Raises:
        CommandError: Nothing can be said of the places: the command cannot be read.
    """
    if SLOT in command:
        raise CommandError(
            "the command holds a NUL character, which no command can",
            location=location,
            rule=_UNREADABLE,
        )
    if len(command) > _MOST_CHARACTERS:
        raise CommandError(
            f"the command is {len(command)} characters long, no shell takes that",
            location=location,
            hint="put it into a script in the project",
            rule=_UNREADABLE,
        )
    joined = join_lines(command)
    braces = divide(joined, known)
    slots = _slots(braces, location, text)
    pieces = tuple(_pieces(braces, slots))
    at = _Locator(pieces, location, text)
    mistakes = tuple(_mistakes(pieces, slots, braces, known, at))
    warnings = () if mistakes else tuple(_warnings(braces, pieces, at))
    return CommandTemplate(joined, pieces, location, warnings), mistakes


def render_command(
    template: CommandTemplate,
    values: Mapping[str, CommandValue],
    extra: Sequence[tuple[str, str]] = (),
) -> str:
    """Put the values into the command, for `bash -c`.

    Args:
        template: The command.
        values: What goes to each of its placeholders; others are ignored. What is left out
            takes the whole word that its placeholder stands in with it.
        extra: Values that no parameter declares, appended as `--name value`.

    Raises:
        CommandError: A value is missing or cannot be put into its place, or the command is
            longer than the system takes, or has no end that options can be appended to.
    """
    pieces, appended = template.pieces, ""
    if not all(isinstance(value, str) for value in values.values()):
        from mlrun.project.command.gaps import without_gaps

        pieces = without_gaps(template, values)
    if extra:
        pieces, place = _open_end(pieces, template.location)
        appended = "".join(_appended(place, name, value, template) for name, value in extra)
    parts = [p if isinstance(p, str) else _written(p, values, template) for p in pieces]
    command = "".join(parts) + appended
    _check_length(command, values, template)
    return command


def marked(pieces: Sequence[str | Placeholder]) -> str:
    """Return a command's text as it is read, with a slot for each placeholder."""
    return "".join(piece if isinstance(piece, str) else piece.mark for piece in pieces)


def _open_end(
    whole: Sequence[str | Placeholder], location: Location
) -> tuple[tuple[str | Placeholder, ...], Placeholder]:
    """Return the pieces that options can be appended to, and the place that these stand in."""
    try:
        end, slot = open_end(marked(whole))
    except ClosedEndError as error:
        raise CommandError(
            f"values that no parameter declares cannot be appended: {error}",
            location=location,
            hint="declare them, and put each into the command as {name}",
        ) from None
    pieces: list[str | Placeholder] = []
    for piece in whole:
        length = len(piece) if isinstance(piece, str) else len(piece.mark)
        pieces += [piece[:end]] if isinstance(piece, str) else [piece] * (end > 0)
        end = max(end - length, 0)
    return tuple(pieces), Placeholder("", "--", slot.quotes, slot.allowed, slot.reason)


def _places(pieces: Sequence[str | Placeholder]) -> Iterator[Placeholder]:
    return (piece for piece in pieces if isinstance(piece, Placeholder))


def _slots(braces: Braces, location: Location, file_text: str | None) -> list[Slot]:
    fields = sum(isinstance(part, Field) for part in braces.parts)
    if not fields:
        return []
    text = "".join(part if isinstance(part, str) else SLOT for part in braces.parts)
    try:
        return read(text).slots
    except UnreadableError as error:
        found = unreadable(text, error, location, file_text)
        raise CommandError(
            found.message, location=found.location, hint=found.hint, rule=found.rule
        ) from None


def unreadable(
    text: str, error: UnreadableError, location: Location, file_text: str | None
) -> Problem:
    """Return what to say of a command whose end is not there.

    Args:
        text: The command, with SLOT for each placeholder.
        error: What was found in it.
        location: Of the command in the project file.
        file_text: What that holds, where it is not what lies on disk.
    """
    from mlrun.project.command.places import place_of

    opened = text[error.position]
    rest = text[error.position : error.position + _LONGEST_EXCERPT].partition("\n")[0]
    return Problem(
        f"the command cannot be read: {error}",
        place_of(location, opened, text.count(opened, 0, error.position), file_text),
        f"close it, or put a backslash before it if it is text: {rest.replace(SLOT, '{...}')}",
        _UNREADABLE,
    )


def _pieces(braces: Braces, slots: Sequence[Slot]) -> Iterator[str | Placeholder]:
    remaining = iter(slots)
    for part in braces.parts:
        if isinstance(part, str):
            yield part
            continue
        slot = next(remaining)
        quotes = slot.quotes if _is_place(part, slot) else (Quote.LITERAL,)
        yield Placeholder(part.name, part.source, quotes, slot.allowed, slot.reason)


def _is_place(part: Field, slot: Slot) -> bool:
    """Return whether braces that look like a placeholder are one, or a mistake that is one."""
    if part.is_known and part.is_plain:
        return True
    return slot.refusal is None and slot.quotes[-1] not in (Quote.SINGLE, Quote.COMMENT)


class _Locator:
    """Finds where placeholders stand in the project file: for messages only."""

    __slots__ = ("location", "pieces", "text")

    def __init__(
        self, pieces: Sequence[str | Placeholder], location: Location, text: str | None = None
    ) -> None:
        self.pieces = pieces
        self.location = location
        self.text = text

    def __call__(self, place: Placeholder) -> Location:
        from mlrun.project.command.places import place_among

        return place_among(self.pieces, place, self.location, self.text)


def _mistakes(
    pieces: Sequence[str | Placeholder],
    slots: Sequence[Slot],
    braces: Braces,
    known: Collection[str],
    at: _Locator,
) -> Iterator[Problem]:
    fields = [part for part in braces.parts if isinstance(part, Field)]
    unknown: set[str] = set()
    for place, slot, part in zip(_places(pieces), slots, fields, strict=True):
        if not place.takes_value:
            continue
        if not part.is_known:
            if part.name not in unknown:
                yield _unknown(part.name, known, at(place))
            unknown.add(part.name)
        elif not part.is_plain:
            yield Problem(
                f"{part.source} formats a value, but values are passed as they are given",
                at(place),
                f"write {{{part.name}}}; {_BRACES_HINT}",
                "formatted-placeholder",
            )
        elif slot.refusal is not None:
            yield Problem(
                f"no value can be put at {part.source}: {slot.refusal}",
                at(place),
                _variable_hint(part.name),
                "unsafe-place",
            )


def _unknown(name: str, known: Collection[str], location: Location) -> Problem:
    from mlrun.near_miss import near_miss

    declared = ", ".join(islice(known, _MOST_NAMES)) or "none"
    if len(known) > _MOST_NAMES:
        declared += f", and {len(known) - _MOST_NAMES} more"
    meant = near_miss(name, known) if len(known) <= _MOST_COMPARED else None
    hint = f"did you mean {{{meant}}}?" if meant else f"declare it, or give -P {name}=VALUE"
    return Problem(
        f"{{{name}}} is no parameter of this entry point (it has: {declared})",
        location,
        f"{hint}; {_BRACES_HINT}",
        "unknown-placeholder",
    )


def _warnings(
    braces: Braces, pieces: Sequence[str | Placeholder], at: _Locator
) -> Iterator[Problem]:
    if not braces.is_format:
        yield Problem(
            "the command has braces that are no placeholders; they are passed as they are",
            at.location,
            "MLflow refuses this command: it takes doubled braces, {{ and }}, for literal ones",
            "literal-braces",
        )
        return
    seen: set[str] = set()
    for place in _places(pieces):
        if not place.takes_value and place.name not in seen:
            seen.add(place.name)
            yield Problem(
                f"${{{place.name}}} is the shell's variable, not the parameter {place.name}",
                at(place),
                f"write {{{place.name}}} for the parameter",
                "shell-variable",
            )


def _written(
    place: Placeholder, values: Mapping[str, CommandValue], template: CommandTemplate
) -> str:
    if not place.takes_value:
        return place.source
    value = values.get(place.name)
    if value is None:
        raise CommandError(
            f"{place.source} has no value",
            location=_Locator(template.pieces, template.location)(place),
        )
    if not isinstance(value, str):
        raise TypeError(f"{place.source} was to be left out or written as a variable")
    return _write(place, place.name, value, template)


def _write(place: Placeholder, name: str, text: str, template: CommandTemplate) -> str:
    if SLOT in text:
        raise CommandError(
            f"the value of {name} holds a NUL character, which no argument can",
            location=template.location,
        )
    is_comment = place.quotes[0] is Quote.COMMENT
    if place.allowed is not None and not is_comment and not is_allowed(text, place.allowed):
        what = "a number" if place.allowed is Allowed.NUMBER else _PLAIN_WORDS
        raise CommandError(
            f"the value of {name} can only be {what} here: {place.reason}",
            location=_Locator(template.pieces, template.location)(place),
            hint=None if place.allowed is Allowed.NUMBER else _variable_hint(name),
            rule="restricted-place",
        )
    return write(text, place.quotes)


def _variable_hint(name: str) -> str:
    return f"a variable takes any value: put VALUE={{{name}}} first, and have the code read it"


def _appended(place: Placeholder, name: str, value: str, template: CommandTemplate) -> str:
    key = _write(place, name, name, template)
    return f" --{key} {_write(place, name, value, template)}"


def _check_length(
    command: str, values: Mapping[str, CommandValue], template: CommandTemplate
) -> None:
    limit = _longest_argument()
    try:
        length = len(command) if command.isascii() else len(os.fsencode(command))
    except UnicodeEncodeError as error:
        raise CommandError(
            f"the command holds a character that cannot be written here: {error}",
            location=template.location,
        ) from None
    if length >= limit:
        longest = max(values, key=lambda name: len(str(values[name])), default="")
        raise CommandError(
            f"the command is {length} bytes long with its values, the system takes {limit - 1}",
            location=template.location,
            hint=f"put long values into a file (the longest is {longest})" if longest else None,
        )


def _longest_argument() -> int:
    """Return the bytes of one argument, its end included (Linux: MAX_ARG_STRLEN, 32 pages)."""
    if sys.platform == "win32":
        return 32767
    by_pages = sys.platform.startswith("linux")
    return 32 * os.sysconf("SC_PAGE_SIZE") if by_pages else os.sysconf("SC_ARG_MAX")
