"""The one variable for how long fetching waits."""

from __future__ import annotations

import pytest

from mlrun.errors import UsageError
from mlrun.web.timeouts import connect_limit, stall_limit


def test_a_minute_is_usual() -> None:
    assert stall_limit() == 60
    assert connect_limit() == 15


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), (" 0.5 ", 0.5), ("", 60.0)])
def test_the_variable_sets_it(text: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", text)
    assert stall_limit() == seconds
    assert connect_limit() == min(15, seconds)


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf", "1e9"])
def test_what_is_no_time_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", text)
    with pytest.raises(UsageError, match="MLRUN_FETCH_TIMEOUT"):
        stall_limit()
