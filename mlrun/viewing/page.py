"""Which page of MLflow's interface shows a run."""

from __future__ import annotations

import re
from pathlib import Path

from mlrun.errors import MlrunError, RunNotFoundError
from mlrun.run_folder import RunFolder, find
from mlrun.viewing.database_file import reading
from mlrun.viewing.place import Place

_RUN_ID = re.compile(r"[0-9a-f]{32}")


def find_run(word: str) -> tuple[str, str | None]:
    """Return a run's id, and where it is recorded if it was started on this machine.

    Args:
        word: The id; for a run of this machine also its beginning, or `last`.

    Raises:
        RunNotFoundError: None, or several, have that name.
    """
    try:
        folder = find(word)
    except RunNotFoundError:
        if _RUN_ID.fullmatch(word):
            return word, None
        raise
    uri = (folder.read("plan.json") or {}).get("delivery", {}).get("tracking_uri")
    return folder.path.name.partition("-")[0], uri


def page_of(place: Place, base: str, run_id: str | None) -> str:
    """Return the address of a run's page, or of the page that shows all.

    Args:
        place: Where it is recorded.
        base: The address of the interface, without a slash at its end.
        run_id: The run.

    Raises:
        RunNotFoundError: It is not recorded there.
        TrackingError: The place cannot be read.
    """
    if run_id is None:
        return base
    experiment = _experiment_of(place, run_id)
    within = f"/experiments/{experiment}" if experiment is not None else ""
    return f"{base}/#{within}/runs/{run_id}"


def _experiment_of(place: Place, run_id: str) -> str | None:
    """Return the run's experiment, None for a server that did not tell it yet."""
    if place.database is not None:
        found = _in_database(place.database, run_id)
    elif place.folder is not None:
        found = next((p.parent.name for p in place.folder.glob(f"*/{run_id}")), None)
    else:
        return _told_by_server(run_id)
    if found is None:
        raise RunNotFoundError(
            f"there is no run {run_id} in {place.database or place.folder}",
            hint="--tracking-uri names where it is recorded",
        )
    return found


def _in_database(database: Path, run_id: str) -> str | None:
    with reading(database) as connection:
        row = connection.execute(
            "SELECT experiment_id FROM runs WHERE run_uuid = ?", (run_id,)
        ).fetchone()
    return str(row[0]) if row else None


def _told_by_server(run_id: str) -> str | None:
    try:
        folder: RunFolder = find(run_id)
    except MlrunError:
        return None
    experiment = (folder.read("outcome.json") or {}).get("experiment_id")
    return str(experiment) if experiment is not None else None
