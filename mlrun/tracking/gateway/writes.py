"""Which writes can be kept for later, and what each changes.

All that can be checked without the server is checked, since what is promised must not be
refused later. A repetition of them changes nothing more, but for a model that is logged and, on a
file store, metrics: `doubts.py` asks for those.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mlrun.tracking.database import rules
from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.metrics import metric_json, read_metric

_STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
_MODEL_FIELDS = ("artifact_path", "flavors", "utc_time_created", "run_id")


@dataclass(frozen=True, slots=True)
class Change:
    """What a write changes, of one run or of one experiment.

    Attributes:
        run_id: The run; None for an experiment's change.
        experiment_id: The experiment; None for a run's change.
        metrics: Points, as MLflow's answers have them.
        params: By name.
        tags: By name, None for one that is removed.
        info: Fields of a run's info.
        datasets: Inputs, as MLflow's answers have them.
        models: Outputs, likewise.
    """

    run_id: str | None = None
    experiment_id: str | None = None
    metrics: tuple[Json, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str | None] = field(default_factory=dict)
    info: Json = field(default_factory=dict)
    datasets: tuple[Json, ...] = ()
    models: tuple[Json, ...] = ()


def is_keepable(method: str, endpoint: str) -> bool:
    """Return whether a request is such a write."""
    return method == "POST" and endpoint in _READERS


def read_change(endpoint: str, message: Message) -> Change:
    """Return what a write changes.

    Args:
        endpoint: One that can be kept.
        message: What was sent.

    Raises:
        ApiError: MLflow's own server would refuse it.
    """
    return _READERS[endpoint](message)


def _run_id(message: Message) -> str:
    return message.text("run_id") or message.text("run_uuid") or message.needed_text("run_id")


def _metric(message: Message) -> Json:
    return metric_json(*read_metric(message))


def _param(message: Message) -> tuple[str, str]:
    name = rules.checked_name(message, "Param key")
    return name, message.text("value")[: rules.PARAMETER_LENGTH]


def _tag(message: Message) -> tuple[str, str]:
    name = rules.checked_name(message, f"{message.within}key")
    return name, message.text("value")[: rules.TAG_LENGTH]


def _log_metric(message: Message) -> Change:
    return Change(_run_id(message), metrics=(_metric(message),))


def _log_parameter(message: Message) -> Change:
    return Change(_run_id(message), params=dict((_param(message),)))


def _log_batch(message: Message) -> Change:
    metrics = tuple(map(_metric, message.messages("metrics")))
    params = list(map(_param, message.messages("params")))
    tags = list(map(_tag, message.messages("tags")))
    rules.check_batch("metrics", len(metrics), rules.METRICS_IN_BATCH)
    rules.check_batch("params", len(params), rules.OTHERS_IN_BATCH)
    rules.check_batch("tags", len(tags), rules.OTHERS_IN_BATCH)
    entries = len(metrics) + len(params) + len(tags)
    rules.check_batch("metrics, params, and tags", entries, rules.METRICS_IN_BATCH)
    if len(dict(params)) < len(params):
        raise ApiError(INVALID, "Duplicate parameter keys have been submitted in one batch.")
    return Change(_run_id(message), metrics=metrics, params=dict(params), tags=dict(tags))


def _set_tag(message: Message) -> Change:
    return Change(_run_id(message), tags=dict((_tag(message),)))


def _delete_tag(message: Message) -> Change:
    return Change(_run_id(message), tags={message.needed_text("key"): None})


def _update(message: Message) -> Change:
    info: Json = {}
    if "status" in message:
        info["status"] = message.text("status")
        if info["status"] not in _STATUSES:
            raise rules.invalid_value("status", info["status"])
    if "end_time" in message:
        info["end_time"] = message.integer("end_time")
    tags: dict[str, str | None] = {}
    if message.text("run_name"):
        info["run_name"] = tags["mlflow.runName"] = message.text("run_name")
    return Change(_run_id(message), info=info, tags=tags)


def _set_experiment_tag(message: Message) -> Change:
    name = rules.checked_name(message, "key")
    value = message.text("value")[: rules.EXPERIMENT_TAG_LENGTH]
    return Change(experiment_id=message.needed_text("experiment_id"), tags={name: value})


def _log_inputs(message: Message) -> Change:
    datasets = message.messages("datasets")
    for given in datasets:
        dataset = given.message("dataset")
        for name in ("name", "digest", "source_type", "source"):
            dataset.needed_text(name)
    return Change(_run_id(message), datasets=tuple(dict(given.fields) for given in datasets))


def _log_outputs(message: Message) -> Change:
    models = message.messages("models")
    for given in models:
        given.needed_text("model_id")
    return Change(_run_id(message), models=tuple(dict(given.fields) for given in models))


def _log_model(message: Message) -> Change:
    run_id, text = _run_id(message), message.needed_text("model_json")
    model: Any = None
    with suppress(ValueError):
        model = json.loads(text)
    if not isinstance(model, dict):
        raise ApiError(INVALID, f"Malformed model info. \n {text} \n is not a valid JSON.")
    lacking = set(_MODEL_FIELDS) - model.keys()
    if lacking:
        raise ApiError(INVALID, f"Model json is missing mandatory fields: {sorted(lacking)}")
    return Change(run_id)


_READERS: Mapping[str, Callable[[Message], Change]] = {
    "/runs/log-metric": _log_metric,
    "/runs/log-parameter": _log_parameter,
    "/runs/log-batch": _log_batch,
    "/runs/set-tag": _set_tag,
    "/runs/delete-tag": _delete_tag,
    "/runs/update": _update,
    "/runs/log-inputs": _log_inputs,
    "/runs/outputs": _log_outputs,
    "/runs/log-model": _log_model,
    "/experiments/set-experiment-tag": _set_experiment_tag,
}
