from __future__ import annotations

import signal

import pytest

from mlrun.execution.asking import Answer, Asking

NEVER = float("inf")


def test_a_signal_that_does_not_ask_starts_no_grace_period() -> None:
    asking = Asking(30)
    assert asking.by_signal(signal.SIGUSR1, 100.0) is Answer.FORWARD
    assert (asking.number, asking.kill_at) == (None, NEVER)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_to_ask_is_kept_and_sets_the_time(number: signal.Signals) -> None:
    asking = Asking(30)
    assert asking.by_signal(number, 100.0) is Answer.FORWARD
    assert asking.by_signal(signal.SIGHUP, 110.0) is Answer.FORWARD
    assert (asking.number, asking.kill_at) == (number, 130.0)
    assert asking.patience_until() == 130.0


def test_second_ctrl_c_kills_but_an_echo_of_the_first_does_not() -> None:
    asking = Asking(30)
    assert asking.by_signal(signal.SIGINT, 100.0) is Answer.FORWARD
    assert asking.by_signal(signal.SIGINT, 100.1) is Answer.NOTHING
    assert asking.by_signal(signal.SIGINT, 101.0) is Answer.KILL


def test_presses_in_a_row_ask_harder() -> None:
    asking = Asking(30)
    assert asking.by_key(100.0) is Answer.NOTHING
    assert asking.kill_at == NEVER
    assert asking.notice_at == 102.0
    assert asking.by_key(103.0) is Answer.TERMINATE
    assert (asking.number, asking.kill_at, asking.notice_at) == (signal.SIGINT, 133.0, NEVER)
    assert asking.by_key(104.0) is Answer.KILL


def test_presses_far_apart_are_each_the_first() -> None:
    asking = Asking(30)
    assert asking.by_key(100.0) is Answer.NOTHING
    assert asking.by_key(120.0) is Answer.NOTHING
    assert asking.number is None


@pytest.mark.parametrize(
    ("ended", "after", "asked"),
    [
        ((0, None), 5.0, signal.SIGINT),
        ((0, None), 50.0, None),
        ((130, None), 50.0, signal.SIGINT),
        ((None, signal.SIGINT), 50.0, signal.SIGINT),
        ((None, signal.SIGSEGV), 50.0, None),
    ],
)
def test_whether_a_key_asked_shows_at_the_end(
    ended: tuple[int | None, int | None], after: float, asked: int | None
) -> None:
    asking = Asking(30)
    assert asking.asked_before(ended, 100.0) is None
    asking.by_key(100.0)
    assert asking.asked_before(ended, 100.0 + after) == asked
