"""Brings a command to run: its log, its terminal or pipes, its process, its guardian."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import NamedTuple

from mlrun.errors import LaunchError
from mlrun.execution.capture import Log, Output
from mlrun.execution.command import Command
from mlrun.execution.guardian import Guardian, post_guardian
from mlrun.execution.inbox import Inbox
from mlrun.execution.leftovers import Leader, leader_of
from mlrun.execution.process import Streams, start
from mlrun.execution.terminal import Terminal, open_terminal


class Voice:
    """Says lines to the user, on a terminal that may be raw. A lost line loses nothing else.

    Args:
        notify: Takes a line.
    """

    def __init__(self, notify: Callable[[str], None]) -> None:
        self.terminal: Terminal | None = None
        self._notify = notify

    def __call__(self, line: str) -> None:
        """Say a line."""
        lent = self.terminal.as_it_was() if self.terminal else contextlib.nullcontext()
        with lent, contextlib.suppress(OSError, ValueError):
            self._notify(line)


class Launched(NamedTuple):
    """A command that runs, and all that was opened for it."""

    command: Command
    process: subprocess.Popen[bytes]
    leader: Leader
    inbox: Inbox
    terminal: Terminal | None
    output: Output
    log: Log
    guardian: Guardian | None
    say: Voice


def launch(command: Command, notify: Callable[[str], None]) -> Launched:
    """Start a command, and return at once.

    Args:
        command: What to start.
        notify: Takes a line for the user, then and later.

    Raises:
        LaunchError: It could not be started, or its log not be opened.
    """
    say = Voice(notify)
    with contextlib.ExitStack() as undo:
        log = _open_log(command, say)
        undo.callback(log.close)
        inbox = Inbox()
        undo.callback(inbox.release)
        if command.own_process:
            _own_signals(inbox)
        terminal = say.terminal = open_terminal(wanted=_may_have_terminal(command))
        process, stdout, stderr = _start(command, terminal)
        undo.pop_all()
    leader = leader_of(process.pid, command.mark)
    return Launched(
        command=command,
        process=process,
        leader=leader,
        inbox=inbox,
        terminal=terminal,
        output=Output(
            stdout,
            stderr,
            stdout_to_stderr=command.stdout_to_stderr,
            log=log,
            notify=say,
            secrets=command.secrets,
        ),
        log=log,
        guardian=post_guardian(leader, command.trace),
        say=say,
    )


def _open_log(command: Command, say: Voice) -> Log:
    try:
        return Log(command.log, say)
    except OSError as error:
        message = f"the log {command.log} cannot be written: {error.strerror}"
        raise LaunchError(message) from error


def _own_signals(inbox: Inbox) -> None:
    """Catch signals from before the start on, so that none ends mlrun without its command."""
    inbox.catch()
    if inbox.catching and signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        # Inherited from whoever started mlrun; the system would then keep no exit codes.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _may_have_terminal(command: Command) -> bool:
    """Only the main thread learns of a new size and of Ctrl-Z, so only it may have one."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    return command.terminal and not command.stdout_to_stderr and in_main_thread


def _start(
    command: Command, terminal: Terminal | None
) -> tuple[subprocess.Popen[bytes], int, int | None]:
    """Start the process; return it with the ends to read its output from."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    theirs: list[int] = []
    ours: list[int] = []
    try:
        streams = _streams(terminal, ours, theirs)
        process = start(command, streams)
    except BaseException:
        _close_all(ours)
        if terminal is not None:
            terminal.close()
        raise
    finally:
        _close_all(theirs)
    return process, ours[0], ours[1] if len(ours) > 1 else None


def _streams(terminal: Terminal | None, ours: list[int], theirs: list[int]) -> Streams:
    """Return what the command gets; the ends that we read from, standard output's first."""
    if terminal is None:
        return Streams(None, _pipe(ours, theirs), _pipe(ours, theirs))
    ours.append(terminal.master)
    stdin = terminal.slave if terminal.interactive else None
    merged = sys.__stderr__ is not None and os.isatty(2)
    stderr = terminal.slave if merged else _pipe(ours, theirs)
    return Streams(stdin, terminal.slave, stderr, controlling=terminal.interactive)


def _pipe(ours: list[int], theirs: list[int]) -> int:
    read_end, write_end = os.pipe()
    ours.append(read_end)
    theirs.append(write_end)
    return write_end


def _close_all(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
