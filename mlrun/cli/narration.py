"""mlrun's own lines on standard error. A passing line is replaced by the next one."""

from __future__ import annotations

import os
import sys
from time import monotonic

_PAUSE = 10.0
"""Seconds between two passing lines where there is no terminal to replace them on."""


class _Passing:
    """What of passing lines is on the screen."""

    is_shown = False
    last = 0.0


def say(line: str) -> None:
    """Print one line of mlrun's own."""
    say_styled(printable(line))


def say_styled(line: str) -> None:
    """Print a line with colours, of which all that is not mlrun's own is printable already."""
    _write(f"{_erased()}mlrun: {line}\n")


def say_passing(line: str) -> None:
    """Print a line of a progress: on a terminal until the next, elsewhere few of many."""
    if sys.__stderr__ is not None and os.isatty(2):
        _write(f"{_erased()}mlrun: {_fitting(printable(line))}")
        _Passing.is_shown = True
    elif _Passing.last == 0.0:
        _Passing.last = monotonic()
    elif monotonic() - _Passing.last >= _PAUSE:
        _Passing.last = monotonic()
        say(line)


def narrate(line: str, *, passing: bool = False) -> None:
    """Print a line that passes, or one that stays."""
    (say_passing if passing else say)(line)


def end_passing() -> None:
    """Take a passing line off the screen, before something else is printed there."""
    _write(_erased())


def _erased() -> str:
    erase = "\r\x1b[2K" if _Passing.is_shown else ""
    _Passing.is_shown = False
    return erase


def _write(text: str) -> None:
    try:
        sys.stderr.write(inert(text))
        sys.stderr.flush()
    except OSError:
        return


def _fitting(line: str) -> str:
    try:
        width = os.get_terminal_size(2).columns - len("mlrun: ") - 1
    except OSError:
        return line
    # A terminal that does not know its size says 0.
    return line[:width] if width > 0 else line


def inert(text: str) -> str:
    """Keep GitHub Actions from obeying what a project's file says in a log of a workflow.

    It takes any line that begins with `::`, and what follows `##[` anywhere, for a command.
    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    if "##[" not in text and not any(line.lstrip()[:2] == "::" for line in text.splitlines()):
        return text
    token = os.urandom(16).hex()
    end = "" if text.endswith("\n") else "\n"
    return f"::stop-commands::{token}\n{text}{end}::{token}::\n"


def printable(line: str) -> str:
    """Keep control characters of a file or a server from reaching the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in line)
