"""What earlier runs left undone: ends that were not delivered, runs whose mlrun was killed.

Every mlrun that runs something does this beside its command, and every look at the runs does
it first, for a short while. A run on another machine (with a shared state folder) is left to
that machine. A run with records in its journal is left to `mlrun sync`: they may take long, and
its end comes after them.
"""

from __future__ import annotations

import os
from time import time

from mlrun import tags
from mlrun.errors import MlrunError, TrackingRefusedError, TrackingUnavailableError
from mlrun.finishing import OUTCOME, PENDING, server_ids
from mlrun.run_folder import RunFolder, aged, unborn, unsettled
from mlrun.tracking.base import RunEnd, RunStatus, TrackingStore
from mlrun.tracking.target import open_store

ABANDONED = "mlrun itself was killed, and with it the command"

_SHORTLY = 3.0
_MONTH = 30 * 24 * 3600.0


def settle_shortly() -> None:
    """Do as much of `settle_earlier_runs` as can be done while a person waits."""
    import threading

    thread = threading.Thread(target=settle_earlier_runs, daemon=True)
    thread.start()
    thread.join(_SHORTLY)


def settle_earlier_runs() -> int:
    """Mark runs whose mlrun is gone, end their containers, and deliver what is pending.

    Returns:
        How many runs were settled. What cannot be delivered stays for the next time, unless
        its store has refused it for a month.
    """
    from mlrun.execution.container.attended import clear_traces

    settled = 0
    unreachable: set[str] = set()
    for folder in unsettled():
        if not is_from_here(folder) or not folder.try_hold():
            continue
        try:
            settled += settle_run(folder, unreachable)
        except OSError:
            continue
        finally:
            folder.let_go()
    clear_traces()
    for folder in unborn():
        if folder.try_hold():
            folder.discard()
    for folder in aged():
        if not _has_backlog(folder) and folder.try_hold():
            folder.discard()
    return settled


def settle_run(folder: RunFolder, unreachable: set[str]) -> bool:
    """Deliver a run's end, unless something in its journal comes before it.

    Args:
        folder: Held by the caller.
        unreachable: The targets that did not answer; grows.

    Returns:
        Whether the run is settled.

    Raises:
        OSError: The folder cannot be written.
    """
    outcome = folder.read(OUTCOME)
    pending = folder.read(PENDING)
    _remove_specifications(folder)
    if outcome is None:
        pending = pending or _abandoned(folder)
        outcome = _outcome_of_abandoned(folder, pending)
        folder.write(OUTCOME, outcome)
    if _has_backlog(folder):
        return False
    if outcome.get("delivered") is not True and not was_continued(folder):
        end = _with_real_id(_end_of(pending or outcome), folder)
        recorded = _deliver(outcome.get("tracking_uri"), end, unreachable) if end else None
        if recorded is None:
            if end is None or end.end_time < (time() - _MONTH) * 1000:
                folder.settle()
            return False
        server_run_id = server_ids(folder).get(str(outcome.get("run_id")))
        news = {"status": recorded.value, "delivered": True, "server_run_id": server_run_id}
        folder.write(OUTCOME, {**outcome, **news})
    folder.remove(PENDING)
    folder.settle()
    return True


def _remove_specifications(folder: RunFolder) -> None:
    """Remove what a container's attendant was told and did not come to read: it holds secrets."""
    for file in folder.path.glob("container-*"):
        file.unlink(missing_ok=True)


def _has_backlog(folder: RunFolder) -> bool:
    if not (folder.path / "journal").is_dir():
        return False
    from mlrun.tracking.gateway.journal import has_backlog

    return has_backlog(folder.path)


def _with_real_id(end: RunEnd | None, folder: RunFolder) -> RunEnd | None:
    """Name the run as its server does, where it got its id only after its command had begun."""
    real = server_ids(folder).get(end.run_id) if end is not None else None
    if end is None or real is None:
        return end
    from dataclasses import replace

    return replace(end, run_id=real)


def was_continued(folder: RunFolder) -> bool:
    """Return whether the run went on in a later folder, whose end is the one that counts."""
    run_id, _, number = folder.path.name.partition("-")
    following = int(number) + 1 if number.isdecimal() else 2
    return (folder.path.parent / f"{run_id}-{following}").is_dir()


def _end_of(document: dict[str, object]) -> RunEnd | None:
    """Return the end that a document describes, None if it was damaged."""
    found = document.get("tags")
    try:
        return RunEnd(
            run_id=str(document["run_id"]),
            status=RunStatus(document["status"]),
            end_time=int(str(document["end_time"])),
            tags={str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {},
        )
    except (KeyError, ValueError):
        return None


def _deliver(uri: object, end: RunEnd, unreachable: set[str]) -> RunStatus | None:
    """Record the end of a run; return the status that is recorded, None if none could be."""
    if uri in unreachable:
        return None
    try:
        store = open_store(str(uri) if uri else None, dict(os.environ))
    except MlrunError:
        return None
    try:
        recorded = _status(store, end.run_id)
        if recorded is not None and _stands(recorded, end):
            return recorded
        store.finish(end)
    except TrackingUnavailableError:
        unreachable.add(str(uri))
        return None
    except MlrunError:
        return None
    finally:
        store.close()
    return end.status


def _status(store: TrackingStore, run_id: str) -> RunStatus | None:
    try:
        return store.status(run_id)
    except TrackingRefusedError:
        return None  # who may not read may be allowed to write


def _stands(recorded: RunStatus, end: RunEnd) -> bool:
    """Return whether what the script itself has recorded is to be kept."""
    if end.tags.get(tags.FAILURE) == ABANDONED:
        return recorded is not RunStatus.RUNNING
    return end.status is RunStatus.FINISHED and recorded is RunStatus.FAILED


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
        "server_run_id": None,
        "work_folder": None,
    }


def _last_sign_of_life(folder: RunFolder) -> int:
    """Return when the run was last seen to do something, in milliseconds since the epoch."""
    times = [
        entry.stat().st_mtime
        for entry in (folder.log, folder.path / "events.jsonl")
        if entry.exists()
    ]
    return int(max(times, default=time()) * 1000)


def is_from_here(folder: RunFolder) -> bool:
    """Return whether the run was started on this machine."""
    owner = folder.read("owner.json")
    return owner is None or owner.get("host") == os.uname().nodename
