"""Dates that packages are chosen for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.environments.lock.dates import date_text, parse_as_of
from mlrun.errors import UsageError

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-05-01", "2023-05-01T23:59:59Z"),
        (" 2023-05-01 ", "2023-05-01T23:59:59Z"),
        ("2023-05-01T12:00:00Z", "2023-05-01T12:00:00Z"),
        ("2023-05-01t12:00:00z", "2023-05-01T12:00:00Z"),
        ("2023-05-01T12:00:00+02:00", "2023-05-01T10:00:00Z"),
        ("2023-05-01 12:00:00", "2023-05-01T12:00:00Z"),
        ("2026-03-01", "2026-03-01T23:59:59Z"),
    ],
)
def test_days_and_moments(text: str, moment: str) -> None:
    assert date_text(parse_as_of(text, NOW)) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2023-13-01", "1 May 2023", "2023-05-01Z", "7"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(UsageError, match="takes a date") as caught:
        parse_as_of(text, NOW)
    assert "2023-05-01" in (caught.value.hint or "")


def test_a_day_to_come() -> None:
    with pytest.raises(UsageError, match="future"):
        parse_as_of("2026-03-03", NOW)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2026, 2, 27)), st.integers(-14, 14))
def test_a_written_moment_is_read_again(moment: datetime, hours: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    assert parse_as_of(date_text(aware), NOW) == aware
    assert parse_as_of(aware.isoformat(), NOW) == aware
