"""How long a fetch waits for a server that sends nothing.

`MLRUN_FETCH_TIMEOUT` sets it in seconds, for git, for downloads and for data alike.
"""

from __future__ import annotations

import os

from mlrun.errors import UsageError

FETCH_TIMEOUT = "MLRUN_FETCH_TIMEOUT"

_USUAL = 60.0
_LONGEST = 86_400.0
_LONGEST_CONNECT = 15.0

SLOWEST = 1000
"""Bytes a second below which a transfer counts as stalled, once the limit has passed so."""


def stall_limit() -> float:
    """Return the seconds after which a transfer that stands still is given up.

    Raises:
        UsageError: `MLRUN_FETCH_TIMEOUT` holds no number of seconds.
    """
    text = os.environ.get(FETCH_TIMEOUT, "").strip()
    if not text:
        return _USUAL
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(
            f"{FETCH_TIMEOUT} is a number of seconds, more than 0 and at most a day, not {text!r}"
        )
    return seconds


def connect_limit() -> float:
    """Return the seconds within which a server must be reached.

    Raises:
        UsageError: As for `stall_limit`.
    """
    return min(_LONGEST_CONNECT, stall_limit())
