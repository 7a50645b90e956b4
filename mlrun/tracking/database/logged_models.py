"""Logged models: made by a run or by nobody, finished, tagged, measured, deleted."""

from __future__ import annotations

import json
import math
import sqlite3
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.database.artifact_uris import below
from mlrun.tracking.database.experiments import active_experiment
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.session import Session
from mlrun.tracking.names import random_name

_STATES = (
    "LOGGED_MODEL_STATUS_UNSPECIFIED",
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
)
"""By the number that the database holds."""

_PENDING = 1
_BAD_NAME = "/:.%\"'"


def find_model(session: Session, model_id: str, *, deleted: bool = True) -> sqlite3.Row:
    """Return a logged model's row.

    Args:
        session: Where it is.
        model_id: Like `m-0123...`.
        deleted: Whether it may be one that was deleted.

    Raises:
        ApiError: There is no such model; in an older schema there is none at all.
    """
    row = None
    if session.columns("logged_models"):
        row = session.row("SELECT * FROM logged_models WHERE model_id = ?", (model_id,))
    if row is None or (row["lifecycle_stage"] == "deleted" and not deleted):
        raise ApiError(MISSING, f"Logged model with ID '{model_id}' not found.")
    return row


def demand(session: Session) -> None:
    """Refuse what needs logged models, where the schema is older than they are.

    Raises:
        ApiError: It is.
    """
    session.demand("Logged models", "logged_models")


def logged_model_json(session: Session, rows: Sequence[sqlite3.Row]) -> list[Json]:
    """Return logged models with their tags, parameters and metrics.

    Args:
        session: Where they are.
        rows: Whole rows of `logged_models`.
    """
    ids = json.dumps([row["model_id"] for row in rows])
    tags = _pairs(session, "tag", ids)
    params = _pairs(session, "param", ids)
    metrics = _metrics(session, ids)
    return [
        {
            "info": _info(row, tags[row["model_id"]]),
            "data": _data(params[row["model_id"]], metrics[row["model_id"]]),
        }
        for row in rows
    ]


def set_tags(session: Session, model_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a logged model.

    Raises:
        ApiError: There is no such model.
    """
    model = find_model(session, model_id)
    for key in tags:
        session.change(
            "DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?", (model_id, key)
        )
    _add(session, model, "tag", tags)


def tag_value(session: Session, model_id: str, key: str) -> str | None:
    """Return the value of a logged model's tag, None if it has no such tag."""
    row = session.row(
        "SELECT tag_value FROM logged_model_tags WHERE model_id = ? AND tag_key = ?",
        (model_id, key),
    )
    return row["tag_value"] if row else None


def log_model_metrics(session: Session, run: sqlite3.Row, metrics: Sequence[Message]) -> None:
    """Record metrics of logged models, beside what the run itself gets.

    The table has one value per model, name, time, step and run: a second one replaces the first.

    Args:
        session: Where the models are.
        run: Row of `runs`, of the run that measured.
        metrics: As in a request: `key`, `value`, `timestamp`, `step`, `model_id`, and perhaps
            `dataset_name` and `dataset_digest`. Those without `model_id` are passed over.

    Raises:
        ApiError: There is no such model, this schema has no logged models, or a dataset has
            only one of name and digest.
    """
    for metric in metrics:
        _check_dataset(metric)
    measured = [metric for metric in metrics if metric.text("model_id")]
    if not measured:
        return
    demand(session)
    rows = {_identity(metric): _metric_row(run, metric) for metric in measured}
    for model_id in {row["model_id"] for row in rows.values()}:
        if session.row("SELECT 1 FROM logged_models WHERE model_id = ?", (model_id,)) is None:
            raise ApiError("BAD_REQUEST", f"Logged model with ID '{model_id}' not found.")
    session.insert(
        "logged_model_metrics",
        rows.values(),
        on_conflict="(model_id, metric_name, metric_timestamp_ms, metric_step, run_id) "
        "DO UPDATE SET metric_value = excluded.metric_value, "
        "dataset_name = excluded.dataset_name, dataset_digest = excluded.dataset_digest",
    )


def _check_dataset(metric: Message) -> None:
    if bool(metric.text("dataset_name")) != bool(metric.text("dataset_digest")):
        raise ApiError(
            INVALID, "Both dataset_name and dataset_digest must be provided if one is provided"
        )


def _identity(metric: Message) -> tuple[str, str, int, int]:
    return (
        metric.text("model_id"),
        metric.text("key"),
        metric.integer("timestamp"),
        metric.integer("step"),
    )


def _metric_row(run: sqlite3.Row, metric: Message) -> Json:
    model_id, key, timestamp, step = _identity(metric)
    return {
        "model_id": model_id,
        "metric_name": key,
        "metric_timestamp_ms": timestamp,
        "metric_step": step,
        "metric_value": _storable(metric.number("value")),
        "experiment_id": run["experiment_id"],
        "run_id": run["run_uuid"],
        "dataset_name": metric.text("dataset_name") or None,
        "dataset_digest": metric.text("dataset_digest") or None,
    }


def _storable(value: float) -> float:
    """Return what MLflow stores: this table has no mark for NaN, and none has infinities."""
    if math.isnan(value):
        return 0.0
    return max(-sys.float_info.max, min(sys.float_info.max, value))


def _create(session: Session, message: Message) -> Json:
    experiment_id = message.needed_text("experiment_id")
    demand(session)
    name = message.text("name")
    if any(character in name for character in _BAD_NAME):
        raise ApiError(
            INVALID,
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string and "
            f"cannot contain the following characters: {tuple(_BAD_NAME)}",
        )
    experiment = active_experiment(session, experiment_id)
    location = experiment["artifact_location"]
    model_id = f"m-{uuid.uuid4().hex}"
    now = _milliseconds()
    row = {
        "model_id": model_id,
        "experiment_id": experiment["experiment_id"],
        "name": name or random_name(),
        "artifact_location": below(location, "models", model_id, "artifacts"),
        "creation_timestamp_ms": now,
        "last_updated_timestamp_ms": now,
        "status": _PENDING,
        "lifecycle_stage": "active",
        "model_type": message.text("model_type"),
        "source_run_id": message.text("source_run_id"),
    }
    session.insert("logged_models", [row])
    model = find_model(session, model_id)
    _add(session, model, "param", _read_pairs(message, "params"))
    _add(session, model, "tag", _read_pairs(message, "tags"))
    return _answer(session, model_id)


def _get(session: Session, message: Message) -> Json:
    model_id = message.needed_text("model_id")
    find_model(session, model_id, deleted=message.flag("allow_deleted"))
    return _answer(session, model_id)


def _finalize(session: Session, message: Message) -> Json:
    model_id = message.needed_text("model_id")
    message.needed_text("status")
    find_model(session, model_id)
    _change(session, model_id, "status", _state(message))
    return _answer(session, model_id)


def _state(message: Message) -> int:
    """Return a state's number; clients send its name or its number, and what's unknown is 0."""
    text = message.text("status")
    if text in _STATES:
        return _STATES.index(text)
    return int(text) if text.isdecimal() and int(text) < len(_STATES) else 0


def _delete(session: Session, message: Message) -> Json:
    model_id = message.needed_text("model_id")
    find_model(session, model_id)
    _change(session, model_id, "lifecycle_stage", "deleted")
    return {}


def _change(session: Session, model_id: str, column: str, value: str | int) -> None:
    session.change(
        f"UPDATE logged_models SET {column} = ?, last_updated_timestamp_ms = ? "  # noqa: S608
        "WHERE model_id = ?",
        (value, _milliseconds(), model_id),
    )


def _set_tags(session: Session, message: Message) -> Json:
    set_tags(session, message.needed_text("model_id"), _read_pairs(message, "tags"))
    return {}


def _delete_tag(session: Session, message: Message) -> Json:
    model_id, key = message.needed_text("model_id"), message.text("tag_key")
    find_model(session, model_id)
    changed = session.change(
        "DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?", (model_id, key)
    )
    if not changed:
        raise ApiError(MISSING, f"No tag with key {key!r} found for model with ID {model_id!r}.")
    return {}


def _log_params(session: Session, message: Message) -> Json:
    model_id = message.needed_text("model_id")
    model = find_model(session, model_id)
    pairs = _pairs(session, "param", json.dumps([model_id]))[model_id]
    known = {pair["key"]: pair["value"] for pair in pairs}
    params = _read_pairs(message, "params")
    for key, value in params.items():
        if known.get(key, value) != value:
            raise ApiError(
                "BAD_REQUEST",
                f"The parameter {key!r} of logged model {model_id!r} has the value "
                f"{known[key]!r} already, and cannot be changed.",
            )
    _add(session, model, "param", {k: v for k, v in params.items() if k not in known})
    return {}


def _read_pairs(message: Message, field: str) -> dict[str, str]:
    return {part.text("key"): part.text("value") for part in message.messages(field)}


def _add(session: Session, model: sqlite3.Row, kind: str, pairs: Mapping[str, str]) -> None:
    """Add rows to `logged_model_tags` or `logged_model_params`."""
    session.insert(
        f"logged_model_{kind}s",
        [
            {
                "model_id": model["model_id"],
                "experiment_id": model["experiment_id"],
                f"{kind}_key": key,
                f"{kind}_value": value,
            }
            for key, value in pairs.items()
        ],
    )


def _pairs(session: Session, kind: str, ids: str) -> dict[str, list[Json]]:
    pairs: dict[str, list[Json]] = defaultdict(list)
    for row in session.rows(
        f"SELECT model_id, {kind}_key AS key, {kind}_value AS value "  # noqa: S608
        f"FROM logged_model_{kind}s WHERE model_id IN (SELECT value FROM json_each(?)) "
        f"ORDER BY {kind}_key",
        (ids,),
    ):
        pairs[row["model_id"]].append({"key": row["key"], "value": row["value"]})
    return pairs


def _metrics(session: Session, ids: str) -> dict[str, list[Json]]:
    metrics: dict[str, list[Json]] = defaultdict(list)
    for row in session.rows(
        "SELECT * FROM logged_model_metrics WHERE model_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY metric_name, metric_timestamp_ms, metric_step, run_id",
        (ids,),
    ):
        metric = {
            "key": row["metric_name"],
            "value": row["metric_value"],
            "timestamp": row["metric_timestamp_ms"],
            "step": row["metric_step"],
            "dataset_name": row["dataset_name"] or None,
            "dataset_digest": row["dataset_digest"] or None,
            "model_id": row["model_id"],
            "run_id": row["run_id"],
        }
        metrics[row["model_id"]].append({k: v for k, v in metric.items() if v is not None})
    return metrics


def _info(row: sqlite3.Row, tags: list[Json]) -> Json:
    fields = {
        "model_id": row["model_id"],
        "experiment_id": str(row["experiment_id"]),
        "name": row["name"],
        "creation_timestamp_ms": row["creation_timestamp_ms"],
        "last_updated_timestamp_ms": row["last_updated_timestamp_ms"],
        "artifact_uri": row["artifact_location"],
        "status": _STATES[row["status"]],
        "model_type": row["model_type"],
        "source_run_id": row["source_run_id"],
        "status_message": row["status_message"],
        "tags": tags or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _data(params: list[Json], metrics: list[Json]) -> Json:
    fields = {"params": params, "metrics": metrics}
    return {name: values for name, values in fields.items() if values}


def _answer(session: Session, model_id: str) -> Json:
    return {"model": logged_model_json(session, [find_model(session, model_id)])[0]}


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


_PATH = "/logged-models"

ROUTES = (
    Route("POST", _PATH, _create, writes=True),
    Route("GET", f"{_PATH}/{{model_id}}", _get),
    Route("PATCH", f"{_PATH}/{{model_id}}", _finalize, writes=True),
    Route("DELETE", f"{_PATH}/{{model_id}}", _delete, writes=True),
    Route("PATCH", f"{_PATH}/{{model_id}}/tags", _set_tags, writes=True),
    Route("DELETE", f"{_PATH}/{{model_id}}/tags/{{tag_key}}", _delete_tag, writes=True),
    Route("POST", f"{_PATH}/{{model_id}}/params", _log_params, writes=True),
)
