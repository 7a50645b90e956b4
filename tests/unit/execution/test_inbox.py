from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from mlrun.execution.inbox import CANCEL, Inbox


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.release()


def test_signals_and_cancellations_arrive_in_order(inbox: Inbox) -> None:
    inbox.catch()
    os.kill(os.getpid(), signal.SIGUSR1)
    inbox.cancel()
    os.kill(os.getpid(), signal.SIGTERM)
    assert inbox.take() == bytes([signal.SIGUSR1, CANCEL, signal.SIGTERM])
    assert inbox.take() == b""


def test_handlers_are_given_back(inbox: Inbox) -> None:
    def mine(_number: int, _frame: object) -> None:
        """A handler of the host's."""

    before = signal.signal(signal.SIGUSR2, mine)
    try:
        inbox.catch()
        assert signal.getsignal(signal.SIGUSR2) is not mine
        inbox.release()
        assert signal.getsignal(signal.SIGUSR2) is mine
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_ignored_signals_stay_ignored(inbox: Inbox) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        inbox.catch()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert not inbox.catches(signal.SIGHUP)
        assert inbox.catches(signal.SIGTERM)
    finally:
        inbox.release()
        signal.signal(signal.SIGHUP, before)


def test_other_threads_catch_nothing(inbox: Inbox) -> None:
    thread = threading.Thread(target=inbox.catch)
    thread.start()
    thread.join()
    assert not inbox.catching
