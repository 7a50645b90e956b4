"""What earlier runs left undone: ends that were not delivered, runs whose mlrun was killed.

Every mlrun that runs something does this beside its command, and every look at the runs does
it first. A run on another machine (with a shared state folder) is left to that machine.
"""

from __future__ import annotations

import os
from time import time

from mlrun import tags
from mlrun.errors import MlrunError
from mlrun.events import Event, EventKind, Listener, ignore
from mlrun.finishing import OUTCOME, PENDING, deliver
from mlrun.run_folder import RunFolder, unsettled
from mlrun.tracking.base import RunEnd, RunStatus, TrackingStore
from mlrun.tracking.target import open_store

ABANDONED = "mlrun itself was killed, and with it the command"


def settle_earlier_runs(listen: Listener = ignore) -> int:
    """Mark runs whose mlrun is gone, and deliver what is pending.

    Args:
        listen: Takes one line for each run that was settled.

    Returns:
        How many runs were settled. What cannot be delivered stays for the next time.
    """
    settled = 0
    unreachable: set[str] = set()
    for folder in unsettled():
        if not _is_from_here(folder) or not folder.try_hold():
            continue
        try:
            settled += _settle(folder, listen, unreachable)
        except OSError:
            continue
        finally:
            folder.let_go()
    return settled


def _settle(folder: RunFolder, listen: Listener, unreachable: set[str]) -> int:
    outcome = folder.read(OUTCOME)
    pending = folder.read(PENDING)
    if outcome is None:
        pending = pending or _abandoned(folder)
        folder.write(OUTCOME, _outcome_of_abandoned(folder, pending))
    if pending is not None and not _deliver(folder, pending, unreachable):
        return 0
    document = folder.read(OUTCOME) or {}
    folder.write(OUTCOME, {**document, "delivered": True})
    folder.settle()
    message = (
        f"run {document.get('run_id')} of an earlier mlrun is recorded as {document.get('status')}"
    )
    listen(Event(EventKind.PROGRESS, message, {"phase": "recovery"}))
    return 1


def _deliver(folder: RunFolder, pending: dict[str, object], unreachable: set[str]) -> bool:
    uri = pending["tracking_uri"]
    if uri in unreachable:
        return False
    try:
        store = open_store(str(uri) if uri else None, dict(os.environ))
    except MlrunError:
        return False
    end = RunEnd(
        run_id=str(pending["run_id"]),
        status=RunStatus(str(pending["status"])),
        end_time=int(str(pending["end_time"])),
        tags=dict(pending["tags"]) if isinstance(pending["tags"], dict) else {},
    )
    try:
        if _has_ended_itself(store, end):
            folder.remove(PENDING)
            return True
        if not deliver(store, folder, end, ignore):
            unreachable.add(str(uri))
            return False
    finally:
        store.close()
    return True


def _has_ended_itself(store: TrackingStore, end: RunEnd) -> bool:
    """Return whether an abandoned run's script had recorded its end before it was killed."""
    if end.tags.get(tags.FAILURE) != ABANDONED:
        return False
    try:
        return store.status(end.run_id) not in (None, RunStatus.RUNNING)
    except MlrunError:
        return False


def _abandoned(folder: RunFolder) -> dict[str, object]:
    owner = folder.read("owner.json") or {}
    plan = folder.read("plan.json") or {}
    return {
        "tracking_uri": plan.get("delivery", {}).get("tracking_uri"),
        "run_id": owner.get("run_id", folder.path.name),
        "status": RunStatus.KILLED.value,
        "end_time": _last_sign_of_life(folder),
        "tags": {tags.FAILURE: ABANDONED},
    }


def _outcome_of_abandoned(folder: RunFolder, pending: dict[str, object]) -> dict[str, object]:
    owner = folder.read("owner.json") or {}
    return {
        "run_id": pending["run_id"],
        "status": pending["status"],
        "exit_code": None,
        "command_exit_code": None,
        "command_signal": None,
        "asked": None,
        "start_time": owner.get("start_time"),
        "end_time": pending["end_time"],
        "tracking_uri": pending["tracking_uri"],
        "experiment_id": None,
        "delivered": False,
        "log": str(folder.log),
        "web_url": None,
        "reason": ABANDONED,
    }


def _last_sign_of_life(folder: RunFolder) -> int:
    """Return when the run was last seen to do something, in milliseconds since the epoch."""
    times = [
        entry.stat().st_mtime
        for entry in (folder.log, folder.path / "events.jsonl")
        if entry.exists()
    ]
    return int(max(times, default=time()) * 1000)


def _is_from_here(folder: RunFolder) -> bool:
    owner = folder.read("owner.json")
    return owner is None or owner.get("host") == os.uname().nodename
