"""Reads what a `git` process writes, and ends it when it stands still or mlrun is to end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import IO

_TICK = 0.2
_LOOK = 1.0
"""Seconds between two looks at what a silent process does."""

_PATIENCE = 2.0
"""Seconds in which nothing comes before that is said."""

_TERM_TIME = 2.0
"""Seconds that git has to take its lock files away, before it is killed."""

_KILL_LOOK = 0.01
_KILL_LOOKS = 100

_CHUNK = 65536


class StalledError(Exception):
    """A process has done nothing for too long, and was ended.

    Attributes:
        seconds: For how long.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Watch:
    """How long a process has stood still.

    Args:
        pid: The process.
        limit: Seconds after which that is too long.
        may_ask: Whether a person may be asked, whose time does not count.
        repository: The Git folder that it fetches into, if it does.
        notice: Called once, when that is long enough to make a person wonder.
    """

    def __init__(
        self,
        pid: int,
        limit: float,
        *,
        may_ask: bool,
        repository: Path | None = None,
        notice: Callable[[], object] | None = None,
    ) -> None:
        self._pid = pid
        self._limit = limit
        self._may_ask = may_ask
        self._repository = repository
        self._notice = notice
        self._still = self._since_look = 0.0
        self._last = monotonic()
        self._look = self._first_look

    def heard(self) -> None:
        """Note that the process wrote something."""
        self._still = 0.0
        self._last = monotonic()

    def check(self) -> None:
        """Note that it did not.

        Raises:
            StalledError: It has done nothing for too long.
        """
        now = monotonic()
        # Time in which this process itself was stopped is not the server's.
        passed, self._last = min(now - self._last, 2 * _TICK), now
        self._still += passed
        self._since_look += passed
        if self._since_look < min(_LOOK, self._limit / 2):
            return
        if self._look(self._since_look):
            self._still = 0.0
        self._since_look = 0.0
        if self._still >= self._limit:
            raise StalledError(self._limit)
        if self._notice is not None and self._still >= _PATIENCE:
            self._notice()
            self._notice = None

    def _first_look(self, seconds: float) -> bool:
        from mlrun.sources.git.server.activity import Activity

        activity = Activity(self._pid, self._repository)

        def look(seconds: float) -> bool:
            return activity.has_moved(seconds) or (self._may_ask and activity.is_asking())

        self._look = look
        return look(seconds)


def follow(
    process: subprocess.Popen[bytes],
    readers: Mapping[IO[bytes], Callable[[bytes], object]],
    watch: Watch,
    *,
    leads_group: bool,
) -> int:
    """Read what a process writes until it has ended, and return its exit code.

    Args:
        process: The process.
        readers: For each of its pipes what takes the bytes as they come.
        watch: Says when it has stood still for too long.
        leads_group: Whether its children are in a process group of its own.

    Raises:
        StalledError: It stood still, and was ended.
    """
    try:
        with selectors.DefaultSelector() as selector:
            for stream, take in readers.items():
                selector.register(stream, selectors.EVENT_READ, take)
            _read(process, selector, watch)
        return process.wait()
    except BaseException:
        _end(process, leads_group)
        raise
    finally:
        for stream in readers:
            stream.close()


def _read(process: subprocess.Popen[bytes], selector: selectors.BaseSelector, watch: Watch) -> None:
    """Read until the end of all pipes, or of the process.

    What it leaves in the background (the shared connection of ssh) may keep the pipes open.
    """
    while selector.get_map():
        has_ended = process.poll() is not None
        ready = selector.select(0 if has_ended else _TICK)
        for key, _ in ready:
            data = os.read(key.fd, _CHUNK)
            if data:
                key.data(data)
            else:
                selector.unregister(key.fileobj)
        if ready:
            watch.heard()
        elif has_ended:
            return
        else:
            watch.check()


def _end(process: subprocess.Popen[bytes], leads_group: bool) -> None:
    try:
        _send(process, signal.SIGTERM, leads_group)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_TERM_TIME)
    finally:
        _send(process, signal.SIGKILL, leads_group)
        process.kill()
        process.wait()
        if leads_group:
            _wait_for_group(process.pid)


def _wait_for_group(leader: int) -> None:
    """Wait until what was killed is gone, so that it writes nothing any more."""
    from mlrun.execution.leftovers import list_processes

    for _ in range(_KILL_LOOKS):
        if not any(p.group == leader and p.state not in "ZX" for p in list_processes()):
            return
        sleep(_KILL_LOOK)


def _send(process: subprocess.Popen[bytes], number: int, leads_group: bool) -> None:
    with contextlib.suppress(OSError):
        if leads_group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
