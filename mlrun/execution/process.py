"""Starts a command in a session of its own, sends it signals, and learns how it ended."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

from mlrun.errors import LaunchError
from mlrun.execution.command import Command
from mlrun.execution.leftovers import Leader, Process, find, read_process, send

_SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ksh", "ash", "busybox"})

_STOP_TIME = 1.0
"""Seconds after which a process that does not stop is waited for no more."""


class Streams(NamedTuple):
    """The descriptors that a command gets as its standard streams.

    Attributes:
        stdin: None to inherit ours.
        stdout: Of a pipe or a terminal.
        stderr: Of a pipe or a terminal.
        controlling: Whether `stdin` is a terminal that becomes the session's controlling one.
    """

    stdin: int | None
    stdout: int
    stderr: int
    controlling: bool = False


def start(command: Command, streams: Streams) -> subprocess.Popen[bytes]:
    """Start a command as the leader of a new session.

    Raises:
        LaunchError: The folder or the program is missing, or cannot be used.
    """
    stdin = streams.stdin
    if stdin is None and sys.__stdin__ is None:
        stdin = subprocess.DEVNULL
    try:
        with warnings.catch_warnings():
            # Python 3.12 warns of what `_control_terminal` does if there are threads.
            warnings.simplefilter("ignore", DeprecationWarning)
            return subprocess.Popen(
                command.argv,
                cwd=command.cwd,
                env=dict(command.env),
                stdin=stdin,
                stdout=streams.stdout,
                stderr=streams.stderr,
                start_new_session=True,
                preexec_fn=_control_terminal() if streams.controlling else None,
            )
    except (OSError, ValueError) as error:
        raise _launch_error(command, error) from error


def _control_terminal() -> Callable[[], object]:
    """Return what makes standard input the controlling terminal, once the session is new.

    Only the session's leader can do that, between its start and the program's. It is one call
    of a C function, so that no lock that another thread holds can be needed for it.
    """
    import fcntl
    import termios

    return functools.partial(fcntl.ioctl, 0, termios.TIOCSCTTY, 0)


def _launch_error(command: Command, error: OSError | ValueError) -> LaunchError:
    program = command.argv[0]
    if isinstance(error, ValueError):
        return LaunchError(
            f"the command contains a character that no program can be given: {error}"
        )
    if not command.cwd.is_dir():
        return LaunchError(f"there is no folder {command.cwd} to run the command in")
    if error.errno == errno.E2BIG:
        return LaunchError(
            "the command, or its environment, is longer than the system allows",
            hint="write long values to a file and pass the file's path",
        )
    if error.errno == errno.ENOENT:
        hint = f"install it, or put its folder on the PATH ({command.env.get('PATH', 'not set')})"
        return LaunchError(f"the program {program} was not found", hint=hint)
    if error.errno == errno.EACCES:
        return LaunchError(f"{program} in {command.cwd} may not be run: permission denied")
    return LaunchError(f"{program} could not be started: {error.strerror or error}")


def how_it_ended(process: subprocess.Popen[bytes]) -> tuple[int | None, int | None] | None:
    """Return exit code and signal of a process, or None while it runs.

    The process is not reaped where that can be avoided, so that its number stays its own
    until all that it left has been found.
    """
    if process.returncode is None and hasattr(os, "waitid"):
        try:
            ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            # Someone else in this process has collected it; Popen answers 0 in that case.
            return 255, None
        if ended is None:
            return None
        if ended.si_code == os.CLD_EXITED:
            return ended.si_status, None
        return None, ended.si_status
    code = process.poll()
    if code is None:
        return None
    return (code, None) if code >= 0 else (None, -code)


def reap(process: subprocess.Popen[bytes]) -> None:
    """Let the system forget a process that has ended."""
    with contextlib.suppress(ChildProcessError):
        process.wait()


def send_to_group(leader: Leader, number: int) -> None:
    """Send a signal to the command's process group."""
    with contextlib.suppress(OSError):
        os.killpg(leader.pid, number)


def forward(leader: Leader, number: int, *, hold_shell: bool) -> bool:
    """Pass a signal on to the command's process group, so that what can handle it does.

    A shell that waits for a program would be ended by a signal that it does not handle, and
    the run with it, before the program has saved its work. So SIGUSR1 and SIGUSR2, which ask
    nobody to end, are kept from processes that only wait for others; and at a terminal, where
    the end of the session's leader takes the terminal from all others, a shell that leads is
    held until they have ended.

    Args:
        leader: The command.
        number: The signal.
        hold_shell: Whether the leader is held (see above).

    Returns:
        Whether the leader is held now; `release_shell` ends that.
    """
    if number in (signal.SIGUSR1, signal.SIGUSR2):
        _send_to_able(leader, number)
        return False
    held = hold_shell and number != signal.SIGINT and _waits_unprepared(leader, number)
    if held:
        _stop(leader)
    send_to_group(leader, number)
    return held


def _stop(leader: Leader) -> None:
    """Stop the leader, and return when it has stopped: before, another signal overtakes."""
    with contextlib.suppress(OSError):
        os.kill(leader.pid, signal.SIGSTOP)
    end = time.monotonic() + _STOP_TIME
    while time.monotonic() < end:
        process = read_process(leader.pid)
        if process is None or process.state in "TZX":
            return
        time.sleep(0.001)


def release_shell(leader: Leader) -> bool:
    """Let a held shell go on (and so end) if it is alone; return whether it was."""
    if any(p.session == leader.pid for p in find(leader)):
        return False
    with contextlib.suppress(OSError):
        os.kill(leader.pid, signal.SIGCONT)
    return True


def kill(leader: Leader) -> None:
    """Kill the command and all that is known to belong to it."""
    send_to_group(leader, signal.SIGKILL)
    for process in find(leader, with_leader=True):
        send(process, signal.SIGKILL)


def _send_to_able(leader: Leader, number: int) -> None:
    group = [p for p in find(leader, with_leader=True) if p.group == leader.pid]
    if not group:
        send_to_group(leader, number)
    parents = {process.parent for process in group}
    for process in group:
        if process.pid not in parents or _handles(process.pid, number):
            with contextlib.suppress(OSError):
                os.kill(process.pid, number)


def _waits_unprepared(leader: Leader, number: int) -> bool:
    process = read_process(leader.pid)
    if process is None or not _is_shell(process) or _handles(leader.pid, number):
        return False
    return any(p.parent == leader.pid for p in find(leader))


def _is_shell(process: Process) -> bool:
    try:
        program = os.path.basename(os.readlink(f"/proc/{process.pid}/exe"))  # noqa: PTH115, PTH119
    except OSError:
        program = process.name
    return program in _SHELLS


def _handles(pid: int, number: int) -> bool:
    """Return whether a process catches or ignores a signal (proc(5): SigCgt, SigIgn)."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            masks = [int(x.split()[1], 16) for x in file if x.startswith(("SigCgt:", "SigIgn:"))]
    except OSError:
        return False
    return any(mask >> (number - 1) & 1 for mask in masks)
