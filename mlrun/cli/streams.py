"""The standard streams, as they may be: closed, full, without a reader, of a narrow encoding."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TextIO

_READABLE, _WRITABLE = (0,), (1, 2)


def complete_streams() -> None:
    """Make each standard stream one that can be used.

    A descriptor that is closed (`>&-`) would be given to the next file that is opened, and
    what is meant for the stream would end up in it. A character that the encoding has not is
    escaped instead of raised.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        for descriptor in (*_READABLE, *_WRITABLE):
            _open_if_closed(descriptor)
        sys.stdout = sys.stdout or _to_nowhere()
        sys.stderr = sys.stderr or _to_nowhere()
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def print_document(text: str) -> None:
    """Write to standard output. A reader that has gone costs the text, never the run."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        silence_stdout()


def silence_stdout() -> None:
    """Drop what standard output still holds, so that Python does not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_if_closed(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        # The lowest free descriptor is the one that is given.
        flags = os.O_RDONLY if descriptor in _READABLE else os.O_WRONLY
        os.set_inheritable(os.open(os.devnull, flags), True)


def _to_nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
