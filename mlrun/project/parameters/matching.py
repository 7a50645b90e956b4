"""Whether a text matches a pattern, found out within a limited time.

A few characters of a pattern can take Python more than a lifetime: `(a+)+` and forty letters.
"""

from __future__ import annotations

import re
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

PATIENCE = 1.0
"""Seconds of computing. What honest patterns take is a thousandth of that."""
_MOST_SLOW = 3

Match = Callable[[str, str], bool]
"""Takes a pattern and a text; raises SlowPatternError."""

_SLOW: set[tuple[str, str]] = set()
"""What is not tried again."""


class SlowPatternError(Exception):
    """It was not found out in time."""


def matches(pattern: str, text: str) -> bool:
    """Return whether the whole text matches.

    Raises:
        SlowPatternError: That takes too long.
    """
    if (pattern, text) in _SLOW:
        raise SlowPatternError
    try:
        with warnings.catch_warnings(), _limited():
            # Python has opinions of patterns, which the file's author has not asked for.
            warnings.simplefilter("ignore")
            return re.fullmatch(pattern, text) is not None
    except SlowPatternError:
        _SLOW.add((pattern, text))
        raise


class SomeMatches:
    """Matches patterns until a few have been too slow; further ones count as matched.

    It is for all patterns of a file that somebody else may have written.
    """

    def __init__(self) -> None:
        self._slow = 0

    def __call__(self, pattern: str, text: str) -> bool:
        """Return whether the whole text matches, as far as that is known.

        Raises:
            SlowPatternError: That takes too long.
        """
        if self._slow >= _MOST_SLOW:
            return True
        try:
            return matches(pattern, text)
        except SlowPatternError:
            self._slow += 1
            raise


@contextmanager
def _limited() -> Iterator[None]:
    """Let what is within take only so long.

    That needs a signal, which only the main thread gets, and whose timer nobody else uses.
    """
    if threading.current_thread() is not threading.main_thread() or _is_used():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _is_used() -> bool:
    is_set = signal.getsignal(signal.SIGVTALRM) is not signal.SIG_DFL
    return is_set or signal.getitimer(signal.ITIMER_VIRTUAL) != (0.0, 0.0)


def _give_up(*_: object) -> NoReturn:
    raise SlowPatternError
