"""What mlrun is told while a command runs: signals, and calls from other threads.

All arrive as bytes in one pipe, in their order, so that one loop can wait for them together
with the command's output: a signal's number, or 0 for a cancellation.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType
from typing import Any

CANCEL = 0

FORWARDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_WATCHED = (*FORWARDED, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the interpreter has written the number to the pipe already."""


class Inbox:
    """The pipe, and the signal handlers that fill it."""

    def __init__(self) -> None:
        self.fd, self._write_fd = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._write_fd, False)
        self._before: dict[int, Any] = {}
        self._wakeup_before = -1

    def __del__(self) -> None:
        os.close(self.fd)
        os.close(self._write_fd)

    @property
    def catching(self) -> bool:
        """Whether signals arrive here."""
        return bool(self._before)

    def catch(self) -> None:
        """Take over the signals; does nothing outside the main thread.

        A signal that is ignored (by `nohup`, or in a shell's background) stays ignored.
        """
        if self.catching or threading.current_thread() is not threading.main_thread():
            return
        self._wakeup_before = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        for number in _WATCHED:
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, _noted)

    def release(self) -> None:
        """Give the signals back to whoever had them."""
        if not self.catching or threading.current_thread() is not threading.main_thread():
            return
        for number, handler in self._before.items():
            # None: the handler was not set by Python, and cannot be set by it again.
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._before.clear()
        signal.set_wakeup_fd(self._wakeup_before)

    def catches(self, number: int) -> bool:
        """Return whether this signal arrives here."""
        return number in self._before

    def cancel(self) -> None:
        """Leave a cancellation. Safe in any thread and in a signal handler."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._write_fd, bytes([CANCEL]))

    def take(self) -> bytes:
        """Return what has arrived, each signal's number or `CANCEL`."""
        try:
            return os.read(self.fd, 4096)
        except BlockingIOError:
            return b""

    def stop_this_process(self, *, whole_group: bool) -> None:
        """Stop as if nothing caught SIGTSTP, and return when continued.

        Args:
            whole_group: Whether whoever started mlrun in its process group (make, time) stops
                too, as after a Ctrl-Z at the terminal.
        """
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        try:
            if whole_group:
                os.killpg(os.getpgrp(), signal.SIGTSTP)
            else:
                os.kill(os.getpid(), signal.SIGTSTP)
        finally:
            signal.signal(signal.SIGTSTP, _noted)
