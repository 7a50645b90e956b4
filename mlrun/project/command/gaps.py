"""Placeholders that no text goes to: arguments that are left out, and secrets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from mlrun.errors import CommandError
from mlrun.project.command.places import place_among
from mlrun.project.command.shell.frames import SLOT, CommandKind, Reading
from mlrun.project.command.shell.leaving import KeptError, left_out
from mlrun.project.command.shell.lexer import read
from mlrun.project.command.shell.quoting import Quote
from mlrun.project.command.shell.reader import UnreadableError
from mlrun.project.command.shell.slot_places import NoPlaceError, Span, find_place
from mlrun.project.command.template import CommandTemplate, Placeholder, marked
from mlrun.project.command.values import CommandValue, LeftOut, Variable

_Pieces = Sequence[str | Placeholder]

_EXPORTING = frozenset({"export", "declare", "typeset", "local", "readonly"})
"""Builtins whose arguments are assignments and no other process sees."""

_REFERENCES = {
    Quote.WORD: '"${%s}"',
    Quote.BARE: '"${%s}"',
    Quote.SINGLE: "'\"${%s}\"'",
    Quote.DOUBLE: "${%s}",
    Quote.GLUED_DOUBLE: "${%s}",
    Quote.ESCAPED_DOUBLE: "\\${%s}",
    Quote.ANSI: "'\"${%s}\"$'",
    Quote.ESCAPED_ANSI: "\\'\"${%s}\"$'",
}


def without_gaps(
    template: CommandTemplate, values: Mapping[str, CommandValue], text: str | None = None
) -> tuple[str | Placeholder, ...]:
    """Return a command's pieces with only those placeholders that a text goes to.

    Args:
        template: The command.
        values: What goes to each placeholder.
        text: What the project file holds, where that is not what lies on disk.

    Raises:
        CommandError: An argument cannot be left out, or a secret would be seen by others.
    """
    places = [p for p in template.pieces if isinstance(p, Placeholder) and p.takes_value]
    wanted: dict[int, LeftOut] = {}
    texts: dict[int, str] = {}
    for number, place in enumerate(places):
        value = values.get(place.name)
        if value is None or isinstance(value, str):
            continue
        if place.quotes[0] is Quote.COMMENT:
            texts[number] = "..."
        elif isinstance(value, LeftOut):
            wanted[number] = value
        else:
            texts[number] = _reference(template, place, number, value, text)
    spans = _spans(template, places, wanted, text) if wanted else []
    return tuple(_kept(template.pieces, spans, texts))


def check_flags(template: CommandTemplate, names: Collection[str], text: str | None = None) -> None:
    """Refuse a flag that is glued to other text, which would be glued to `--NAME` then.

    Args:
        template: The command.
        names: Of the parameters that stand in it as a flag.
        text: What the project file holds, where that is not what lies on disk.

    Raises:
        CommandError: A flag is no word of its own.
    """
    command = marked(template.pieces)
    reading = None
    places = (p for p in template.pieces if isinstance(p, Placeholder) and p.takes_value)
    for number, place in enumerate(places):
        if place.name in names:
            reading = reading or read(command)
            if not _is_word(command, reading, number):
                raise CommandError(
                    f"{place.source} is a flag, and must be a word of its own",
                    location=place_among(template.pieces, place, template.location, text),
                    hint="put blanks around it; mlrun writes the whole option there",
                    rule="kept-argument",
                )


def _is_word(command: str, reading: Reading, number: int) -> bool:
    """Return whether a slot is a whole word, as far as that is known."""
    try:
        return find_place(command, reading, number).word.cooked() == SLOT
    except NoPlaceError:
        return True


def _spans(
    template: CommandTemplate,
    places: Sequence[Placeholder],
    wanted: Mapping[int, LeftOut],
    text: str | None,
) -> list[Span]:
    try:
        return left_out(marked(template.pieces), wanted)
    except UnreadableError as error:
        raise CommandError(
            f"nothing can be left out of the command: {error}",
            location=template.location,
            rule="kept-argument",
        ) from None
    except KeptError as error:
        place = places[error.number]
        is_flag = wanted[error.number] is LeftOut.ARGUMENT
        raise CommandError(
            f"{place.source} has no value, and its argument cannot be left out: {error}",
            location=place_among(template.pieces, place, template.location, text),
            hint=f"make {place.source} a word of its own that is an argument"
            + ("" if is_flag else f", or give {place.name} a value"),
            rule="kept-argument",
        ) from None


def _kept(
    pieces: _Pieces, spans: Sequence[Span], texts: Mapping[int, str]
) -> Iterator[str | Placeholder]:
    """Yield the pieces without stretches of their text, and with texts for some of them."""
    start = number = 0
    for piece in pieces:
        end = start + (len(piece) if isinstance(piece, str) else len(piece.mark))
        if isinstance(piece, str):
            yield _cut(piece, [(a - start, b - start) for a, b in spans if a < end and b > start])
        else:
            if not any(a <= start < b for a, b in spans):
                yield texts.get(number, piece) if piece.takes_value else piece
            number += piece.takes_value
        start = end


def _cut(text: str, spans: Sequence[Span]) -> str:
    parts: list[str] = []
    last = 0
    for start, end in spans:
        parts.append(text[last : max(start, 0)])
        last = end
    return "".join((*parts, text[last:]))


def _reference(
    template: CommandTemplate,
    place: Placeholder,
    number: int,
    value: Variable,
    text: str | None,
) -> str:
    if len(place.quotes) == 1 and _is_assigned(marked(template.pieces), number):
        reference = _REFERENCES.get(place.quotes[0])
        if reference is not None:
            return reference % value.name
    raise CommandError(
        f"the secret '{place.name}' would be seen in the process list",
        location=place_among(template.pieces, place, template.location, text),
        hint=f"take {place.source} out of the command: what it runs finds the secret in the"
        f" variable {value.name}",
        rule="visible-secret",
    )


def _is_assigned(text: str, number: int) -> bool:
    """Return whether a slot is in the value of an assignment, of which only the shell knows."""
    try:
        place = find_place(text, read(text), number)
    except (NoPlaceError, UnreadableError):
        return False
    if place.outward or place.command.kind is not CommandKind.SIMPLE:
        return False
    if not place.word.is_assignment():
        return False
    program = place.program
    return place.number < program or place.command.words[program].static() in _EXPORTING
