"""The end of a command, where values that no parameter declares are appended."""

from __future__ import annotations

from mlrun.project.command.shell.frames import SLOT, CommandKind, Reading, Slot
from mlrun.project.command.shell.lexer import read
from mlrun.project.command.shell.reader import UnreadableError


class ClosedEndError(Exception):
    """Nothing can be appended to the command; the message says why."""


def open_end(text: str) -> tuple[int, Slot]:
    """Find where options can be appended to a command.

    A comment and semicolons at the end would take the options away from the command.

    Args:
        text: The command, with SLOT for each placeholder.

    Returns:
        How much of the text stays before the options, and how a value is quoted there.

    Raises:
        ClosedEndError: What is appended would be no argument of the last command.
    """
    try:
        end = _end_of_command(text, read(text))
        reading = read(f"{text[:end]} {SLOT}")
    except UnreadableError as error:
        raise ClosedEndError(str(error)) from None
    slot = reading.slots[-1]
    if slot.refusal is not None:
        raise ClosedEndError(slot.refusal)
    if not _takes_arguments(reading):
        raise ClosedEndError(_reason(text[:end], reading))
    return end, slot


def _end_of_command(text: str, reading: Reading) -> int:
    end = len(text.rstrip())
    for start, stop in reversed(reading.comments):
        if stop < end:
            break
        end = len(text[:start].rstrip())
    separator = reading.separator
    if separator is not None and separator == end - 1:
        end = len(text[:separator].rstrip())
    return end


def _takes_arguments(reading: Reading) -> bool:
    last = reading.last
    number = len(reading.slots) - 1
    words = last.arguments()
    return last.kind is CommandKind.SIMPLE and len(words) > 1 and words[-1].direct[-1:] == [number]


def _reason(text: str, reading: Reading) -> str:
    if not text:
        return "the command is empty"
    if reading.last.kind is not CommandKind.SIMPLE or not reading.last.words[:-1]:
        end = text.rsplit(None, 1)[-1].replace(SLOT, "{...}")[-20:]
        return f"the command ends with {end!r}, which takes no options"
    return "the command ends with an assignment"
