"""What headers ask for, and what they tell."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from mlrun.web.headers import seconds_to_wait, settled_change, whole_number

NOW = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        (None, None),
        ("", None),
        ("soon", None),
        ("²", None),
        ("Mon, 1 Jan 9999999999999 00:00:00 GMT", None),
    ],
)
def test_seconds(text: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(text) == seconds


def test_a_date() -> None:
    now = datetime.now(timezone.utc)
    in_a_minute = http_date(now + timedelta(seconds=100))
    assert 0 < (seconds_to_wait(in_a_minute) or 0) <= 100
    assert seconds_to_wait(http_date(now - timedelta(days=1))) == 0


@pytest.mark.parametrize(("age", "is_settled"), [(0, False), (1, False), (2, True), (3600, True)])
def test_a_time_counts_that_no_later_change_can_bear(age: int, is_settled: bool) -> None:
    modified = http_date(NOW - timedelta(seconds=age))
    assert settled_change(modified, http_date(NOW)) == (modified if is_settled else None)


@pytest.mark.parametrize(
    ("modified", "date"),
    [
        (None, None),
        (None, http_date(NOW)),
        (http_date(NOW), None),
        (http_date(NOW), "now"),
        ("Mon, 99999999999 Jan 99999999999 00:00:00 GMT", http_date(NOW)),
        ("Wed, 01 May 2024 11:00:00 -0000", http_date(NOW)),  # of no known time zone
    ],
)
def test_a_time_that_cannot_be_told_counts_for_nothing(
    modified: str | None, date: str | None
) -> None:
    assert settled_change(modified, date) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("12", 12), ("", None), ("-1", None), (" 1", None), ("²", None), ("٣", None),
     ("9" * 19, 10**19 - 1), ("9" * 6000, None)],
)  # fmt: skip
def test_numbers_of_bytes(text: str, number: int | None) -> None:
    assert whole_number(text) == number
