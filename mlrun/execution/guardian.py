"""Ends a command whose mlrun was killed.

A small process of its own: it waits for mlrun's death, which closes the pipe that it reads
from, and then ends the command with all that belongs to it. When a command has ended the
usual way, mlrun kills its guardian.
"""

from __future__ import annotations

import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    import subprocess

    from mlrun.execution.leftovers import Leader
else:
    import _signal as signal  # without `enum`, in the guardian

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL for a command that lost its mlrun."""

_TICK = 0.05


def main(words: list[str]) -> None:
    """Watch over one command.

    Args:
        words: mlrun's process number; the command's number, start and mark; the trace of its
            container, where it has one.
    """
    # The folder that holds the package: this Python has no site-packages. All is imported now,
    # since the package may be replaced while the command runs.
    sys.path.append(os.path.abspath(f"{__file__}/../../.."))
    from mlrun.execution.leftovers import Leader

    if words[4:]:
        from mlrun.execution.container.trace import LATE, clear

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTSTP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    _wait_for_death_of(int(words[0]))
    end_command(Leader(int(words[1]), int(words[2]), words[3]))
    for trace in words[4:]:
        clear(trace, patience=LATE)


def _wait_for_death_of(parent: int) -> None:
    """Wait for the end of the pipe, or of the process: its forks may hold the pipe open."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    fd = _pidfd(parent)
    if fd is not None:
        poll.register(fd, select.POLLIN)
    while os.getppid() == parent and not poll.poll():
        continue


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def end_command(leader: Leader) -> None:
    """End a command and all that belongs to it: SIGTERM, and SIGKILL after `GRACE`."""
    from mlrun.execution.leftovers import Clearing, has_proc

    if not has_proc():
        os.killpg(leader.pid, signal.SIGTERM)
        time.sleep(GRACE)
        os.killpg(leader.pid, signal.SIGKILL)
        return
    clearing = Clearing(
        leader, time.monotonic(), natural_end=0.0, term_time=GRACE, with_leader=True
    )
    while not clearing.step(time.monotonic()):
        time.sleep(_TICK)


class Guardian:
    """mlrun's side: the guardian's process, and the pipe that tells it of mlrun's death."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int) -> None:
        self.pid = process.pid
        self._process = process
        self._lifeline = lifeline

    def dismiss(self) -> None:
        """End the guardian; its command is left alone."""
        self._process.kill()
        self._process.wait()
        os.close(self._lifeline)


def post_guardian(leader: Leader, trace: str | None = None) -> Guardian | None:
    """Start a guardian for a command; None where there is no Python to run it.

    Args:
        leader: The command.
        trace: The trace of the container that the command stands for.
    """
    import subprocess

    if not sys.executable or getattr(sys, "frozen", False):
        return None
    read_end, lifeline = os.pipe()
    words = [str(os.getpid()), str(leader.pid), str(leader.started), leader.mark]
    words += [trace] if trace else []
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, *words],
            cwd="/",
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        os.close(lifeline)
        return None
    finally:
        os.close(read_end)
    return Guardian(process, lifeline)


if __name__ == "__main__":
    main(sys.argv[1:])
