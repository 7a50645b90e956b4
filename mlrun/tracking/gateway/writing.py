"""Writes to a local database, many in one transaction.

What is asked for at one moment is committed at once, and answered after that. The event loop
does it itself while that is quick; else a thread does, in the same order, and what comes
meanwhile is gathered for its next transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

from mlrun.tracking.database.api_error import UNAVAILABLE, ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Operation
from mlrun.tracking.database.session import Database, Session
from mlrun.tracking.gateway.workers import Workers

PATIENCE = 8.0
"""Seconds that a write waits for other writers: then the client is told to come again. The
clients of long ago give up after ten."""

_QUICK = 0.02
"""Seconds: a commit that takes longer (a disk without write-ahead log) goes to the thread."""

_SLOW_FOR = 1.0
"""Seconds after which the loop tries again itself."""

_AT_ONCE = 256
"""Writes in one transaction at most: others want to write too."""


@dataclass(frozen=True, slots=True)
class Write:
    """One request that writes, and who waits for its answer."""

    operation: Operation
    message: Message
    answer: asyncio.Future[Json]


class Writer:
    """Writes in the order of asking.

    Args:
        database: The loop's own.
        open_database: Opens another, for the thread.
    """

    def __init__(self, database: Database, open_database: Callable[[], Database]) -> None:
        self._database = database
        self._thread: Workers[Database] = Workers(open_database, Database.close, 1)
        self._loop = asyncio.get_running_loop()
        self._gathered: list[Write] = []
        self._waiting = 0
        self._in_thread: asyncio.Task[None] | None = None
        self._quick_from = 0.0
        self._idle = asyncio.Event()
        self._idle.set()

    async def write(self, operation: Operation, message: Message) -> Json:
        """Return an operation's answer, after it was committed.

        Raises:
            ApiError: It was refused.
        """
        write = Write(operation, message, self._loop.create_future())
        if not self._gathered and self._in_thread is None:
            # In the next turn: what else is ready in this one comes along.
            self._loop.call_soon(self._commit)
        self._gathered.append(write)
        self._waiting += 1
        self._idle.clear()
        return await write.answer

    async def finish(self, patience: float | None) -> int:
        """Wait for all that was asked, and return how many writes are not committed yet."""
        try:
            await asyncio.wait_for(self._idle.wait(), patience)
        except asyncio.TimeoutError:
            return self._waiting
        return 0

    async def close(self) -> None:
        """Let the thread end."""
        await self._thread.close()

    def _commit(self) -> None:
        """Commit what was gathered, here or in the thread."""
        if self._in_thread is not None or not self._gathered:
            return
        started = monotonic()
        if started >= self._quick_from:
            writes = self._gathered[:_AT_ONCE]
            try:
                outcomes = write_together(self._database, writes, 0)
            except ApiError:
                pass  # somebody else writes
            else:
                del self._gathered[: len(writes)]
                self._settle(writes, outcomes)
                if monotonic() - started > _QUICK:
                    self._quick_from = monotonic() + _SLOW_FOR
                if self._gathered:
                    self._loop.call_soon(self._commit)
                return
        self._in_thread = self._loop.create_task(self._commit_in_thread())

    async def _commit_in_thread(self) -> None:
        """Commit in the thread until nothing is left."""
        try:
            while self._gathered:
                writes, self._gathered = self._gathered[:_AT_ONCE], self._gathered[_AT_ONCE:]
                try:
                    outcomes = await self._thread.run(
                        partial(write_together, writes=writes, patience=PATIENCE)
                    )
                except Exception as error:
                    outcomes = [error] * len(writes)
                self._settle(writes, outcomes)
        finally:
            self._in_thread = None

    def _settle(self, writes: Sequence[Write], outcomes: Sequence[Json | Exception]) -> None:
        for write, outcome in zip(writes, outcomes, strict=True):
            if write.answer.done():
                continue
            if isinstance(outcome, Exception):
                write.answer.set_exception(outcome)
            else:
                write.answer.set_result(outcome)
        self._waiting -= len(writes)
        if not self._waiting:
            self._idle.set()


def write_together(
    database: Database, writes: Sequence[Write], patience: float | None
) -> list[Json | Exception]:
    """Do several writes in one transaction; what one of them raises undoes that one alone.

    Returns:
        For each the answer, or what it raised.

    Raises:
        ApiError: The database is locked; nothing was done.
    """
    try:
        return _write_in_one_transaction(database, writes, patience)
    except ApiError as error:
        if is_locked(error):
            raise
        failure: Exception = error
    except Exception as error:
        failure = error
    if len(writes) == 1 or is_full(failure):
        return [failure] * len(writes)
    return [_write_alone(database, write, patience) for write in writes]


def is_locked(error: ApiError) -> bool:
    """Return whether others were writing."""
    return error.code == UNAVAILABLE and not is_full(error)


def is_full(error: Exception) -> bool:
    """Return whether there is no room on the disk, or no disk."""
    return any(reason in str(error.__cause__) for reason in ("disk is full", "disk I/O error"))


def _write_alone(database: Database, write: Write, patience: float | None) -> Json | Exception:
    try:
        return _write_in_one_transaction(database, [write], patience)[0]
    except Exception as error:  # others of the same batch may be done: this one has its answer
        return error


def _write_in_one_transaction(
    database: Database, writes: Sequence[Write], patience: float | None
) -> list[Json | Exception]:
    with database.writing(patience) as session:
        return [_write(session, write) for write in writes]


def _write(session: Session, write: Write) -> Json | Exception:
    try:
        with session.part():
            return write.operation(session, write.message)
    except sqlite3.Error:
        raise  # the whole transaction may be undone: the disk is full, the file is damaged
    except Exception as error:
        return error
