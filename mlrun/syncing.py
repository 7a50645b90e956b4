"""Delivers what earlier runs could not: first what is in a run's journal, then the run's end.

Credentials are those of whoever asks, as for a run. What a live mlrun holds is left to it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from mlrun import run_folder
from mlrun.errors import MlrunError
from mlrun.finishing import OUTCOME, PENDING
from mlrun.recovery import is_from_here, settle_run, was_continued
from mlrun.run_folder import RunFolder
from mlrun.tracking.gateway.journal import FOLDER, Journal, journal_of, look
from mlrun.tracking.gateway.provisional import make_run
from mlrun.tracking.gateway.refused import Refused
from mlrun.tracking.gateway.shipping import NotNowError, Shipping
from mlrun.tracking.gateway.upstream import Upstream

_TRIES = 3
_PAUSE = 0.5

Progress = Callable[[int], None]
"""Takes how many records of the run are still to be delivered."""


class Sync(str, Enum):
    """What became of a run's records."""

    DELIVERED = "delivered"
    RUNNING = "running"
    ELSEWHERE = "elsewhere"
    AWAY = "away"
    FAILED = "failed"


@dataclass(frozen=True)
class Undelivered:
    """A run whose target has not got all of it.

    Attributes:
        folder: The run's.
        run_id: As it was known here.
        target: Where it is recorded.
        records: How many wait; the run's end is one.
        size: Bytes in the journal.
        since: When the first was kept, in milliseconds since the epoch.
        refused: How many the target did not take when they were delivered.
        is_running: Whether a live mlrun holds the run.
    """

    folder: RunFolder
    run_id: str
    target: str
    records: int
    size: int
    since: int | None
    refused: int
    is_running: bool


@dataclass(frozen=True)
class Synced:
    """What `sync` has done for one run.

    Attributes:
        run: Which.
        what: How it went.
        left: How many records are still here.
        refused: How many were refused, this time.
        reason: Why something is left.
        server_run_id: The id that the server gave the run, where it is not the one known here.
    """

    run: Undelivered
    what: Sync
    left: int
    refused: int = 0
    reason: str | None = None
    server_run_id: str | None = None


def find_undelivered(names: Iterable[str] = ()) -> list[Undelivered]:
    """Return the runs with something undelivered or refused, the oldest first.

    Args:
        names: Of runs, as `mlrun runs` takes them; all, if there are none.

    Raises:
        RunNotFoundError: There is no such run.
    """
    wanted = {run_folder.find(name).path.name.partition("-")[0] for name in names}
    folders = [
        folder
        for folder in run_folder.newest_first()
        if not wanted or folder.path.name.partition("-")[0] in wanted
    ]
    found = [run for folder in reversed(folders) if (run := _look_at(folder)) is not None]
    return [run for run in found if run.records or run.refused]


def sync(
    runs: Iterable[Undelivered], progress: Callable[[Undelivered, int], None]
) -> Iterator[Synced]:
    """Deliver what these runs have left; each is yielded when it is done.

    Args:
        runs: As `find_undelivered` gives them.
        progress: Takes a run, and how many records it has still to deliver.
    """
    away: dict[str, str] = {}
    for run in runs:
        if not run.records:
            continue
        if run.target in away:
            yield Synced(run, Sync.AWAY, run.records, reason=away[run.target])
            continue
        synced = _sync_run(run, partial(progress, run))
        if synced.what is Sync.AWAY and synced.reason is not None:
            away[run.target] = synced.reason
        yield synced


def _look_at(folder: RunFolder) -> Undelivered | None:
    journal = folder.path / FOLDER
    has_journal = journal.is_dir()
    if not has_journal and not folder.is_open:
        return None
    is_running = not _can_hold(folder)
    outcome = folder.read(OUTCOME) or {}
    is_ended = outcome.get("delivered") is True or not folder.is_open or was_continued(folder)
    backlog = look(journal)
    owner = folder.read("owner.json") or {}
    since = backlog.since or outcome.get("end_time") or owner.get("start_time")
    return Undelivered(
        folder=folder,
        run_id=str(owner.get("run_id", folder.path.name)),
        target=_target_of(folder),
        records=backlog.records + (not is_ended and not is_running),
        size=backlog.size,
        since=since,
        refused=len(Refused(journal).list()),
        is_running=is_running,
    )


def _target_of(folder: RunFolder) -> str:
    plan = folder.read("plan.json") or {}
    known = folder.read(PENDING) or folder.read(OUTCOME) or plan.get("delivery") or {}
    return str(known.get("tracking_uri") or "")


def _can_hold(folder: RunFolder) -> bool:
    held = folder.try_hold()
    folder.let_go()
    return held


def _sync_run(run: Undelivered, progress: Progress) -> Synced:
    folder = run.folder
    if not is_from_here(folder):
        host = (folder.read("owner.json") or {}).get("host")
        return Synced(run, Sync.ELSEWHERE, run.records, reason=f"it was started on {host}")
    if not folder.try_hold():
        return Synced(run, Sync.RUNNING, run.records)
    try:
        left, reason = _deliver_journal(run, progress)
        if left == 0 and reason is None:
            reason = _deliver_end(run)
    except (OSError, MlrunError) as error:
        message = error.message if isinstance(error, MlrunError) else str(error)
        now = _look_at(folder)
        return Synced(run, Sync.FAILED, now.records if now else 0, reason=message)
    finally:
        folder.let_go()
    now = _look_at(folder)
    refused = now.refused - run.refused if now else 0
    if reason is None:
        real = (folder.read(OUTCOME) or {}).get("server_run_id")
        return Synced(run, Sync.DELIVERED, 0, refused, server_run_id=real)
    return Synced(run, Sync.AWAY, now.records if now else left, refused, reason)


def _deliver_journal(run: Undelivered, progress: Progress) -> tuple[int, str | None]:
    """Return how many records are left in the journal, and why."""
    journal = journal_of(run.folder.path)
    if journal is None:
        return 0, None
    try:
        if not journal.waiting():
            return 0, None
        upstream = Upstream(run.target, os.environ)
        reason = asyncio.run(_ship(journal, upstream, progress))
        return journal.waiting(), reason
    finally:
        journal.close()


async def _ship(journal: Journal, upstream: Upstream, progress: Progress) -> str | None:
    """Deliver a journal; return why something is left, None where nothing is."""
    shipping = Shipping(journal, upstream, Refused(journal.folder).add, make_run)
    tries, reason = 0, None
    try:
        while tries < _TRIES:
            reason = await _ship_next(shipping)
            if reason is not None:
                tries = 0 if shipping.is_sifting else tries + 1
                await asyncio.sleep(_PAUSE)
            elif not journal.waiting():
                return None
            else:
                tries = 0
                progress(journal.waiting())
    finally:
        await upstream.close()
    return reason


async def _ship_next(shipping: Shipping) -> str | None:
    try:
        await shipping.ship_next()
    except NotNowError as error:
        return error.reason
    return None


def _deliver_end(run: Undelivered) -> str | None:
    """Record the run's end; return why it could not be, None where it is."""
    folder = run.folder
    if folder.is_open:
        unreachable: set[str] = set()
        if not settle_run(folder, unreachable):
            return "gave no answer" if unreachable else "did not take the run's end"
    journal = journal_of(folder.path)
    if journal is not None and not run.refused and not Refused(journal.folder).list():
        journal.remove()
    elif journal is not None:
        journal.close()
    return None
