"""MLflow's operations that read what a metric was over time."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Json, Message, missing
from mlrun.tracking.database.metrics import metric_json
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.runs import needed_run_id
from mlrun.tracking.database.search.paging import decode, encode, read_offset
from mlrun.tracking.database.session import Session

_VALUES = '"key", value, timestamp, step, is_nan'
_MOST_OF_ALL = 25000
_MOST_RUNS = 100
_MOST_OF_RUN = 2500

# A metric's values stand in equally large buckets, of which the first value is taken.
_SAMPLE = f"""
    SELECT {_VALUES} FROM (
        SELECT *, row_number() OVER (PARTITION BY bucket ORDER BY step, timestamp, value, is_nan)
            AS place
        FROM (
            SELECT *, ntile(:most) OVER (ORDER BY step, timestamp, value, is_nan) AS bucket
            FROM metrics
            WHERE run_uuid = :run AND "key" = :key AND step BETWEEN :first AND :last
        )
    )
    WHERE place = 1 ORDER BY step, timestamp, value, is_nan
"""  # noqa: S608
_LAST = f"""
    SELECT {_VALUES} FROM metrics
    WHERE run_uuid = :run AND "key" = :key AND step BETWEEN :first AND :last
    ORDER BY step DESC, timestamp DESC, value DESC, is_nan DESC LIMIT 1
"""  # noqa: S608
_HISTORY = f"""
    SELECT {_VALUES} FROM metrics WHERE run_uuid = ? AND "key" = ?
    ORDER BY timestamp, step, value LIMIT ? OFFSET ?
"""  # noqa: S608
_OF_MANY = f"""
    SELECT run_uuid, {_VALUES} FROM metrics
    WHERE "key" = ? AND run_uuid IN (SELECT value FROM json_each(?))
    ORDER BY run_uuid, timestamp, step, value LIMIT ?
"""  # noqa: S608


def _history(session: Session, message: Message) -> Json:
    run_id, key = needed_run_id(message), message.needed_text("metric_key")
    most = message.integer("max_results", -1)
    if "max_results" in message and most <= 0:
        raise ApiError(
            INVALID,
            f"Invalid value {most} for parameter 'max_results' supplied. "
            "It must be a positive integer.",
        )
    token = message.text("page_token")
    offset = read_offset(decode(token)) if token else 0
    # One more than asked for tells whether there are more.
    limit = most + 1 if most > 0 else -1
    rows = session.rows(_HISTORY, (run_id, key, limit, offset))
    answer: Json = {}
    if 0 < most < len(rows):
        rows = rows[:most]
        answer["next_page_token"] = encode({"offset": offset + most})
    return _with_metrics([metric_json(*row) for row in rows]) | answer


def _history_bulk(session: Session, message: Message) -> Json:
    """Answer MLflow's own web page."""
    run_ids = message.texts("run_id")
    _check_runs("GetMetricHistoryBulk", "run_id", run_ids)
    if "metric_key" not in message:
        raise ApiError(INVALID, "GetMetricHistoryBulk request must specify a metric_key.")
    most = min(message.integer("max_results", _MOST_OF_ALL), _MOST_OF_ALL)
    values = (message.text("metric_key"), json.dumps(run_ids), most)
    return {
        "metrics": [
            {
                "key": row["key"],
                # This one answer of MLflow's has NaN as such.
                "value": math.nan if row["is_nan"] else row["value"],
                "timestamp": row["timestamp"],
                "step": row["step"],
                "run_id": row["run_uuid"],
            }
            for row in session.rows(_OF_MANY, values)
        ]
    }


def _history_interval(session: Session, message: Message) -> Json:
    run_ids = message.texts("run_ids")
    if not run_ids:
        raise missing("run_ids")
    _check_runs("GetMetricHistoryBulkInterval", "run_ids", run_ids)
    key = message.needed_text("metric_key")
    most = message.integer("max_results", _MOST_OF_RUN)
    if not 1 <= most <= _MOST_OF_RUN:
        raise ApiError(INVALID, f"max_results must be between 1 and {_MOST_OF_RUN}.")
    first, last = _steps(message)
    metrics: list[Json] = []
    for run_id in run_ids:
        values = {"run": run_id, "key": key, "first": first, "last": last, "most": most}
        sample = _sampled(session, values, most)
        metrics.extend({**metric_json(*row), "run_id": run_id} for row in sample)
    return _with_metrics(metrics)


def _steps(message: Message) -> tuple[int, int]:
    if ("start_step" in message) != ("end_step" in message):
        raise ApiError(
            INVALID, "If either start step or end step are specified, both must be specified."
        )
    first = message.integer("start_step", -(2**63))
    last = message.integer("end_step", 2**63 - 1)
    if first > last:
        raise ApiError(
            INVALID,
            "end_step must be greater than start_step. "
            f"Found start_step={first} and end_step={last}.",
        )
    return first, last


def _sampled(session: Session, values: Json, most: int) -> Sequence[sqlite3.Row]:
    """Return some of a metric's values, evenly spread, the last one among them."""
    rows = session.rows(_SAMPLE, values)
    last = session.row(_LAST, values)
    if last is None or tuple(rows[-1]) == tuple(last):
        return rows
    return [*rows[: most - 1], last]


def _check_runs(request: str, field: str, run_ids: Sequence[str]) -> None:
    if not run_ids:
        raise ApiError(INVALID, f"{request} request must specify at least one {field}.")
    if len(run_ids) > _MOST_RUNS:
        raise ApiError(
            INVALID,
            f"{request} request cannot specify more than {_MOST_RUNS} {field}. "
            f"Received {len(run_ids)} {field}.",
        )


def _with_metrics(metrics: list[Json]) -> Json:
    return {"metrics": metrics} if metrics else {}


ROUTES = (
    Route("GET", "/metrics/get-history", _history),
    Route("GET", "/metrics/get-history-bulk", _history_bulk),
    Route("GET", "/metrics/get-history-bulk-interval", _history_interval),
)
