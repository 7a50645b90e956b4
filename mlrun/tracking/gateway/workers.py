"""Threads beside the event loop, that the interpreter's end does not wait for.

`concurrent.futures` joins its threads at the interpreter's end: a file on a network that does
not answer would hold mlrun back.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

Tool = TypeVar("Tool")
Result = TypeVar("Result")

_LAST_JOBS = 0.5
"""Seconds that the threads have to end."""

_Job = tuple["asyncio.Future[Any]", Callable[[Any], Any]]


class Workers(Generic[Tool]):
    """Threads that each have a tool of their own, such as a connection.

    Args:
        make: Makes a tool, in the thread that uses it.
        discard: Lets go of it, in the same thread.
        count: How many threads there may be; each is started when it is first needed.
    """

    def __init__(
        self, make: Callable[[], Tool], discard: Callable[[Tool], None], count: int
    ) -> None:
        self._make = make
        self._discard = discard
        self._count = count
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Semaphore(0)

    async def run(self, job: Callable[[Tool], Result]) -> Result:
        """Do a job in one of the threads, and return what it returns."""
        if self._busy >= self._threads < self._count:
            threading.Thread(target=self._work, name="gateway-worker", daemon=True).start()
            self._threads += 1
        self._busy += 1
        future: asyncio.Future[Result] = self._loop.create_future()
        self._jobs.put((future, job))
        try:
            return await future
        finally:
            self._busy -= 1

    async def close(self) -> None:
        """Let the threads end when they have done what they were given.

        That is waited for, but not for long: who closes may move the file away next.
        """
        for _ in range(self._threads):
            self._jobs.put(None)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._all_ended(), _LAST_JOBS)

    async def _all_ended(self) -> None:
        for _ in range(self._threads):
            await self._ended.acquire()

    def _work(self) -> None:
        tool: Tool | None = None
        while (given := self._jobs.get()) is not None:
            future, job = given
            try:
                tool = self._make() if tool is None else tool
                result, error = job(tool), None
            except BaseException as failure:
                result, error = None, failure
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(_settle, future, result, error)
            del given, future, job, result, error
        try:
            if tool is not None:
                self._discard(tool)
        finally:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.release)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
