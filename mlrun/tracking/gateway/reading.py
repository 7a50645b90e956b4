"""Reads that can be answered from what is known, and what is learnt from those that were asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlrun.tracking.database.message import Json
from mlrun.tracking.gateway.known import Known, merged_points

_RUN = "/runs/get"
_HISTORY = "/metrics/get-history"
_EXPERIMENT = "/experiments/get"
_EXPERIMENT_BY_NAME = "/experiments/get-by-name"

READS = frozenset((_RUN, _HISTORY, _EXPERIMENT, _EXPERIMENT_BY_NAME))


def remembered(known: Known, endpoint: str, query: Mapping[str, str]) -> Json | None:
    """Return the answer to a read without the server, None if not enough is known."""
    if endpoint == _RUN:
        return known.run(_run_id(query))
    if endpoint == _EXPERIMENT:
        return known.experiment(identifier=query.get("experiment_id", ""))
    if endpoint == _EXPERIMENT_BY_NAME:
        return known.experiment(name=query.get("experiment_name", ""))
    points = known.history(_run_id(query), query.get("metric_key", ""))
    return None if points is None else {"metrics": merged_points(points, ())}


def merged(known: Known, endpoint: str, query: Mapping[str, str], body: Any) -> Json | None:
    """Return the server's answer to a read with what is pending on top; None: as it is."""
    content = _object(body)
    if endpoint == _RUN and isinstance(content.get("run"), dict):
        known.learn_run(content["run"])
        return known.run(_run_id(query))
    if endpoint == _HISTORY:
        new = known.new_points(_run_id(query), query.get("metric_key", ""))
        if not new or content.get("next_page_token"):
            return None
        return {**content, "metrics": merged_points(content.get("metrics", ()), new)}
    experiment = content.get("experiment")
    if isinstance(experiment, dict):
        known.learn_experiment(experiment)
        return {"experiment": known.merged_experiment(experiment)}
    return None


def learn(known: Known, endpoint: str, body: Any) -> None:
    """Take note of the server's answer to a read."""
    content = _object(body)
    if endpoint == _RUN and isinstance(content.get("run"), dict):
        known.learn_run(content["run"])
    elif isinstance(content.get("experiment"), dict):
        known.learn_experiment(content["experiment"])


def learn_written(known: Known, endpoint: str, sent: bytes | None, body: Any) -> None:
    """Take note of what the server has made or removed."""
    if endpoint == "/runs/create":
        run = _object(body).get("run")
        if isinstance(run, dict):
            known.learn_run(run, is_new=True)
    elif endpoint in ("/runs/delete", "/runs/restore"):
        known.forget_run(_run_id(_object(sent)))


def _run_id(fields: Mapping[str, Any]) -> str:
    return str(fields.get("run_id") or fields.get("run_uuid") or "")


def _object(body: Any) -> Json:
    try:
        content = json.loads(body)
    except (ValueError, TypeError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
