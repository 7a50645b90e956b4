"""Dates that packages are chosen for."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone

from mlrun.errors import UsageError

_FORM = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"([Tt ](?P<time>\d\d:\d\d(:\d\d)?)(\.\d+)?(?P<zone>[Zz]|[+-]\d\d:\d\d)?)?"
)
_HINT = "write a day (2023-05-01), a moment (2023-05-01T12:00:00Z), or commit"


def parse_as_of(text: str, now: datetime) -> datetime:
    """Return the moment that `--as-of` names, in UTC. A day means its end.

    Args:
        text: `2023-05-01`, or RFC 3339 (`2023-05-01T12:00:00+02:00`); without a zone it is UTC.
        now: Timezone-aware; a later day is refused.

    Raises:
        UsageError: It is neither, or lies in the future.
    """
    text = text.strip()
    try:
        moment = _moment(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--as-of takes a date, and {text!r} is none", hint=_HINT) from error
    if moment > now + timedelta(days=1):
        raise UsageError(f"--as-of {text} lies in the future", hint=_HINT)
    return moment


def date_text(moment: datetime) -> str:
    """Return a moment as locks, keys and installers have it: RFC 3339, UTC, whole seconds."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError
    day, hours, zone = date.fromisoformat(found["day"]), found["time"], found["zone"]
    if hours is None:
        return datetime.combine(day, time(23, 59, 59), timezone.utc)
    zone = "+00:00" if zone in (None, "Z", "z") else zone
    moment = datetime.fromisoformat(f"{day.isoformat()}T{hours}{zone}")
    return moment.astimezone(timezone.utc)
