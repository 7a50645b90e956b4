"""MLflow's operations on runs, and a whole run as its answers have it."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.database.artifact_uris import below
from mlrun.tracking.database.experiments import ACTIVE, DELETED, active_experiment
from mlrun.tracking.database.message import Json, Message, missing
from mlrun.tracking.database.metrics import metric_json
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.session import Session
from mlrun.tracking.names import random_name

RUN_NAME_TAG = "mlflow.runName"

_AMONG = "WHERE run_uuid IN (SELECT value FROM json_each(?))"
_METRICS = (
    'SELECT run_uuid, "key", value, timestamp, step, is_nan '  # noqa: S608
    f"FROM latest_metrics {_AMONG}"
)
_ENTRIES = {
    kind: f'SELECT run_uuid, "key", value FROM {kind} {_AMONG}'  # noqa: S608
    for kind in ("params", "tags")
}

# By the number in MLflow's protocol (RunStatus).
_STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


def run_json(session: Session, run_ids: Sequence[str], *, with_models: bool = True) -> list[Json]:
    """Return whole runs as MLflow's answers have them, in this order; unknown ones are left out.

    Args:
        session: Where they are.
        run_ids: Of any number of runs; the number of queries does not depend on it.
        with_models: Whether the models that a run read belong to its inputs; MLflow's search
            leaves them out.
    """
    from mlrun.tracking.database.inputs import inputs_json, outputs_json

    ids = json.dumps(list(run_ids))
    query = "SELECT * FROM runs WHERE run_uuid IN (SELECT value FROM json_each(?))"
    rows = {row["run_uuid"]: row for row in session.rows(query, (ids,))}
    known = [run_id for run_id in run_ids if run_id in rows]
    data = _data(session, ids)
    inputs = inputs_json(session, known, with_models=with_models)
    outputs = outputs_json(session, known)
    runs: list[Json] = []
    for run_id in known:
        run: Json = {
            "info": _info(rows[run_id], data[run_id].get("tags", ())),
            "data": data[run_id],
            "inputs": inputs[run_id],
            "outputs": outputs[run_id],
        }
        runs.append(run)
    return runs


def find_run(session: Session, run_id: str) -> sqlite3.Row:
    """Return the row of a run, of whatever state.

    Raises:
        ApiError: There is none.
    """
    row = session.row("SELECT * FROM runs WHERE run_uuid = ?", (run_id,))
    if row is None:
        raise ApiError(MISSING, f"Run with id={run_id} not found")
    return row


def active_run(session: Session, run_id: str) -> sqlite3.Row:
    """Return the row of a run that takes records.

    Raises:
        ApiError: There is none, or it is deleted.
    """
    row = find_run(session, run_id)
    if row["lifecycle_stage"] != ACTIVE:
        raise ApiError(
            INVALID,
            f"The run {run_id} must be in the 'active' state. "
            f"Current state is {row['lifecycle_stage']}.",
        )
    return row


def needed_run_id(message: Message) -> str:
    """Return the run that a request is about; the oldest clients say `run_uuid`.

    Raises:
        ApiError: The request names none.
    """
    run_id = message.text("run_id") or message.text("run_uuid")
    if not run_id:
        raise missing("run_id")
    return run_id


def make_run(
    session: Session,
    experiment: sqlite3.Row,
    tags: Mapping[str, str],
    *,
    name: str,
    user: str,
    start_time: int,
) -> str:
    """Make a run that is running, and return its id.

    Args:
        session: Where to.
        experiment: Row of the experiment that it belongs to.
        tags: As they are stored.
        name: Of the run; empty for the tag `mlflow.runName`, or else a random one.
        user: Who runs it.
        start_time: Milliseconds since the epoch.
    """
    run_id = os.urandom(16).hex()
    name = name or tags.get(RUN_NAME_TAG) or random_name()
    row = {
        "run_uuid": run_id,
        "name": name,
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "user_id": user,
        "status": "RUNNING",
        "start_time": start_time,
        "source_version": "",
        "lifecycle_stage": ACTIVE,
        "artifact_uri": below(experiment["artifact_location"], run_id, "artifacts"),
        "experiment_id": experiment["experiment_id"],
    }
    session.insert("runs", [row])
    write_tags(session, run_id, {**tags, RUN_NAME_TAG: tags.get(RUN_NAME_TAG) or name})
    return run_id


def rename(session: Session, run_id: str, name: str) -> None:
    """Give a run another name, in its row and in its tag. An empty one changes nothing."""
    if not name:
        return
    session.change("UPDATE runs SET name = ? WHERE run_uuid = ?", (name, run_id))
    write_tags(session, run_id, {RUN_NAME_TAG: name})


def write_tags(session: Session, run_id: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags, as they are given."""
    session.change_each(
        'INSERT INTO tags ("key", value, run_uuid) VALUES (?, ?, ?) '
        'ON CONFLICT ("key", run_uuid) DO UPDATE SET value = excluded.value',
        [(key, value, run_id) for key, value in tags.items()],
    )


def _data(session: Session, ids: str) -> dict[str, Json]:
    """Return metrics, parameters and tags by run; a kind that a run has none of is left out."""
    data: dict[str, Json] = defaultdict(dict)
    for run_id, *metric in session.rows(_METRICS, (ids,)):
        data[run_id].setdefault("metrics", []).append(metric_json(*metric))
    for kind, query in _ENTRIES.items():
        for run_id, key, value in session.rows(query, (ids,)):
            data[run_id].setdefault(kind, []).append({"key": key, "value": value or ""})
    return data


def _info(row: sqlite3.Row, tags: Sequence[Json] = ()) -> Json:
    name = row["name"] or next((t["value"] for t in tags if t["key"] == RUN_NAME_TAG), "")
    fields = {
        "run_uuid": row["run_uuid"],
        "experiment_id": str(row["experiment_id"]),
        "run_name": name,
        "user_id": row["user_id"],
        "status": row["status"],
        "start_time": row["start_time"],
        "end_time": row["end_time"] or None,
        "artifact_uri": row["artifact_uri"] or None,
        "lifecycle_stage": row["lifecycle_stage"],
        "run_id": row["run_uuid"],
    }
    return {field: value for field, value in fields.items() if value is not None}


def _create(session: Session, message: Message) -> Json:
    experiment = active_experiment(session, message.text("experiment_id"))
    tags = {tag.needed_text("key"): tag.text("value") for tag in message.messages("tags")}
    name, tagged = message.text("run_name"), tags.get(RUN_NAME_TAG)
    if name and tagged and name != tagged:
        raise ApiError(
            INVALID,
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different "
            f"values (run_name='{name}', mlflow.runName='{tagged}').",
        )
    run_id = make_run(
        session,
        experiment,
        tags,
        name=name,
        user=message.text("user_id"),
        start_time=message.integer("start_time"),
    )
    run = run_json(session, [run_id])[0]
    # As MLflow's own answer, which has this field only for a run that was looked up.
    del run["outputs"]
    return {"run": run}


def _get(session: Session, message: Message) -> Json:
    run_id = needed_run_id(message)
    found = run_json(session, [run_id])
    if not found:
        raise ApiError(MISSING, f"Run with id={run_id} not found")
    return {"run": found[0]}


def _update(session: Session, message: Message) -> Json:
    run_id = needed_run_id(message)
    active_run(session, run_id)
    changes: dict[str, Any] = {}
    if "status" in message:
        changes["status"] = _status(message)
    if "end_time" in message:
        changes["end_time"] = message.integer("end_time")
    if changes:
        session.update("runs", changes, "run_uuid = ?", (run_id,))
    rename(session, run_id, message.text("run_name"))
    row = find_run(session, run_id)
    tags = [] if row["name"] else _data(session, json.dumps([run_id]))[run_id].get("tags", [])
    return {"run_info": _info(row, tags)}


def _status(message: Message) -> str:
    status = message.text("status").upper()
    status = _STATUSES.get(int(status), "") if status.isdigit() else status
    if status not in _STATUSES.values():
        raise message.invalid("status", f"one of {', '.join(_STATUSES.values())}")
    return status


def _delete(session: Session, message: Message) -> Json:
    run_id = find_run(session, needed_run_id(message))["run_uuid"]
    gone = {"lifecycle_stage": DELETED, "deleted_time": time.time_ns() // 1_000_000}
    session.update("runs", gone, "run_uuid = ?", (run_id,))
    return {}


def _restore(session: Session, message: Message) -> Json:
    run_id = find_run(session, needed_run_id(message))["run_uuid"]
    back = {"lifecycle_stage": ACTIVE, "deleted_time": None}
    session.update("runs", back, "run_uuid = ?", (run_id,))
    return {}


ROUTES = (
    Route("POST", "/runs/create", _create, writes=True),
    Route("GET", "/runs/get", _get),
    Route("POST", "/runs/update", _update, writes=True),
    Route("POST", "/runs/delete", _delete, writes=True),
    Route("POST", "/runs/restore", _restore, writes=True),
)
