"""Which metrics and models a server has already, where an answer was lost.

Databases store the same point of a metric once; a server on a file store appends it again. So it is
asked, and mostly one question is enough: what is beyond a metric's last point is not there.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]
Ask = Callable[[str], Awaitable["Json | None"]]
"""Takes a path with query; returns the answer, None where the server refuses to say."""

_Point = tuple[int, int, str]
Histories = dict[tuple[str, str], set[_Point]]
"""The points that a server has, by run and metric."""

_LARGEST = 1.7976931348623157e308  # what databases keep of infinity
_PREFIX = "/api/2.0/mlflow/"
_MODELS = "mlflow.log-model.history"
_MODEL_FIELDS = ("run_id", "artifact_path", "utc_time_created")


async def missing_metrics(
    ask: Ask, run_id: str, metrics: Sequence[Json], histories: Histories
) -> list[Json]:
    """Return those of the metrics that the run does not have yet.

    Args:
        ask: Asks the server.
        run_id: The run.
        metrics: As in MLflow's API.
        histories: What was found out in an attempt that broke off, as long as nothing was sent
            since; grows.
    """
    data = await _run_data(ask, run_id)
    latest = {m["key"]: _point(m) for m in data.get("metrics", [])}
    missing = []
    for metric in metrics:
        key, point = metric["key"], None
        with suppress(ValueError, TypeError, KeyError):  # no numbers: the server may judge
            point = _point(metric)
        last = latest.get(key)
        if point is None or last is None or point[:2] > last[:2]:
            missing.append(metric)
        elif point != last:
            if (run_id, key) not in histories:
                histories[run_id, key] = await _history(ask, run_id, key)
            if point not in histories[run_id, key]:
                missing.append(metric)
    return missing


async def _history(ask: Ask, run_id: str, key: str) -> set[_Point]:
    query = {"run_id": run_id, "run_uuid": run_id, "metric_key": key}
    points: set[_Point] = set()
    while True:
        answer = await ask(f"{_PREFIX}metrics/get-history?{urlencode(query)}") or {}
        points |= {_point(m) for m in answer.get("metrics", [])}
        token = answer.get("next_page_token")
        if not token or token == query.get("page_token"):
            return points
        query["page_token"] = token


async def without_what_is_there(
    ask: Ask, endpoint: str, body: bytes, histories: Histories
) -> bytes | None:
    """Return what is left to be sent of a write that stands for itself, None for nothing.

    Args:
        ask: Asks the server.
        endpoint: Such as `/runs/log-batch`.
        body: As it was sent.
        histories: As for `missing_metrics`.
    """
    document = read_object(body)
    if document is None:
        return body
    run_id = str(document.get("run_id") or document.get("run_uuid") or "")
    if endpoint == "/runs/log-model":
        return None if await _has_model(ask, run_id, document) else body
    metrics = document.get("metrics")
    if endpoint != "/runs/log-batch" or not metrics:
        return body
    left = await missing_metrics(ask, run_id, metrics, histories)
    return json.dumps({**document, "metrics": left}).encode()


async def _has_model(ask: Ask, run_id: str, document: Json) -> bool:
    """Return whether a run has a model already: each logging of it would append it again."""
    sent = read_object(str(document.get("model_json")).encode()) or {}
    tags = (await _run_data(ask, run_id)).get("tags", [])
    known = [tag.get("value") for tag in tags if tag.get("key") == _MODELS]
    with suppress(ValueError, TypeError, AttributeError):
        models = json.loads(known[0]) if known else []
        return any(all(m.get(k) == sent.get(k) for k in _MODEL_FIELDS) for m in models)
    return False


async def _run_data(ask: Ask, run_id: str) -> Json:
    answer = await ask(f"{_PREFIX}runs/get?{urlencode({'run_id': run_id, 'run_uuid': run_id})}")
    return ((answer or {}).get("run") or {}).get("data") or {}


def _point(metric: Json) -> _Point:
    value = float(metric["value"])
    bounded = max(-_LARGEST, min(_LARGEST, value)) if value == value else value
    return int(metric.get("step") or 0), int(metric["timestamp"]), repr(bounded)


def read_object(body: bytes) -> Json | None:
    """Return the JSON object that an answer is, None where it is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
