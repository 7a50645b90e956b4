"""How far a fetch is, in one line."""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic

from mlrun.sizes import size_in_words

_WINDOW = 5.0
"""Seconds over which the rate is taken: the past is no good guide for long."""


class Progress:
    """Counts what several threads bring.

    Args:
        total: Bytes of all files, None where that is not known.
        done: Bytes that are there already.
    """

    def __init__(self, total: int | None, done: int = 0) -> None:
        self.total = total
        self.done = done
        self.brought = 0
        self._lock = threading.Lock()
        self._seen = deque([(monotonic(), 0)])

    def add(self, size: int) -> None:
        """Count bytes that came."""
        with self._lock:
            self.done += size
            self.brought += size

    def add_there(self, size: int) -> None:
        """Count bytes that are there from an earlier time."""
        with self._lock:
            self.done += size

    def lose(self, size: int) -> None:
        """Count bytes off that must come again."""
        with self._lock:
            self.done -= size

    def line(self, name: str) -> str:
        """Return where it stands; asked for regularly, since the rate is that of the last time."""
        now, done, brought = monotonic(), self.done, self.brought
        self._seen.append((now, brought))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        since, before = self._seen[0]
        rate = (brought - before) / max(now - since, 0.001)
        parts = [size_in_words(done)]
        if self.total is not None:
            parts = [f"{size_in_words(done)} of {size_in_words(self.total)}"]
        if rate >= 1:
            parts.append(f"{size_in_words(int(rate))}/s")
            if self.total is not None:
                parts.append(f"{time_in_words(max(0, self.total - done) / rate)} left")
        return f"fetching {name}: {', '.join(parts)}"


def time_in_words(seconds: float) -> str:
    """Return a time as people read it: `0.4 s`, `34 s`, `2 min 5 s`, `3 h 20 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
