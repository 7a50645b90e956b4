"""Asking a command to end: by whom, how often, and when patience is over.

Two ways lead here. Signals that mlrun receives ask, and start the grace period; a second
Ctrl-C kills. At a pseudo-terminal Ctrl-C is a key, of which the command's terminal makes a
SIGINT by itself; many programs live on after it (debuggers, prompts), so that no grace period
starts: the second press in a row sends SIGTERM, the third kills.
"""

from __future__ import annotations

import signal
from enum import Enum

ONE_PRESS = 0.25
"""Seconds within which two SIGINT are one: what starts mlrun may pass on the terminal's own."""

IN_A_ROW = 10.0
"""Seconds within which another press of Ctrl-C counts as the next one in a row."""

NOTICE_AFTER = 2.0
"""Seconds after which a command that lives on after Ctrl-C is worth a line."""

_NEVER = float("inf")
_SHELL_SIGINT = 128 + signal.SIGINT


class Answer(Enum):
    """What is to be done."""

    NOTHING = "nothing"
    FORWARD = "forward"
    TERMINATE = "terminate"
    KILL = "kill"


class Asking:
    """How often a command was asked to end.

    Args:
        grace_period: Seconds between asking and killing.

    Attributes:
        number: The signal that asked first, None before.
        kill_at: When to kill, on a monotonic clock.
        notice_at: When to say what another Ctrl-C does.
    """

    def __init__(self, grace_period: float) -> None:
        self.number: int | None = None
        self.kill_at = _NEVER
        self.notice_at = _NEVER
        self._grace_period = grace_period
        self._interrupted_at: float | None = None
        self._pressed_at: float | None = None
        self._presses = 0

    def by_signal(self, number: int, now: float) -> Answer:
        """Note a signal that mlrun received."""
        if number in (signal.SIGUSR1, signal.SIGUSR2):
            return Answer.FORWARD
        if number == signal.SIGINT:
            before, self._interrupted_at = self._interrupted_at, now
            if before is not None:
                return Answer.NOTHING if now - before < ONE_PRESS else Answer.KILL
        self._ask(number, now)
        return Answer.FORWARD

    def by_key(self, now: float) -> Answer:
        """Note a Ctrl-C that the command's terminal makes a signal of."""
        in_a_row = self._pressed_at is not None and now - self._pressed_at < IN_A_ROW
        self._presses = self._presses + 1 if in_a_row else 1
        self._pressed_at = now
        if self._presses == 1:
            self.notice_at = now + NOTICE_AFTER
            return Answer.NOTHING
        self.notice_at = _NEVER
        self._ask(signal.SIGINT, now)
        return Answer.TERMINATE if self._presses == 2 else Answer.KILL

    def asked_before(self, ended: tuple[int | None, int | None], now: float) -> int | None:
        """Return the signal that asked for an end that came now, None if nobody did.

        Args:
            ended: Exit code and signal of the command.
            now: When it ended.
        """
        if self.number is not None or self._pressed_at is None:
            return self.number
        of_it = ended in ((_SHELL_SIGINT, None), (None, signal.SIGINT))
        soon = now - self._pressed_at <= self._grace_period
        return int(signal.SIGINT) if of_it or soon else None

    def patience_until(self) -> float | None:
        """Return until when what was asked may take its time; None if nothing was."""
        if self.number is not None:
            return self.kill_at
        return self._pressed_at + self._grace_period if self._pressed_at is not None else None

    def _ask(self, number: int, now: float) -> None:
        if self.number is None:
            self.number = number
        self.kill_at = min(self.kill_at, now + self._grace_period)
