"""Delivers a journal: beside the command as soon as the server is back, and at the end.

Whoever writes asks `is_behind`: while something waits, or is on its way to the disk, what follows
has to be kept too, or it would overtake. It is asked and acted on within one turn of the event
loop, so that there is no moment in between: a client that waits for its answers has its order
kept.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from mlrun.tracking.gateway.commits import Commits
from mlrun.tracking.gateway.identities import Identities
from mlrun.tracking.gateway.journal import Journal
from mlrun.tracking.gateway.records import Draft, Entry
from mlrun.tracking.gateway.refused import Refused
from mlrun.tracking.gateway.shipping import MakeRun, NotNowError, Shipping

if TYPE_CHECKING:
    from mlrun.tracking.gateway.upstream import Upstream

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0
_LONGEST_PAUSE_AT_END = 2.0
_SAID = 200


class Delivery:
    """Keeps what cannot be sent now, and sends it in order when it can be.

    Made anywhere, used in one event loop.

    Args:
        journal: Where it is kept.
        upstream: The server.
        notify: Takes a line for the user.
        make_run: Makes a run that could not be made at its start.

    Attributes:
        journal: Where it is kept.
        refused: How many entries the server refused.
        reason: Why the last attempt failed, None after one that did not.
    """

    def __init__(
        self,
        journal: Journal,
        upstream: Upstream,
        notify: Callable[[str], None],
        make_run: MakeRun | None = None,
    ) -> None:
        self.journal = journal
        self.refused = 0
        self.reason: str | None = None
        self._upstream = upstream
        self._notify = notify
        self._shipping = Shipping(journal, upstream, self._refuse, make_run)
        self._list = Refused(journal.folder)
        self._commits = Commits(journal)
        self._something = asyncio.Event()
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._longest_pause = _LONGEST_PAUSE
        self._task: asyncio.Task[None] | None = None

    @property
    def is_behind(self) -> bool:
        """Whether a write must be kept now, since others wait that came before it."""
        return self._commits.is_busy or self.journal.waiting() > 0

    def start(self) -> None:
        """Begin to deliver, in the running event loop."""
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def keep(self, draft: Draft) -> Entry:
        """Return when a write is safe on the disk.

        Raises:
            JournalFullError: It is not.
        """
        entry = await self._commits.promise(draft)
        self._idle.clear()
        self._something.set()
        return entry

    def wake(self) -> None:
        """Take note that the server is there: try at once."""
        self._woken.set()

    async def finish(self, patience: float | None) -> int:
        """Deliver for a while, and return how many entries are left over.

        Args:
            patience: Seconds; None without limit.
        """
        await self._commits.settle()
        if self.journal.waiting():
            self._longest_pause = _LONGEST_PAUSE_AT_END
            self._idle.clear()
            self._something.set()
            self.start()
            self.wake()
            await _wait_for(self._idle, patience)
        await self._stop()
        return self.journal.waiting()

    async def close(self) -> None:
        """Stop, and let others have the journal; what waits stays in it."""
        await self._stop()
        await self._commits.settle()
        if self._list.path.exists() or Identities(self.journal.folder).known:
            self.journal.close()
        else:
            self.journal.remove()

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _work(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._woken.clear()
            try:
                if not await self._shipping.ship_next():
                    await self._wait_for_something()
            except Exception as error:  # whatever it is, what waits is tried again
                self.reason = error.reason if isinstance(error, NotNowError) else repr(error)
                jitter = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
                await _wait_for(self._woken, min(pause, self._longest_pause) * jitter)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self.reason = None
                pause = _FIRST_PAUSE

    async def _wait_for_something(self) -> None:
        self._something.clear()
        if self.journal.waiting():
            return
        self._idle.set()
        await self._something.wait()

    def _refuse(self, entry: Entry, status: int, said: bytes) -> None:
        self._list.add(entry, status, said)
        self.refused += 1
        if self.refused == 1:
            words = " ".join(said.decode("utf-8", "replace").split())[:_SAID]
            self._notify(
                f"the tracking server {self._upstream.base} refused what was kept for it: "
                f"{entry.method} {entry.target.partition('?')[0]}: {words} ({status}); "
                f"all such records are in {self._list.path}"
            )


async def _wait_for(event: asyncio.Event, seconds: float | None) -> None:
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
