"""Rows of traces: what is written of one, and what clients of MLflow 2 and 3 are told of it.

Later schemas hold a trace's name, session, and use of tokens in columns of `trace_info`; earlier
ones hold them among tags and metadata, where clients always find them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence

from mlrun.tracking.database.api_error import MISSING, ApiError
from mlrun.tracking.database.assessments import assessments_json, time_text
from mlrun.tracking.database.message import Json
from mlrun.tracking.database.session import Session

NAME = "mlflow.traceName"
SESSION = "mlflow.trace.session"
ENTRIES = ("trace_tags", "trace_request_metadata")

_COUNTS: Mapping[str, tuple[str, ...]] = {
    "mlflow.trace.tokenUsage": (
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "cache_creation_input_tokens_above_1hr",
    ),
    "mlflow.trace.cost": ("input_cost", "output_cost", "total_cost"),
}
"""Metadata that is JSON, to the columns of its members; both have the same names."""


def find_trace(session: Session, trace_id: str) -> sqlite3.Row:
    """Return the row of a trace.

    Raises:
        ApiError: There is none; an older schema has none at all.
    """
    row = None
    if session.columns("trace_info"):
        row = session.row("SELECT * FROM trace_info WHERE request_id = ?", (trace_id,))
    if row is None:
        raise ApiError(MISSING, f"Trace with ID '{trace_id}' not found.")
    return row


def write_entries(session: Session, table: str, trace_id: str, entries: Mapping[str, str]) -> None:
    """Set tags or metadata of a trace.

    Args:
        session: Where the trace is.
        table: `trace_tags` or `trace_request_metadata`.
        trace_id: Of the trace.
        entries: Key to value.
    """
    columns: Json = {}
    rows = []
    for key, value in sorted(entries.items()):
        promoted = _columns(session, key, value)
        columns.update(promoted)
        if not promoted:
            rows.append({"request_id": trace_id, "key": key, "value": value})
    if columns:
        changes = ", ".join(f"{column} = ?" for column in columns)
        session.change(
            f"UPDATE trace_info SET {changes} WHERE request_id = ?",  # noqa: S608
            (*columns.values(), trace_id),
        )
    session.insert(
        table, rows, on_conflict="(key, request_id) DO UPDATE SET value = excluded.value"
    )


def delete_tag(session: Session, trace_id: str, key: str) -> bool:
    """Delete a tag of a trace, and return whether there was one."""
    if key == NAME and "trace_name" in session.columns("trace_info"):
        statement = (
            "UPDATE trace_info SET trace_name = NULL "
            "WHERE request_id = ? AND trace_name IS NOT NULL"
        )
        return session.change(statement, (trace_id,)) > 0
    statement = "DELETE FROM trace_tags WHERE request_id = ? AND key = ?"
    return session.change(statement, (trace_id, key)) > 0


def trace_json_2(session: Session, rows: Sequence[sqlite3.Row]) -> list[Json]:
    """Return traces as clients of MLflow 2 and 3.1 read them.

    Args:
        session: Where they are.
        rows: Whole rows of `trace_info`.
    """
    tags, metadata = _entries(session, rows)
    return [
        {
            "request_id": row["request_id"],
            "experiment_id": str(row["experiment_id"]),
            "timestamp_ms": row["timestamp_ms"],
            "execution_time_ms": row["execution_time_ms"] or 0,
            "status": row["status"],
            "request_metadata": _listed(metadata[row["request_id"]]),
            "tags": _listed(tags[row["request_id"]]),
        }
        for row in rows
    ]


def trace_json_3(session: Session, rows: Sequence[sqlite3.Row]) -> list[Json]:
    """Return traces as later clients of MLflow 3 read them.

    Args:
        session: Where they are.
        rows: Whole rows of `trace_info`.
    """
    tags, metadata = _entries(session, rows)
    assessments = assessments_json(session, [row["request_id"] for row in rows])
    return [
        _trace_3(
            row,
            tags[row["request_id"]],
            metadata[row["request_id"]],
            assessments.get(row["request_id"], []),
        )
        for row in rows
    ]


def _trace_3(
    row: sqlite3.Row, tags: dict[str, str], metadata: dict[str, str], assessments: list[Json]
) -> Json:
    found: Json = {
        "trace_id": row["request_id"],
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": str(row["experiment_id"])},
        },
        "request_time": time_text(row["timestamp_ms"]),
        "state": row["status"],
        "trace_metadata": metadata,
        "tags": tags,
    }
    duration = row["execution_time_ms"]
    if duration is not None:
        found["execution_duration"] = f"{duration / 1000:.3f}s"
    known = row.keys()
    for column in ("client_request_id", "request_preview", "response_preview"):
        if column in known and row[column] is not None:
            found[column] = row[column]
    if assessments:
        found["assessments"] = assessments
    return found


def _entries(
    session: Session, rows: Sequence[sqlite3.Row]
) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Return tags and metadata by trace, with those that have columns of their own."""
    ids = json.dumps([row["request_id"] for row in rows])
    found = []
    for table in ENTRIES:
        by_trace: dict[str, dict[str, str]] = defaultdict(dict)
        for row in session.rows(
            f"SELECT * FROM {table} "  # noqa: S608
            "WHERE request_id IN (SELECT value FROM json_each(?)) ORDER BY key",
            (ids,),
        ):
            by_trace[row["request_id"]][row["key"]] = row["value"] or ""
        found.append(by_trace)
    tags, metadata = found
    for row in rows:
        _add_promoted(row, tags[row["request_id"]], metadata[row["request_id"]])
    return tags, metadata


def _add_promoted(row: sqlite3.Row, tags: dict[str, str], metadata: dict[str, str]) -> None:
    known = row.keys()
    if "trace_name" in known and row["trace_name"] is not None:
        tags[NAME] = row["trace_name"]
    if "session_id" in known and row["session_id"] is not None:
        metadata[SESSION] = row["session_id"]
    for key, columns in _COUNTS.items():
        there = {name: row[name] for name in columns if name in known and row[name] is not None}
        if there:
            metadata[key] = json.dumps(there)


def _columns(session: Session, key: str, value: str) -> Json:
    """Return the columns that hold an entry in a later schema; none where it is a row."""
    there = session.columns("trace_info")
    single = {NAME: "trace_name", SESSION: "session_id"}.get(key)
    if single is not None:
        return {single: value} if single in there else {}
    columns = _COUNTS.get(key, ())
    if not columns or columns[0] not in there:
        return {}
    try:
        members = json.loads(value)
    except ValueError:
        return {}
    if not isinstance(members, dict):
        return {}
    return {
        name: members[name]
        for name in columns
        if name in there and type(members.get(name)) in (int, float)
    }


def _listed(entries: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in entries.items()]
