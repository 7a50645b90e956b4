"""What every backend takes and gives: a request, and a handle on what runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from pathlib import Path
from typing import Protocol

from mlrun.light_dataclass import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.execution.container.container import ContainerCommand


@dataclass(frozen=True)
class LaunchRequest:
    """One command, ready to start.

    Attributes:
        argv: The program and its arguments.
        cwd: The folder to start it in.
        env: The whole environment, nothing is added to it but what the backend itself needs.
        run_id: The run that it belongs to.
        log: The file that its output is kept in, appended to as it appears.
        grace_period: Seconds between asking it to end and killing it.
        stdout_to_stderr: Whether its standard output goes to mlrun's standard error,
            because mlrun's standard output carries a document.
        terminal: Whether it may get a pseudo-terminal (the local backend gives it one when
            mlrun's own output is a terminal).
        own_process: Whether this process serves the run alone (the command line, not the
            Python API), so that what belongs to the whole process may be changed: signals
            are caught from the launch on, and orphans of the command are adopted.
        container: What the command runs in; `argv` and `env` are then those of the process that
            stands for the container on this machine, and the backend chooses `argv`.
        secrets: Texts that the log must not hold; where the command prints one, it has `***`
            in its place. What goes on to mlrun's own output is unchanged. A secret of several
            lines is masked as a whole and line by line (lines of 8 bytes or more); one that is
            shorter than 4 bytes is not masked.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    run_id: str
    log: Path
    grace_period: float = 30.0
    stdout_to_stderr: bool = False
    terminal: bool = True
    own_process: bool = False
    container: ContainerCommand | None = None
    secrets: tuple[bytes, ...] = field(default=(), repr=False)


class RunState(str, Enum):
    """Where a launched command stands."""

    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True)
class Ending:
    """How a command ended.

    Attributes:
        exit_code: Its own code; None where a signal ended it. A shell's 128+n counts as
            signal n for the status, and stays an exit code here.
        signal: The signal that ended it, if one did.
        asked: The signal by which someone (Ctrl-C, TERM, cancel) asked for the end, or None.
        log_complete: False where the log could not take all the output (a full disk).
        left_behind: Names of processes that outlived the command and were ended.
        note: What else is known of it ("the container ran out of memory"), in words.
        started: False where it turned out later that the command could not be started; `note`
            says why.
    """

    exit_code: int | None
    signal: int | None = None
    asked: int | None = None
    log_complete: bool = True
    left_behind: tuple[str, ...] = ()
    note: str | None = None
    started: bool = True


class RunHandle(Protocol):
    """A command that was launched."""

    @property
    def pid(self) -> int | None:
        """The process on this machine, None where it runs elsewhere."""

    def wait(self) -> Ending:
        """Block until the command has ended and its output is copied. May be called again."""

    def cancel(self) -> None:
        """Ask the command to end, and kill it after the grace period. Does not wait."""

    def state(self) -> RunState:
        """Return where it stands, without blocking."""


class Backend(Protocol):
    """One place where commands run."""

    name: str

    def launch(self, request: LaunchRequest, notify: Callable[[str], None]) -> RunHandle:
        """Start the command and return at once.

        Args:
            request: What to start.
            notify: Takes one line for the user (a full disk, processes left behind).

        Raises:
            LaunchError: It could not be started.
        """
