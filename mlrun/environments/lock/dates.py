"""Dates that packages are chosen for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

from mlrun.errors import UsageError

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
    try:
        day = date.fromisoformat(text)
    except ValueError:
        # Python 3.10 takes no Z.
        if text[-1:] in ("Z", "z"):
            text = f"{text[:-1]}+00:00"
        moment = datetime.fromisoformat(text.replace("t", "T"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    return datetime.combine(day, time(23, 59, 59), timezone.utc)
