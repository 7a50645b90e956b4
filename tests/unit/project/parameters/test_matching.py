"""Patterns that take longer than anybody waits."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from mlrun.errors import Location
from mlrun.project.model import Parameter
from mlrun.project.parameters import matching
from mlrun.project.parameters.constraints import violation
from mlrun.project.parameters.matching import SlowPatternError, SomeMatches, matches
from mlrun.project.parameters.types import ParameterType

SLOW, LETTERS = "(a+)+", "a" * 60 + "b"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "PATIENCE", 0.05)
    monkeypatch.setattr(matching, "_SLOW", set())


def test_a_slow_pattern_is_given_up_and_leaves_no_trace() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    for _ in range(2):
        with pytest.raises(SlowPatternError):
            matches(SLOW, LETTERS)
    assert matches(SLOW, "aaa")
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_of_many_slow_patterns_a_few_are_tried() -> None:
    match = SomeMatches()
    for number in range(3):
        with pytest.raises(SlowPatternError):
            match(SLOW + "x" * number, LETTERS)
    assert match(f"{SLOW}y", LETTERS)


def test_a_timer_of_the_program_around_is_left_alone() -> None:
    def handle(*_: object) -> None:
        raise AssertionError

    before = signal.signal(signal.SIGVTALRM, handle)
    signal.setitimer(signal.ITIMER_VIRTUAL, 3600)
    try:
        assert matches("a", "a")
        assert signal.getsignal(signal.SIGVTALRM) is handle
        assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] > 0
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_another_thread_can_match() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(matches("[a-z]+", "abc")))
    thread.start()
    thread.join()
    assert found == [True]


def test_a_value_that_cannot_be_matched_in_time_is_none_of_the_parameter_s() -> None:
    place = Location(Path("MLproject"))
    parameter = Parameter("p", ParameterType.STRING, None, place, pattern=SLOW)
    assert str(violation(parameter, LETTERS)).startswith("is not matched with the pattern (a+)+ in")
