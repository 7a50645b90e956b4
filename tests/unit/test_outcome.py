"""The rules that make a status and an exit code of an ending."""

from __future__ import annotations

import signal

import pytest

from mlrun.backends.base import Ending
from mlrun.outcome import describe_ending, exit_code_of, status_of
from mlrun.tracking.base import RunStatus

INT, TERM, SEGV, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGSEGV, signal.SIGKILL


@pytest.mark.parametrize(
    ("ending", "status", "code"),
    [
        (Ending(0), RunStatus.FINISHED, 0),
        (Ending(7), RunStatus.FAILED, 7),
        (Ending(None, signal=SEGV), RunStatus.FAILED, 139),
        (Ending(None, signal=KILL), RunStatus.FAILED, 137),
        (Ending(None, signal=INT, asked=INT), RunStatus.KILLED, 130),
        (Ending(130), RunStatus.KILLED, 130),
        (Ending(143), RunStatus.KILLED, 143),
        (Ending(139), RunStatus.FAILED, 139),
        (Ending(None, signal=KILL, asked=TERM), RunStatus.KILLED, 137),
        (Ending(0, asked=TERM), RunStatus.KILLED, 0),
        (Ending(5, asked=INT), RunStatus.KILLED, 5),
        (Ending(255), RunStatus.FAILED, 255),
    ],
)
def test_ending_decides(ending: Ending, status: RunStatus, code: int) -> None:
    assert status_of(ending) is status
    assert exit_code_of(ending, status, undelivered_matters=False) == code


def test_script_may_call_its_own_run_failed() -> None:
    status = status_of(Ending(0), RunStatus.FAILED)
    assert status is RunStatus.FAILED
    assert exit_code_of(Ending(0), status, undelivered_matters=False) == 1


def test_script_cannot_call_a_failed_command_finished() -> None:
    assert status_of(Ending(3), RunStatus.FINISHED) is RunStatus.FAILED


def test_undelivered_records_change_only_a_success() -> None:
    assert exit_code_of(Ending(0), RunStatus.FINISHED, undelivered_matters=True) == 123
    assert exit_code_of(Ending(4), RunStatus.FAILED, undelivered_matters=True) == 4


def test_ending_in_words() -> None:
    assert describe_ending(Ending(3)) == "exited with code 3"
    assert describe_ending(Ending(None, signal=SEGV)) == "was ended by SIGSEGV"
    assert describe_ending(Ending(None, signal=60)) == "was ended by signal 60"
