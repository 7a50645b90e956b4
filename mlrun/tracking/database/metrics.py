"""The metrics of a run, as they are stored and as MLflow's answers have them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mlrun.tracking.database.message import Json, Message, missing
from mlrun.tracking.database.rules import checked_name, invalid_value, is_name
from mlrun.tracking.database.session import Session

LARGEST = 1.7976931348623157e308
"""What MLflow stores for infinity, with its sign."""

_END = 2**63

MetricRow = tuple[str, float, int, int, int]
"""Name, value, time stamp (milliseconds), step, and 1 where the value is not a number."""


def metric_json(key: str, value: float, timestamp: int | None, step: int, is_nan: int) -> Json:
    """Return a stored metric as MLflow's answers have it."""
    shown: float | str = "NaN" if is_nan else value
    if not is_nan and math.isinf(value):
        shown = "Infinity" if value > 0 else "-Infinity"
    return {"key": key, "value": shown, "timestamp": timestamp or 0, "step": step}


def read_metric(message: Message) -> MetricRow:
    """Return a metric of a request as it is stored.

    Raises:
        ApiError: Something is missing or not as it must be.
    """
    usual = _usual(message.fields)
    if usual is not None:
        return usual
    key = checked_name(message, "Metric name", "name")
    for field in ("value", "timestamp"):
        if field not in message:
            raise missing(f"{message.within}{field}")
    value, timestamp = message.number("value"), message.integer("timestamp")
    if timestamp < 0:
        raise invalid_value(
            f"{message.within}timestamp",
            timestamp,
            f"metric '{key}' (value={value}). Timestamp must be a nonnegative long "
            "(64-bit integer) ",
        )
    step = message.integer("step")
    if math.isnan(value):
        return key, 0.0, timestamp, step, 1
    return key, max(-LARGEST, min(LARGEST, value)), timestamp, step, 0


def _usual(fields: Mapping[str, Any]) -> MetricRow | None:
    """Return a metric whose fields are as they mostly are; None leaves it to a closer look.

    A batch has a thousand of them, and its client waits.
    """
    key, value = fields.get("key"), fields.get("value")
    timestamp, step = fields.get("timestamp"), fields.get("step")
    if (
        type(value) is float
        and -LARGEST <= value <= LARGEST
        and type(timestamp) is int
        and 0 <= timestamp < _END
        and type(step) is int
        and -_END <= step < _END
        and type(key) is str
        and is_name(key)
    ):
        return key, value, timestamp, step, 0
    return None


def write_metrics(session: Session, run_id: str, metrics: Sequence[MetricRow]) -> None:
    """Add to a run's metrics; what is there already is passed over.

    The newest value of each is kept apart: of the highest step, then time stamp, then value.
    """
    rows = [(key, value, time, run_id, step, nan) for key, value, time, step, nan in metrics]
    session.change_each(
        'INSERT INTO metrics ("key", value, timestamp, run_uuid, step, is_nan) '
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        rows,
    )
    session.change_each(
        'INSERT INTO latest_metrics ("key", value, timestamp, run_uuid, step, is_nan) '
        'VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT ("key", run_uuid) DO UPDATE SET '
        "value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, "
        "is_nan = excluded.is_nan WHERE (excluded.step, excluded.timestamp, excluded.value) > "
        "(latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)",
        _newest(rows) if len(rows) > 1 else rows,
    )


_Row = tuple[str, float, int, str, int, int]


def _newest(rows: Sequence[_Row]) -> list[_Row]:
    newest: dict[str, _Row] = {}
    for row in rows:
        known = newest.get(row[0])
        if known is None or (row[4], row[2], row[1]) > (known[4], known[2], known[1]):
            newest[row[0]] = row
    return list(newest.values())
