"""Sends what a journal holds: one window after the other, so that a repetition changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlrun.tracking.gateway.batching import (
    LOG_BATCH,
    MOST_ENTRIES,
    Batch,
    Window,
    batch_of,
    next_window,
)
from mlrun.tracking.gateway.doubts import (
    Histories,
    missing_metrics,
    read_object,
    without_what_is_there,
)
from mlrun.tracking.gateway.identities import Identities
from mlrun.tracking.gateway.journal import Journal
from mlrun.tracking.gateway.paths import endpoint_of
from mlrun.tracking.gateway.probing import absence, described, error_code, is_strange
from mlrun.tracking.gateway.records import Entry
from mlrun.tracking.gateway.trial import Trial

if TYPE_CHECKING:
    from mlrun.tracking.gateway.upstream import Answer, Upstream

Json = dict[str, Any]
MakeRun = Callable[["Upstream", Json], Awaitable[Mapping[str, str]]]
"""Makes a run of its document, and returns its real ids by provisional ones."""

_JSON = {"Content-Type": "application/json"}
_MISSING = "RESOURCE_DOES_NOT_EXIST"
_REFUSALS = frozenset({400, 403, 404, 405, 409, 411, 413, 414, 415, 422, 431, 501})
_UNDOING = "/runs/delete-tag"
_MOST_ALLOWANCE = 8
"""Times the limit of a write."""


class NotNowError(Exception):
    """The server did not take it, and may later.

    Attributes:
        reason: Why, in words.
        answer: What it answered instead, None where nothing came that says something of what
            was sent.
    """

    def __init__(self, reason: str, answer: Answer | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


class Shipping:
    """Delivers one journal to one server, window by window. Not to be used by two tasks.

    Args:
        journal: What waits.
        upstream: The server.
        refused: Called for each entry that the server refuses, with the
            status (0 where it was never asked) and the answer; raises OSError where it cannot
            keep that.
        make_run: Makes a run that could not be made at its start.
    """

    def __init__(
        self,
        journal: Journal,
        upstream: Upstream,
        refused: Callable[[Entry, int, bytes], None],
        make_run: MakeRun | None = None,
    ) -> None:
        self._journal = journal
        self._upstream = upstream
        self._on_refusal = refused
        self._make_run = make_run
        self._identities = Identities(journal.folder)
        # Of a server that fails now and then, not all would ever be learnt in one attempt.
        self._histories: Histories = {}
        # A process that was killed may have sent what comes first.
        self._in_doubt = journal.waiting() > 0
        self._doubt_until = 0
        self._most = MOST_ENTRIES
        self._allowance = 1
        self._trial = Trial(upstream)

    @property
    def is_sifting(self) -> bool:
        """Whether the server works, and what it does not take is being found out."""
        return self._trial.has_passed

    async def ship_next(self) -> bool:
        """Deliver the next window; return False where nothing waits.

        Raises:
            NotNowError: The server does not take it now. It stays in the journal.
        """
        from mlrun.tracking.gateway.upstream import UpstreamAway

        window = await asyncio.to_thread(self._next)
        if window is None:
            return False
        if self._in_doubt:
            self._doubt_until = max(self._doubt_until, window.last)
        self._in_doubt = window.is_doubtful or window.first.number <= self._doubt_until
        try:
            await self._ship_or_give_up(window)
        except UpstreamAway as away:
            if not away.is_settled:  # it may need longer, or less at once
                self._doubt(window)
                self._allowance = min(2 * self._allowance, _MOST_ALLOWANCE)
                self._most = max(1, window.size // 2)
            self._trial.forget()
            raise NotNowError(away.reason) from None
        except BaseException:
            self._doubt(window)
            raise
        self._histories.clear()
        await asyncio.to_thread(self._journal.acknowledge, window.last)
        self._in_doubt = False
        self._allowance = 1
        if self._most == MOST_ENTRIES:
            self._trial.forget()
        self._most = min(2 * self._most, MOST_ENTRIES)
        return True

    def _doubt(self, window: Window) -> None:
        """Take note that the server may have acted on some of it."""
        self._in_doubt = True
        self._doubt_until = max(self._doubt_until, window.last)

    async def _ship_or_give_up(self, window: Window) -> None:
        """Deliver a window; refuse an entry in the server's name that it never gets done."""
        try:
            await self._ship(window)
        except NotNowError as error:
            self._doubt(window)
            if error.answer is None:
                self._trial.forget()
                raise
            status, is_alone = error.answer.status, window.size == 1
            if await self._trial.is_at_fault(window.first, status, alone=is_alone):
                await self._refuse(window.first, status, error.answer.body)
                return
            if self._trial.has_passed:
                self._most = max(1, window.size // 2)
            raise

    def _next(self) -> Window | None:
        entries = map(self._identities.translate, self._journal.entries())
        return next_window(entries, self._most)

    async def _ship(self, window: Window) -> None:
        if window.single is not None:
            await self._ship_single(window.single)
        for batch in window.batches:
            await self._ship_batch(batch)

    async def _ship_single(self, entry: Entry) -> None:
        if entry.kind == "run":
            await self._ship_run(entry)
            return
        if entry.body_file is not None and not entry.body_file.exists():
            await self._refuse(entry, 0, b"the file that was to be sent is gone")
            return
        headers = {"Content-Type": entry.content_type} if entry.content_type else {}
        body: bytes | Path = entry.body_file or entry.body
        if self._in_doubt and isinstance(body, bytes):
            endpoint = endpoint_of(entry.target)
            left = await without_what_is_there(self._ask, endpoint, body, self._histories)
            if left is None:
                return
            body = left
        self._histories.clear()
        answer = await self._send(entry.method, entry.target, headers, body)
        is_refusal = await self._is_refusal(answer)
        if not is_refusal or (self._in_doubt and _was_undone(entry, answer)):
            return
        await self._refuse(entry, answer.status, answer.body)

    async def _ship_run(self, entry: Entry) -> None:
        document = read_object(entry.body) or {}
        if str(document.get("run_id")) in self._identities.known:
            return
        make_run = self._make_run
        if make_run is None:
            raise NotNowError("a run that is still to be made")
        found = await make_run(self._upstream, document)
        try:
            await asyncio.to_thread(self._identities.add, found)
        except OSError as error:
            raise NotNowError(f"the disk takes no more: {error.strerror}") from None

    async def _ship_batch(self, batch: Batch) -> None:
        """Send small writes; where the server refuses them together, find out which."""
        if len(batch.entries) == 1 and not (self._in_doubt and batch.metrics):
            await self._ship_single(batch.entries[0])
            return
        metrics = batch.metrics
        if self._in_doubt and metrics:
            metrics = await missing_metrics(self._ask, batch.run_id, metrics, self._histories)
            if not (metrics or batch.params or batch.tags):
                return
        self._histories.clear()
        answer = await self._send("POST", LOG_BATCH, _JSON, batch.body(metrics))
        # On a file store, MLflow calls a parameter that a batch would change an internal error.
        is_its_rule = answer.status == 500 and error_code(answer.body) is not None
        if (is_its_rule and len(batch.entries) > 1) or await self._is_refusal(answer):
            await self._ship_parts(batch, answer)

    async def _ship_parts(self, batch: Batch, answer: Answer) -> None:
        self._in_doubt = True  # what was refused as a whole may have been done in part
        entries: Sequence[Entry] = batch.entries
        if len(entries) == 1 or error_code(answer.body) == _MISSING:
            for entry in entries:
                await self._refuse(entry, answer.status, answer.body)
            return
        middle = len(entries) // 2
        for part in (entries[:middle], entries[middle:]):
            await self._ship_batch(batch_of(part))

    async def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | Path
    ) -> Answer:
        """Send once; nobody waits here, so a server that is slow gets more time each time."""
        is_file = isinstance(body, Path)
        limit = None if is_file else self._upstream.limits.write * self._allowance
        return await self._upstream.send(method, target, headers, body, limit=limit, repeat=False)

    async def _refuse(self, entry: Entry, status: int, said: bytes) -> None:
        try:
            await asyncio.to_thread(self._on_refusal, entry, status, said)
        except OSError as error:
            raise NotNowError(f"the disk takes no more: {error.strerror}") from None

    async def _ask(self, target: str) -> Json | None:
        answer = await self._upstream.send("GET", target)
        if answer.is_outage:  # which says nothing of what is to be written
            raise NotNowError(f"answered {answer.status}")
        return None if await self._is_refusal(answer) else read_object(answer.body)

    async def _is_refusal(self, answer: Answer) -> bool:
        """Return whether the server says no for good.

        Raises:
            NotNowError: It says neither yes nor no, or it is not the server that says it.
        """
        if answer.is_outage:
            raise NotNowError(f"answered {answer.status}", answer)
        if is_strange(answer.status, answer.body):
            is_final = answer.status in _REFUSALS
            if not is_final or await absence(self._upstream) is not None:
                raise NotNowError(described(answer.status))
        return not 200 <= answer.status < 300


def _was_undone(entry: Entry, answer: Answer) -> bool:
    """Return whether what was to be removed is gone already."""
    is_undoing = entry.method == "DELETE" or entry.target.endswith(_UNDOING)
    return is_undoing and answer.status == 404
