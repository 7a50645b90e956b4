"""MLflow's operations on traces. Their spans are files among the artifacts, not rows.

A server that stores spans itself would take them at `/v1/traces`; this one has no such
endpoint, and clients then write the file `traces.json`.
"""

from __future__ import annotations

import json
import re
import uuid

from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.database.artifact_uris import below
from mlrun.tracking.database.assessments import add_assessment, milliseconds_of
from mlrun.tracking.database.experiments import active_experiment
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.session import Session
from mlrun.tracking.database.trace_rows import (
    ENTRIES,
    delete_tag,
    find_trace,
    trace_json_2,
    trace_json_3,
    write_entries,
)

_STATES = ("TRACE_STATUS_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS")
_LONGEST_KEY = 250
_DURATION = re.compile(r"(-?\d{1,12})(?:\.(\d{1,9}))?s")


def _start_2(session: Session, message: Message) -> Json:
    trace_id = f"tr-{uuid.uuid4().hex}"
    row = {
        "request_id": trace_id,
        "timestamp_ms": message.integer("timestamp_ms"),
        "execution_time_ms": None,
        "status": "IN_PROGRESS",
    }
    experiment_id = message.text("experiment_id")
    _create(
        session, row, experiment_id, _pairs(message, "tags"), _pairs(message, "request_metadata")
    )
    return _answer_2(session, trace_id)


def _end_2(session: Session, message: Message) -> Json:
    trace_id = message.needed_text("request_id")
    trace = find_trace(session, trace_id)
    session.change(
        "UPDATE trace_info SET execution_time_ms = ?, status = ? WHERE request_id = ?",
        (
            message.integer("timestamp_ms") - trace["timestamp_ms"],
            _state(message, "status"),
            trace_id,
        ),
    )
    write_entries(session, "trace_tags", trace_id, _pairs(message, "tags"))
    metadata = _pairs(message, "request_metadata")
    write_entries(session, "trace_request_metadata", trace_id, metadata)
    return _answer_2(session, trace_id)


def _get_2(session: Session, message: Message) -> Json:
    return _answer_2(session, message.needed_text("request_id"))


def _answer_2(session: Session, trace_id: str) -> Json:
    return {"trace_info": trace_json_2(session, [find_trace(session, trace_id)])[0]}


def _start_3(session: Session, message: Message) -> Json:
    info = message.message("trace").message("trace_info")
    trace_id = info.needed_text("trace_id")
    experiment_id = (
        info.message("trace_location").message("mlflow_experiment").text("experiment_id")
    )
    row = {
        "request_id": trace_id,
        "timestamp_ms": milliseconds_of(info, "request_time"),
        "execution_time_ms": _duration(info),
        "status": _state(info, "state"),
        "client_request_id": info.text("client_request_id") or None,
        "request_preview": info.text("request_preview") or None,
        "response_preview": info.text("response_preview") or None,
    }
    _create(session, row, experiment_id, _map(info, "tags"), _map(info, "trace_metadata"))
    for assessment in info.messages("assessments"):
        if session.columns("assessments"):
            add_assessment(session, trace_id, assessment)
    return _answer_3(session, trace_id)


def _get_3(session: Session, message: Message) -> Json:
    return _answer_3(session, message.needed_text("trace_id"))


def _answer_3(session: Session, trace_id: str) -> Json:
    found = trace_json_3(session, [find_trace(session, trace_id)])[0]
    return {"trace": {"trace_info": found}}


def _get_infos(session: Session, message: Message) -> Json:
    if not session.columns("trace_info"):
        return {}
    rows = session.rows(
        "SELECT * FROM trace_info WHERE request_id IN (SELECT value FROM json_each(?))",
        (json.dumps(message.texts("trace_ids")),),
    )
    return {"trace_infos": trace_json_3(session, rows)} if rows else {}


def _create(
    session: Session, row: Json, experiment_id: str, tags: dict[str, str], metadata: dict[str, str]
) -> None:
    """Add a trace, or complete the one that a retried request has already made."""
    session.demand("Traces", "trace_info")
    experiment = active_experiment(session, experiment_id)
    row["experiment_id"] = experiment["experiment_id"]
    there = session.columns("trace_info")
    changed = ", ".join(f"{name} = excluded.{name}" for name in row if name in there)
    session.insert("trace_info", [row], on_conflict=f"(request_id) DO UPDATE SET {changed}")
    location = below(experiment["artifact_location"], "traces", row["request_id"], "artifacts")
    tags = {**tags, "mlflow.artifactLocation": location}
    write_entries(session, "trace_tags", row["request_id"], tags)
    write_entries(session, "trace_request_metadata", row["request_id"], metadata)


def _set_tag(session: Session, message: Message) -> Json:
    trace_id = find_trace(session, _trace_id(message))["request_id"]
    key = message.needed_text("key")
    if len(key) > _LONGEST_KEY:
        raise ApiError(INVALID, f"Trace tag key of {len(key)} characters exceeds {_LONGEST_KEY}.")
    write_entries(session, "trace_tags", trace_id, {key: message.text("value")})
    return {}


def _delete_tag(session: Session, message: Message) -> Json:
    trace_id = find_trace(session, _trace_id(message))["request_id"]
    key = message.needed_text("key")
    if not delete_tag(session, trace_id, key):
        text = f"No trace tag with key '{key}' for trace with ID '{trace_id}'"
        raise ApiError(MISSING, text)
    return {}


def _delete(session: Session, message: Message) -> Json:
    ids, before, most = _deletion(message)
    if not session.columns("trace_info"):
        return {"traces_deleted": 0}
    rows = session.rows(
        "SELECT request_id FROM trace_info WHERE experiment_id = ? AND timestamp_ms <= ? "
        "AND (? OR request_id IN (SELECT value FROM json_each(?))) "
        "ORDER BY timestamp_ms, request_id LIMIT ?",
        (message.integer("experiment_id"), before, not ids, json.dumps(ids), most),
    )
    found = json.dumps([row["request_id"] for row in rows])
    within = "IN (SELECT value FROM json_each(?))"
    for table, column in (*((table, "request_id") for table in ENTRIES), ("spans", "trace_id")):
        if session.columns(table):
            session.change(f"DELETE FROM {table} WHERE {column} {within}", (found,))  # noqa: S608
    if session.columns("assessments"):
        session.change(f"DELETE FROM assessments WHERE trace_id {within}", (found,))  # noqa: S608
    session.change(f"DELETE FROM trace_info WHERE request_id {within}", (found,))  # noqa: S608
    return {"traces_deleted": len(rows)}


def _deletion(message: Message) -> tuple[list[str], int, int]:
    """Return which traces are to go: their ids, the latest time, and how many at most."""
    ids = message.texts("request_ids") or message.texts("trace_ids")
    if ("max_timestamp_millis" in message) == bool(ids):
        raise ApiError(
            INVALID, "Either `max_timestamp_millis` or `request_ids` must be specified, not both."
        )
    if "max_traces" in message and (ids or message.integer("max_traces") < 1):
        raise ApiError(
            INVALID,
            "`max_traces` must be a positive integer, and can't be specified with `request_ids`.",
        )
    latest = message.integer("max_timestamp_millis", 2**63 - 1)
    return ids, latest, message.integer("max_traces", len(ids) or -1)


def _trace_id(message: Message) -> str:
    return message.text("trace_id") or message.needed_text("request_id")


def _state(message: Message, name: str) -> str:
    """Return a state; clients send its name or its number."""
    text = message.text(name, "0")
    if text in _STATES:
        return text
    if text.isdecimal() and int(text) < len(_STATES):
        return _STATES[int(text)]
    return _STATES[0]


def _duration(info: Message) -> int | None:
    """Return milliseconds: JSON has a duration as text, `1.500s`."""
    text = info.text("execution_duration")
    if not text:
        return None
    found = _DURATION.fullmatch(text)
    if found is None:
        raise info.invalid("execution_duration", "a duration such as 1.5s")
    whole, part = found.groups()
    return int(whole) * 1000 + int((part or "").ljust(3, "0")[:3])


def _pairs(message: Message, name: str) -> dict[str, str]:
    return {pair.needed_text("key"): pair.text("value") for pair in message.messages(name)}


def _map(message: Message, name: str) -> dict[str, str]:
    entries = message.message(name)
    return {key: entries.text(key) for key in entries.fields}


_THREE = "/api/3.0/mlflow/traces"
_TAGS = (("PATCH", _set_tag), ("DELETE", _delete_tag))

ROUTES: tuple[Route, ...] = (
    Route("POST", "/traces", _start_2, writes=True),
    Route("PATCH", "/traces/{request_id}", _end_2, writes=True),
    Route("GET", "/traces/{request_id}/info", _get_2),
    Route("POST", "/traces/delete-traces", _delete, writes=True),
    Route("POST", f"{_THREE}/delete-traces", _delete, writes=True),
    Route("POST", _THREE, _start_3, writes=True),
    Route("POST", f"{_THREE}/batchGetInfos", _get_infos),
    Route("GET", f"{_THREE}/{{trace_id}}", _get_3),
    *(Route(method, "/traces/{trace_id}/tags", op, writes=True) for method, op in _TAGS),
    *(Route(method, f"{_THREE}/{{trace_id}}/tags", op, writes=True) for method, op in _TAGS),
)
