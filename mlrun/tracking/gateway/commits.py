"""Group commit: whoever wants something promised while the disk is busy shares the next write."""

from __future__ import annotations

import asyncio

from mlrun.tracking.gateway.journal import Journal, JournalFullError
from mlrun.tracking.gateway.records import Draft, Entry

_Wanted = tuple[Draft, "asyncio.Future[Entry]"]


class Commits:
    """Promises drafts in the order in which they come, without blocking the event loop.

    Args:
        journal: Takes them.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._wanted: list[_Wanted] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way to the disk."""
        return self._task is not None

    async def promise(self, draft: Draft) -> Entry:
        """Return when the draft is on the disk.

        Raises:
            JournalFullError: It is not promised.
        """
        future: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self._wanted.append((draft, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await future

    async def settle(self) -> None:
        """Wait until nothing is on its way."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _work(self) -> None:
        try:
            while self._wanted:
                taken, self._wanted = self._wanted, []
                await self._commit(taken)
        finally:
            self._task = None

    async def _commit(self, taken: list[_Wanted]) -> None:
        try:
            drafts = [draft for draft, _ in taken]
            entries = await asyncio.to_thread(self._journal.append_all, drafts)
        except JournalFullError as error:
            self._refuse(taken, error)
        except BaseException as error:
            self._refuse(taken, error)
            raise
        else:
            for (_, future), entry in zip(taken, entries, strict=True):
                if not future.done():
                    future.set_result(entry)

    def _refuse(self, taken: list[_Wanted], error: BaseException) -> None:
        for _, future in taken:
            if not future.done():
                future.set_exception(error)
