"""MLflow's operations that add to a run: metrics, parameters, tags, and batches of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from sqlite3 import Row

from mlrun.tracking.database import rules, runs
from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.metrics import read_metric, write_metrics
from mlrun.tracking.database.parameters import recorded_parameters, write_parameters
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.session import Session

_MODELS_TAG = "mlflow.log-model.history"
_MODEL_FIELDS = ("run_id", "artifact_path", "utc_time_created", "flavors")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")


def _log_metric(session: Session, message: Message) -> Json:
    run_id = runs.needed_run_id(message)
    metric = read_metric(message)
    run = runs.active_run(session, run_id)
    if "model_id" in message:
        _write_model_metrics(session, run, [message])
    write_metrics(session, run_id, (metric,))
    return {}


def _write_model_metrics(session: Session, run: Row, metrics: Sequence[Message]) -> None:
    from mlrun.tracking.database.logged_models import log_model_metrics

    log_model_metrics(session, run, metrics)


def _log_parameter(session: Session, message: Message) -> Json:
    run_id = runs.needed_run_id(message)
    key, value = _read_parameter(session, message)
    runs.active_run(session, run_id)
    query = 'SELECT value FROM params WHERE "key" = ? AND run_uuid = ?'
    known = session.row(query, (key, run_id))
    if known is None:
        write_parameters(session, run_id, {key: value})
    elif known["value"] != value:
        raise ApiError(
            INVALID,
            f"Changing param values is not allowed. Param with key='{key}' was already logged "
            f"with value='{known['value']}' for run ID='{run_id}'. Attempted logging new value "
            f"'{value}'.",
        )
    return {}


def _read_parameter(session: Session, message: Message) -> tuple[str, str]:
    key = rules.checked_name(message, "Param key")
    value = message.text("value")
    return key, rules.fitted(session, "params", value, rules.PARAMETER_LENGTH, "Param value")


def _set_tag(session: Session, message: Message) -> Json:
    run_id = runs.needed_run_id(message)
    key, value = _read_tag(session, message)
    runs.active_run(session, run_id)
    _write_tags(session, run_id, {key: value})
    return {}


def _read_tag(session: Session, message: Message) -> tuple[str, str]:
    key = rules.checked_name(message, f"{message.within}key")
    value, kind = message.text("value"), f"{message.within}value"
    return key, rules.fitted(session, "tags", value, rules.TAG_LENGTH, kind)


def _write_tags(session: Session, run_id: str, tags: Mapping[str, str]) -> None:
    """Write tags; the one with the run's name renames the run."""
    if runs.RUN_NAME_TAG in tags:
        runs.rename(session, run_id, tags[runs.RUN_NAME_TAG])
        tags = {key: value for key, value in tags.items() if key != runs.RUN_NAME_TAG}
    runs.write_tags(session, run_id, tags)


def _delete_tag(session: Session, message: Message) -> Json:
    run_id, key = runs.needed_run_id(message), message.needed_text("key")
    runs.active_run(session, run_id)
    statement = 'DELETE FROM tags WHERE "key" = ? AND run_uuid = ?'
    if not session.change(statement, (key, run_id)):
        raise ApiError(MISSING, f"No tag with name: {key} in run with id {run_id}")
    return {}


def _log_batch(session: Session, message: Message) -> Json:
    run_id = message.needed_text("run_id")
    if _RUN_ID.fullmatch(run_id) is None:
        raise rules.invalid_value("run_id", run_id)
    asked = {kind: message.messages(kind) for kind in ("metrics", "params", "tags")}
    metrics = [read_metric(metric) for metric in asked["metrics"]]
    parameters = [_read_parameter(session, parameter) for parameter in asked["params"]]
    tags = [_read_tag(session, tag) for tag in asked["tags"]]
    rules.check_batch("metrics", len(metrics), rules.METRICS_IN_BATCH)
    rules.check_batch("params", len(parameters), rules.OTHERS_IN_BATCH)
    rules.check_batch("tags", len(tags), rules.OTHERS_IN_BATCH)
    entries = len(metrics) + len(parameters) + len(tags)
    rules.check_batch("metrics, params, and tags", entries, rules.METRICS_IN_BATCH)
    run = runs.active_run(session, run_id)
    if parameters:
        _add_parameters(session, run_id, parameters)
    if metrics:
        write_metrics(session, run_id, metrics)
    of_models = [metric for metric in asked["metrics"] if "model_id" in metric]
    if of_models:
        _write_model_metrics(session, run, of_models)
    if tags:
        _write_tags(session, run_id, dict(tags))
    return {}


def _add_parameters(session: Session, run_id: str, parameters: Sequence[tuple[str, str]]) -> None:
    names = [key for key, _ in parameters]
    doubled = [key for i, key in enumerate(names) if key in names[:i]]
    if doubled:
        raise ApiError(
            INVALID,
            f"Duplicate parameter keys have been submitted: {doubled}. Please ensure the request "
            "contains only one param value per param key.",
        )
    known = recorded_parameters(session, run_id)
    changed = [
        {"key": key, "old_value": known[key], "new_value": value}
        for key, value in parameters
        if known.get(key, value) != value
    ]
    if changed:
        raise ApiError(
            INVALID,
            f"Changing param values is not allowed. Params were already logged='{changed}' "
            f"for run ID='{run_id}'.",
        )
    new = {key: value for key, value in parameters if key not in known}
    write_parameters(session, run_id, new)


def _log_model(session: Session, message: Message) -> Json:
    """Note a model's folder in a tag, as clients up to 2.22 ask for."""
    run_id, text = runs.needed_run_id(message), message.needed_text("model_json")
    try:
        model = json.loads(text)
    except ValueError:
        model = None
    if not isinstance(model, dict):
        raise ApiError(INVALID, f"Malformed model info. \n {text} \n is not a valid JSON.")
    lacking = set(_MODEL_FIELDS) - model.keys()
    if lacking:
        raise ApiError(INVALID, f"Model json is missing mandatory fields: {sorted(lacking)}")
    runs.active_run(session, run_id)
    query = 'SELECT value FROM tags WHERE "key" = ? AND run_uuid = ?'
    known = session.row(query, (_MODELS_TAG, run_id))
    models = _noted(known["value"]) if known else []
    value = json.dumps([*models, _tagged(model)])
    # For the check alone: what is cut would be no JSON.
    rules.fitted(session, "tags", value, rules.TAG_LENGTH, "value")
    runs.write_tags(session, run_id, {_MODELS_TAG: value})
    return {}


def _noted(text: str) -> list[Json]:
    """Return the models that the tag tells of, which anybody may have set to something else."""
    try:
        models = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        models = None
    if not isinstance(models, list):
        raise ApiError(INVALID, f"The tag {_MODELS_TAG!r} of the run is not a list of models.")
    return models


def _tagged(model: Json) -> Json:
    """Return what MLflow keeps of a model in the tag."""
    kept = {key: model[key] for key in (*_MODEL_FIELDS, "model_uuid") if key in model}
    flavors = kept.pop("flavors")
    if isinstance(flavors, dict):
        flavors = {
            flavor: {key: value for key, value in settings.items() if key != "config"}
            if isinstance(settings, dict)
            else settings
            for flavor, settings in flavors.items()
        }
    return {**kept, "flavors": flavors}


ROUTES = (
    Route("POST", "/runs/log-metric", _log_metric, writes=True),
    Route("POST", "/runs/log-parameter", _log_parameter, writes=True),
    Route("POST", "/runs/set-tag", _set_tag, writes=True),
    Route("POST", "/runs/delete-tag", _delete_tag, writes=True),
    Route("POST", "/runs/log-batch", _log_batch, writes=True),
    Route("POST", "/runs/log-model", _log_model, writes=True),
)
