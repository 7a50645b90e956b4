"""Where in a command a placeholder stands: in which word of which command, in which code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlrun.project.command.shell.frames import (
    OPAQUE,
    CommandKind,
    NestedCode,
    Reading,
    ShellCommand,
    Word,
)

Span = tuple[int, int]
"""Beginning and end of a stretch of text."""

_BACKTICK_ESCAPES = frozenset("\\`$")
_DOUBLE_ESCAPES = frozenset('$`"\\')


class NoPlaceError(Exception):
    """A placeholder is no part of an argument that is known; the message says why."""


class SlotPlace(NamedTuple):
    """The word that a placeholder is part of.

    Attributes:
        text: What the command was read from.
        command: The command, or the array.
        number: Of the word among the command's.
        outward: For each code around, innermost first, where in the text around it each of
            its characters stands; None for what is not known.
    """

    text: str
    command: ShellCommand
    number: int
    outward: tuple[Sequence[Span | None], ...] = ()

    @property
    def word(self) -> Word:
        """The word itself."""
        return self.command.words[self.number]

    @property
    def program(self) -> int:
        """Number of the word that names the program; that after the last where none does."""
        words = self.command.words
        return next((i for i, word in enumerate(words) if not word.is_assignment()), len(words))


def find_place(text: str, reading: Reading, number: int) -> SlotPlace:
    """Find the word of a placeholder, also in code within code.

    Args:
        text: What was read.
        reading: What was found in it.
        number: Of the slot.

    Raises:
        NoPlaceError: It stands in no word, or in code of which that is not known.
    """
    slot = reading.slots[number]
    if slot.allowed is not None or slot.refusal is not None:
        raise NoPlaceError(slot.refusal or slot.reason or "it stands in code")
    for code in reading.nested:
        if number in code.numbers:
            inner = find_place(code.text, code.reading, code.numbers.index(number))
            return inner._replace(outward=(*inner.outward, _extents(text, code)))
    for command in reading.commands:
        for index, word in enumerate(command.words):
            if number in word.direct:
                return SlotPlace(text, command, index)
        if any(number in word.direct for _, word in command.inputs):
            raise NoPlaceError("a redirection needs it")
    raise NoPlaceError("it is no argument, but part of the shell's own syntax")


def reason_to_stay(place: SlotPlace) -> str | None:
    """Return why a word cannot be left out of its command, None where it can."""
    command, index = place.command, place.number
    if command.kind is CommandKind.LIST:
        return None
    if command.kind is CommandKind.FOR:
        has_list = len(command.words) > 1 and command.words[1].static() == "in"
        return None if has_list and index > 1 else "a loop needs it"
    if command.kind is not CommandKind.SIMPLE:
        return "it belongs to the shell's own syntax"
    return "it is the program that is run" if index == place.program else None


def outwards(span: Span, outward: Sequence[Sequence[Span | None]]) -> list[Span]:
    """Return a stretch of inner code as stretches of the outermost text.

    Raises:
        NoPlaceError: Where a part of it stands is not known.
    """
    spans = [span]
    for extents in outward:
        found = [extents[position] for start, end in spans for position in range(start, end)]
        if None in found:
            raise NoPlaceError("the word that it stands in is not known before the command runs")
        spans = [extent for extent in found if extent is not None and extent[0] < extent[1]]
    return spans


def _extents(text: str, code: NestedCode) -> list[Span | None]:
    if not code.words:
        return list(_in_backticks(text, code))
    extents: list[Span | None] = []
    is_known = True
    for word in code.words:
        if extents:
            extents.append((word.start, word.start))  # The blank that joins two words.
        cooked = word.cooked()
        found = list(_in_word(text, word, cooked)) if is_known else []
        is_known = is_known and len(found) == len(cooked)
        extents += found
        extents += [None] * (len(cooked) - len(found))
    return extents


def _in_backticks(text: str, code: NestedCode) -> Iterator[Span]:
    escapes = _DOUBLE_ESCAPES if code.is_quoted else _BACKTICK_ESCAPES
    position = code.start
    for _ in code.text:
        length = 2 if text[position] == "\\" and text[position + 1] in escapes else 1
        yield position, position + length
        position += length


def _in_word(text: str, word: Word, cooked: str) -> Iterator[Span]:
    """Yield where each character of a word's text stands, up to the first expansion."""
    position, quote = word.start, ""
    remaining = iter(cooked)
    expected = next(remaining, OPAQUE)
    while position < word.end and expected != OPAQUE:
        length, character, quote_after = _step(text, position, quote)
        if character == "$" != expected:
            character = ""  # Of `$"..."`, which is a quote.
        if character:
            if character != expected:
                return
            yield position, position + length
            expected = next(remaining, OPAQUE)
        position += length
        quote = quote_after


def _step(text: str, position: int, quote: str) -> tuple[int, str, str]:
    """Return of one character: its length, what the word gets of it, the quote that is open."""
    character = text[position]
    if character == quote:
        return 1, "", ""
    if quote == "'":
        return 1, character, quote
    if character == "\\":
        escaped = text[position + 1 : position + 2]
        if escaped == "\n":
            return 2, "", quote
        if escaped and (not quote or escaped in _DOUBLE_ESCAPES):
            return 2, escaped, quote
        return 1, character, quote
    if not quote and character in "'\"":
        return 1, "", character
    return 1, character, quote
