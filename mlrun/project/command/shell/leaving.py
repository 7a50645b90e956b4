"""What of a command goes where a placeholder has no value: its argument, an option in front."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlrun.project.command.shell.frames import SLOT, CommandKind, Reading, ShellCommand
from mlrun.project.command.shell.lexer import read
from mlrun.project.command.shell.slot_places import (
    NoPlaceError,
    SlotPlace,
    Span,
    find_place,
    outwards,
    reason_to_stay,
)
from mlrun.project.command.values import LeftOut

_LISTING = frozenset({"export", "declare", "typeset", "local", "readonly", "set", "alias"})
"""Builtins that print what there is, values and all, where no argument is left."""

_BLANK = frozenset(" \t")
_AFTER = frozenset(" \t\n;)")


class KeptError(Exception):
    """An argument cannot be left out; the message says why.

    Args:
        message: Why.
        number: Of the slot that has no value.
    """

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


def left_out(text: str, wanted: Mapping[int, LeftOut]) -> list[Span]:
    """Return the stretches of a command that go.

    Args:
        text: The command, with SLOT for each placeholder.
        wanted: Numbers of the slots that have no value, and what goes with each.

    Returns:
        In order; they do not overlap.

    Raises:
        KeptError: The command would not be what it is without an argument.
        UnreadableError: The text is no complete command.
    """
    reading = read(text)
    spans: set[Span] = set()
    remaining = _Remaining()
    for number, kind in wanted.items():
        spans.update(_found(text, reading, number, kind, remaining))
    remaining.check()
    return list(_merged(sorted(spans)))


def _found(
    text: str, reading: Reading, number: int, kind: LeftOut, remaining: _Remaining
) -> list[Span]:
    try:
        place = find_place(text, reading, number)
        return list(_spans(place, kind, remaining, number))
    except NoPlaceError as error:
        raise KeptError(str(error), number) from None


class _Remaining:
    """The words that stay of each command that loses some."""

    def __init__(self) -> None:
        self._commands: dict[int, tuple[ShellCommand, set[int], int]] = {}

    def lose(self, place: SlotPlace, index: int, number: int) -> None:
        entry = (place.command, {index}, number)
        self._commands.setdefault(id(place.command), entry)[1].add(index)

    def check(self) -> None:
        """Refuse what would leave nothing of a command, or another command."""
        for command, lost, number in self._commands.values():
            if command.kind is not CommandKind.SIMPLE:
                continue
            kept = [word for index, word in enumerate(command.words) if index not in lost]
            if not kept:
                raise KeptError("the assignment is a command of its own", number)
            if kept[0].static() in _LISTING and all(
                (word.static() or "").startswith("-") for word in kept[1:]
            ):
                raise KeptError(f"{kept[0].static()} needs it", number)


def _spans(place: SlotPlace, kind: LeftOut, remaining: _Remaining, number: int) -> Iterator[Span]:
    reason = reason_to_stay(place)
    if reason is not None:
        raise NoPlaceError(reason)
    if kind is LeftOut.ARGUMENT and place.word.cooked() != SLOT:
        raise NoPlaceError("a flag is a word of its own")
    indexes = [place.number]
    if kind is LeftOut.OPTION and _has_option(place):
        indexes.append(place.number - 1)
    for index in indexes:
        remaining.lose(place, index, number)
        word = place.command.words[index]
        start = _with_blank(place.text, word.start, word.end)
        yield from outwards((start, word.end), place.outward)


def _has_option(place: SlotPlace) -> bool:
    """Return whether the word in front is an option that this one is the value of."""
    first = 0 if place.command.kind is CommandKind.LIST else place.program + 1
    if place.number <= first or place.word.cooked().startswith("-"):
        return False
    if place.command.kind is CommandKind.FOR:
        return False
    option = place.command.words[place.number - 1].static()
    return (
        option is not None
        and option.startswith("-")
        and option not in ("-", "--")
        and "=" not in option
    )


def _with_blank(text: str, start: int, end: int) -> int:
    """Return where a word begins with the blank before it, if nothing is joined without that."""
    is_between = start > 0 and text[start - 1] in _BLANK
    return start - 1 if is_between and (end == len(text) or text[end] in _AFTER) else start


def _merged(spans: Sequence[Span]) -> Iterator[Span]:
    """Yield stretches without their overlaps."""
    last = 0
    for start, end in spans:
        if end > last:
            yield max(start, last), end
            last = end
