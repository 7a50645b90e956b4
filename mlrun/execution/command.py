"""A command that is to be started, and one that has ended.

Named tuples, here and in this package: making a dataclass costs the start-up a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Command(NamedTuple):
    """What to start on this machine, and how to look after it.

    Attributes:
        argv: The program and its arguments.
        cwd: The folder to start it in.
        env: The whole environment, the mark included.
        mark: A text in the environment's values that no other process has.
        log: The file that the output is kept in.
        grace_period: Seconds between asking it to end and killing it.
        stdout_to_stderr: Whether its standard output goes to our standard error.
        terminal: Whether it may get a pseudo-terminal.
        own_process: Whether this process serves the command alone, so that what belongs to
            the whole process (signal handlers, the adoption of orphans) may be changed.
        trace: The file that leads to the container that the command stands for.
        secrets: Texts in the output of which the log gets only stars.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    mark: str
    log: Path
    grace_period: float = 30.0
    stdout_to_stderr: bool = False
    terminal: bool = True
    own_process: bool = False
    trace: str | None = None
    secrets: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        """Return what is started; secrets, also in the environment, stay out of sight."""
        return f"Command(argv={self.argv!r}, cwd={self.cwd!r})"


class Result(NamedTuple):
    """How a command ended; the fields are those of `mlrun.backends.base.Ending`."""

    exit_code: int | None
    signal: int | None
    asked: int | None
    log_complete: bool
    left_behind: tuple[str, ...]
