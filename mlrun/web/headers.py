"""What headers of an answer mean for the next request. Importing this imports next to nothing."""

from __future__ import annotations

_SETTLED = 2
"""Seconds after which a file's time of change is told from that of the next change."""
_MOST_DIGITS = 19
"""Of a number of bytes. Python itself refuses thousands."""


def whole_number(text: str) -> int | None:
    """Return a number of bytes; None for what is none, or is more than any disk has."""
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return int(text)
    return None


def seconds_to_wait(text: str | None) -> float | None:
    """Return what a Retry-After header asks for; None where there is none to be understood.

    It holds seconds, or a date: RFC 9110, 10.2.3.
    """
    from datetime import datetime, timezone
    from email.utils import parsedate_to_datetime

    if not text:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def settled_change(modified: str | None, date: str | None) -> str | None:
    """Return since when the server has a file, None where a later change may bear the same time.

    A time in whole seconds says nothing of a file that changed a moment ago, and may so once
    more: RFC 9110, 8.8.2.2.

    Args:
        modified: The answer's Last-Modified.
        date: Its Date.
    """
    from email.utils import parsedate_to_datetime

    try:
        age = parsedate_to_datetime(date or "") - parsedate_to_datetime(modified or "")
    except (TypeError, ValueError, OverflowError):
        return None
    return modified if age.total_seconds() >= _SETTLED else None
