"""What a server asks to wait."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from mlrun.web.failures import seconds_to_wait


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), (None, None), ("", None), ("soon", None)])
def test_seconds(text: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(text) == seconds


def test_a_date() -> None:
    now = datetime.now(timezone.utc)
    in_a_minute = format_datetime(now + timedelta(seconds=100), usegmt=True)
    assert 0 < (seconds_to_wait(in_a_minute) or 0) <= 100
    assert seconds_to_wait(format_datetime(now - timedelta(days=1), usegmt=True)) == 0
