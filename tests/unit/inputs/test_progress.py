"""Lines of progress."""

from __future__ import annotations

import pytest

from mlrun.inputs import progress
from mlrun.inputs.progress import Progress, time_in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.96, "10.0 s"), (34.4, "34 s"), (125, "2 min 5 s"), (12000, "3 h 20 min")],
)
def test_times(seconds: float, words: str) -> None:
    assert time_in_words(seconds) == words


def test_a_rate_is_that_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    counted = Progress(100 << 20)
    assert counted.line("x") == "fetching x: 0 B of 100 MiB"
    counted.add_there(50 << 20)
    for _ in range(10):
        now[0] += 1
        counted.add(1 << 20)
        line = counted.line("x")
    assert line == "fetching x: 60.0 MiB of 100 MiB, 1.0 MiB/s, 40 s left"
    counted.lose(10 << 20)
    assert counted.line("x").startswith("fetching x: 50.0 MiB of 100 MiB, ")


def test_without_a_total() -> None:
    assert Progress(None).line("x") == "fetching x: 0 B"
