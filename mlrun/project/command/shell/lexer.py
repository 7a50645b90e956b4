"""Finds the quoting context of each place in a bash command line, in one pass.

It is no parser of all of bash: what it cannot follow, it says of the places within, and the
rest of the command stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable

from mlrun.project.command.shell.code import read_code
from mlrun.project.command.shell.expansions import read_arithmetic, read_double, read_parameter
from mlrun.project.command.shell.frames import FrameKind, Reading
from mlrun.project.command.shell.grammar import end_command
from mlrun.project.command.shell.reader import Reader, UnreadableError

_STEPS: dict[FrameKind, Callable[[Reader], None]] = {
    FrameKind.CODE: read_code,
    FrameKind.ARRAY: read_code,
    FrameKind.DOUBLE: read_double,
    FrameKind.PARAMETER: read_parameter,
    FrameKind.ARITHMETIC: read_arithmetic,
    FrameKind.OLD_ARITHMETIC: read_arithmetic,
}


def read(text: str, level: int = 0) -> Reading:
    """Read a command, in time linear in its length.

    Args:
        text: The command, with SLOT for each placeholder.
        level: How many levels of code within code it stands in.

    Raises:
        UnreadableError: A quote, a parenthesis or a brace is never closed.
    """
    reader = Reader(text, level)
    while reader.pos < len(text):
        _STEPS[reader.frame.kind](reader)
    if len(reader.frames) > 1:
        frame = reader.frame
        raise UnreadableError(f"the {frame.kind.value} is never closed", frame.start)
    end_command(reader, "")
    return reader.reading
