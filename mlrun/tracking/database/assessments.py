"""Assessments of traces: feedback, expectations and issues. MLflow 3.1 has no table for them."""

from __future__ import annotations

import json
import math
import sqlite3
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.database.message import Json, Message, missing
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.session import Session

_KINDS = ("feedback", "expectation", "issue")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_SERIALIZED = "JSON_FORMAT"


def assessments_json(session: Session, trace_ids: Sequence[str]) -> dict[str, list[Json]]:
    """Return the assessments of each trace, oldest first; none in an older schema.

    Args:
        session: Where the traces are.
        trace_ids: Of any number of traces.
    """
    found: dict[str, list[Json]] = defaultdict(list)
    if not session.columns("assessments"):
        return found
    for row in session.rows(
        "SELECT * FROM assessments WHERE trace_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY created_timestamp, rowid",
        (json.dumps(list(trace_ids)),),
    ):
        found[row["trace_id"]].append(_assessment_json(row))
    return found


def add_assessment(session: Session, trace_id: str, assessment: Message) -> str:
    """Add an assessment to a trace, and return its id.

    Args:
        session: Where the trace is.
        trace_id: Of the trace.
        assessment: As in a request.

    Raises:
        ApiError: There is no such trace, the assessment has no value, or this schema has no
            assessments.
    """
    session.demand("Assessments of traces", "assessments")
    trace = _trace(session, trace_id)
    kind, value = _value(assessment)
    overrides = assessment.text("overrides") or None
    if overrides and not _set_valid(session, trace_id, overrides, valid=False):
        raise _not_found(trace_id, overrides)
    assessment_id = assessment.text("assessment_id") or f"a-{uuid.uuid4().hex}"
    now = time.time_ns() // 1_000_000
    source = assessment.message("source")
    row = {
        "assessment_id": assessment_id,
        "trace_id": trace_id,
        "name": assessment.text("assessment_name"),
        "assessment_type": kind,
        "value": json.dumps(value),
        "error": _error(assessment),
        "created_timestamp": milliseconds_of(assessment, "create_time") or now,
        "last_updated_timestamp": milliseconds_of(assessment, "last_update_time") or now,
        "source_type": source.text("source_type") or "SOURCE_TYPE_UNSPECIFIED",
        "source_id": source.text("source_id") or None,
        "span_id": assessment.text("span_id") or None,
        "rationale": assessment.text("rationale") or None,
        "overrides": overrides,
        "valid": 1,
        "assessment_metadata": _encode_some(assessment.message("metadata").fields),
        "experiment_id": trace["experiment_id"],
        "trace_timestamp_ms": trace["timestamp_ms"],
        **_measure(value),
    }
    session.insert("assessments", [row])
    return assessment_id


def _create(session: Session, message: Message) -> Json:
    if "assessment" not in message:
        raise missing("assessment")
    trace_id = message.needed_text("trace_id")
    assessment_id = add_assessment(session, trace_id, message.message("assessment"))
    return _answer(session, trace_id, assessment_id)


def _get(session: Session, message: Message) -> Json:
    return _answer(session, message.needed_text("trace_id"), message.text("assessment_id"))


def _update(session: Session, message: Message) -> Json:
    trace_id, assessment_id = message.needed_text("trace_id"), message.text("assessment_id")
    row = _find(session, trace_id, assessment_id)
    asked = message.message("assessment")
    changes = _changes(row, asked, message.needed_text("update_mask").split(","))
    changes["last_updated_timestamp"] = time.time_ns() // 1_000_000
    there = session.columns("assessments")
    fields = {column: value for column, value in changes.items() if column in there}
    columns = ", ".join(f"{column} = ?" for column in fields)
    session.change(
        f"UPDATE assessments SET {columns} WHERE assessment_id = ?",  # noqa: S608
        (*fields.values(), assessment_id),
    )
    return _answer(session, trace_id, assessment_id)


def _changes(row: sqlite3.Row, asked: Message, mask: list[str]) -> Json:
    """Return the columns that an update changes; a mask may be in camel case."""
    changes: Json = {}
    for path in mask:
        if path in ("assessment_name", "assessmentName"):
            changes["name"] = asked.text("assessment_name")
        elif path == "rationale":
            changes["rationale"] = asked.text("rationale")
        elif path == "metadata":
            known = json.loads(row["assessment_metadata"] or "{}")
            changes["assessment_metadata"] = _encode_some({**known, **asked.message(path).fields})
        elif path in _KINDS:
            kind, value = _value(asked)
            if kind != row["assessment_type"]:
                raise ApiError(
                    INVALID,
                    f"Cannot update {kind} value on a {row['assessment_type'].title()} assessment.",
                )
            changes.update(value=json.dumps(value), error=_error(asked), **_measure(value))
    return changes


def _delete(session: Session, message: Message) -> Json:
    trace_id, assessment_id = message.needed_text("trace_id"), message.text("assessment_id")
    if not session.columns("assessments"):
        return {}
    row = session.row(
        "SELECT * FROM assessments WHERE trace_id = ? AND assessment_id = ?",
        (trace_id, assessment_id),
    )
    if row is not None:
        if row["overrides"]:
            _set_valid(session, trace_id, row["overrides"], valid=True)
        session.change("DELETE FROM assessments WHERE assessment_id = ?", (assessment_id,))
    return {}


def _set_valid(session: Session, trace_id: str, assessment_id: str, *, valid: bool) -> bool:
    """Mark an assessment, and return whether it is there."""
    changed = session.change(
        "UPDATE assessments SET valid = ? WHERE trace_id = ? AND assessment_id = ?",
        (int(valid), trace_id, assessment_id),
    )
    return changed > 0


def _trace(session: Session, trace_id: str) -> sqlite3.Row:
    row = session.row("SELECT * FROM trace_info WHERE request_id = ?", (trace_id,))
    if row is None:
        raise ApiError(MISSING, f"Trace with ID '{trace_id}' not found.")
    return row


def _find(session: Session, trace_id: str, assessment_id: str) -> sqlite3.Row:
    _trace(session, trace_id)
    row = None
    if session.columns("assessments"):
        row = session.row(
            "SELECT * FROM assessments WHERE trace_id = ? AND assessment_id = ?",
            (trace_id, assessment_id),
        )
    if row is None:
        raise _not_found(trace_id, assessment_id)
    return row


def _not_found(trace_id: str, assessment_id: str) -> ApiError:
    return ApiError(
        MISSING, f"Assessment with ID '{assessment_id}' not found for trace '{trace_id}'"
    )


def _value(assessment: Message) -> tuple[str, Any]:
    """Return what kind of assessment it is, and its value."""
    for kind in _KINDS:
        if kind not in assessment:
            continue
        part = assessment.message(kind)
        if kind == "issue":
            return kind, {"issue_name": part.text("issue_name")}
        if "serialized_value" in part:
            return kind, _deserialized(part.message("serialized_value"))
        return kind, part.fields.get("value")
    raise ApiError(
        INVALID, "An assessment must have the value of a feedback, an expectation or an issue."
    )


def _deserialized(part: Message) -> Any:
    try:
        return json.loads(part.text("value"))
    except ValueError:
        raise part.invalid("value", "JSON") from None


def _error(assessment: Message) -> str | None:
    error = assessment.message("feedback").message("error")
    names = ("error_code", "error_message", "stack_trace")
    return json.dumps({name: error.text(name) or None for name in names}) if error.fields else None


def _measure(value: Any) -> Json:
    """Return the columns by which MLflow computes averages: numbers, yes and no."""
    if isinstance(value, str) and value.strip().lower() in ("yes", "no"):
        return {"aggregate_value": float(value.strip().lower() == "yes"), "is_numeric_value": 0}
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    measure = float(value) if is_number else None
    return {
        "aggregate_value": measure,
        "is_numeric_value": int(is_number and not isinstance(value, bool)),
    }


def milliseconds_of(assessment: Message, field: str) -> int:
    """Return a time (`2026-01-31T12:00:00.5Z`) in milliseconds since 1970, 0 if there is none.

    Raises:
        ApiError: It is no such time.
    """
    text = assessment.text(field)
    if not text:
        return 0
    seconds, _, fraction = text.rstrip("Zz").partition(".")
    try:
        moment = datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")
    except ValueError:
        raise assessment.invalid(field, "a time like 2026-01-31T12:00:00Z") from None
    return (moment - _EPOCH) // _MILLISECOND


def time_text(milliseconds: int) -> str:
    """Return milliseconds since 1970 as a time, as MLflow's answers have it."""
    text = (_EPOCH + milliseconds * _MILLISECOND).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "").removesuffix(".000") + "Z"


def _encode_some(fields: Any) -> str | None:
    return json.dumps(fields) if fields else None


def _assessment_json(row: sqlite3.Row) -> Json:
    fields = {
        "assessment_id": row["assessment_id"],
        "assessment_name": row["name"],
        "trace_id": row["trace_id"],
        "span_id": row["span_id"],
        "source": _some(source_type=row["source_type"], source_id=row["source_id"]),
        "create_time": time_text(row["created_timestamp"]),
        "last_update_time": time_text(row["last_updated_timestamp"]),
        row["assessment_type"]: _value_json(row),
        "rationale": row["rationale"],
        "metadata": json.loads(row["assessment_metadata"] or "null"),
        "overrides": row["overrides"],
        "valid": bool(row["valid"]),
    }
    return _some(**fields)


def _value_json(row: sqlite3.Row) -> Json:
    value = json.loads(row["value"])
    if row["assessment_type"] == "issue":
        return {"issue_name": value.get("issue_name", "")}
    if row["assessment_type"] == "expectation" and isinstance(value, (list, dict)):
        text = json.dumps(value)
        return {"serialized_value": {"serialization_format": _SERIALIZED, "value": text}}
    error = json.loads(row["error"] or "null")
    return {"value": value, **({"error": _some(**error)} if error else {})}


def _some(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _answer(session: Session, trace_id: str, assessment_id: str) -> Json:
    return {"assessment": _assessment_json(_find(session, trace_id, assessment_id))}


_PATH = "/api/3.0/mlflow/traces/{trace_id}/assessments"
_ONE = f"{_PATH}/{{assessment_id}}"

ROUTES = (
    Route("POST", _PATH, _create, writes=True),
    Route("GET", _ONE, _get),
    Route("PATCH", _ONE, _update, writes=True),
    Route("DELETE", _ONE, _delete, writes=True),
)
