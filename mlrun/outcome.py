"""How a run ended: the rules that make a status and an exit code of an ending.

Sources: MLflow's RunStatus; the shell's convention of 128+n for signal n (POSIX, XCU 2.8.2).
"""

from __future__ import annotations

import signal
from typing import Any

from mlrun.backends.base import Ending
from mlrun.errors import EXIT_UNDELIVERED
from mlrun.light_dataclass import dataclass
from mlrun.tracking.base import RunStatus

_REQUESTS_TO_END = frozenset(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (number := getattr(signal, name, None)) is not None
)
_SHELL_SIGNAL_BASE = 128
_HIGHEST_SIGNAL = 64


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run_id: Of the run.
        status: As recorded.
        exit_code: What mlrun exits with.
        command_exit_code: The command's own, None where a signal ended it.
        command_signal: The signal that ended it, None where it exited.
        asked: The signal by which someone asked for the end, None where nobody did.
        start_time: Milliseconds since the epoch.
        end_time: Milliseconds since the epoch.
        tracking_uri: Where it is recorded, None for nowhere.
        experiment_id: The store's id.
        delivered: False while the tracking store has not got the end of the run.
        log: The file with the command's output.
        web_url: Where a person can look at it.
        reason: Why the command never started, or what ended it, where more is known than its code.
        server_run_id: The id that the server gave the run, where that could be made only after
            its command had begun under another.
        work_folder: The run's own folder, where it was asked to be kept.
    """

    run_id: str
    status: RunStatus
    exit_code: int
    command_exit_code: int | None
    command_signal: int | None
    asked: int | None
    start_time: int
    end_time: int
    tracking_uri: str | None
    experiment_id: str | None
    delivered: bool
    log: str
    web_url: str | None = None
    reason: str | None = None
    server_run_id: str | None = None
    work_folder: str | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end_time - self.start_time) / 1000

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as `result.schema.json` describes it."""
        from dataclasses import asdict

        return {**asdict(self), "status": self.status.value, "seconds": self.seconds}


def ending_signal(ending: Ending) -> int | None:
    """Return the signal that ended a command; a shell's 128+n counts as signal n."""
    if ending.signal is not None:
        return ending.signal
    code = ending.exit_code or 0
    number = code - _SHELL_SIGNAL_BASE
    return number if 0 < number <= _HIGHEST_SIGNAL else None


def status_of(ending: Ending, recorded: RunStatus | None = None) -> RunStatus:
    """Return the status of a run whose command ended so.

    Args:
        ending: How the command ended.
        recorded: The status that the script itself recorded, where it did.
    """
    if ending.asked is not None or ending_signal(ending) in _REQUESTS_TO_END:
        return RunStatus.KILLED
    if ending.exit_code != 0:
        return RunStatus.FAILED
    return RunStatus.FAILED if recorded is RunStatus.FAILED else RunStatus.FINISHED


def exit_code_of(ending: Ending, status: RunStatus, *, undelivered_matters: bool) -> int:
    """Return what mlrun exits with after a command that ended so.

    Args:
        ending: How the command ended.
        status: The run's status.
        undelivered_matters: Whether records stayed behind that must not.
    """
    if ending.signal is not None:
        return _SHELL_SIGNAL_BASE + ending.signal
    code = ending.exit_code or 0
    if code == 0 and status is RunStatus.FAILED:
        return 1
    if code == 0 and undelivered_matters:
        return EXIT_UNDELIVERED
    return code


def describe_ending(ending: Ending) -> str:
    """Return how a command ended, in words."""
    how = _how_it_ended(ending) if ending.started else "could not be started"
    return how if ending.note is None else f"{how}: {ending.note}"


def _how_it_ended(ending: Ending) -> str:
    if ending.signal is None:
        return f"exited with code {ending.exit_code}"
    try:
        name = signal.Signals(ending.signal).name
    except ValueError:
        name = f"signal {ending.signal}"
    return f"was ended by {name}"
