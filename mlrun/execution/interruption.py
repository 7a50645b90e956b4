"""Being asked to end while no command runs yet."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_EXIT_CTRL_C = 130


class Interrupted(BaseException):
    """mlrun itself was asked to end by a signal.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """The shell's code for a process that a signal ended."""
        return 128 + self.number


class Deferral:
    """While in this context, a first signal waits: what was begun is brought to its end.

    A second signal interrupts at once. Outside the main thread nothing is changed, and signals
    that would end or spare the process without Python are left as they are.

    Args:
        notice: Called when a signal has come.
    """

    def __init__(self, notice: Callable[[], None]) -> None:
        self._notice = notice
        self._before: dict[int, Callable[[int, FrameType | None], object]] = {}
        self._asked: int | None = None

    def __enter__(self) -> Deferral:
        """Catch the signals."""
        if threading.current_thread() is threading.main_thread():
            for number in _available("SIGINT", "SIGTERM", "SIGHUP"):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._before[number] = handler
                    signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def end(self) -> None:
        """Do what the signal that waited would have done, if one did."""
        if self._asked is not None:
            self._before[self._asked](self._asked, None)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._asked is not None:
            self._before[number](number, frame)
        self._asked = number
        self._notice()


def exit_code_after(interruption: Interrupted | KeyboardInterrupt) -> int:
    """Return what mlrun exits with when it was asked to end before its command ran."""
    return interruption.exit_code if isinstance(interruption, Interrupted) else _EXIT_CTRL_C


def _available(*names: str) -> list[int]:
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted(number)


@contextmanager
def signals_raise() -> Iterator[None]:
    """Turn TERM and HUP into `Interrupted` while in the context; Ctrl-C is Python's own.

    A signal that is ignored (by `nohup`) stays ignored.
    """
    numbers = _available("SIGTERM", "SIGHUP")
    before = {n: signal.getsignal(n) for n in numbers if signal.getsignal(n) == signal.SIG_DFL}
    try:
        for number in before:
            signal.signal(number, _raise)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
