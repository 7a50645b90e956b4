"""Where the files of a new model version are: what `models:/...` as its source stands for.

Source: mlflow.server.handlers and mlflow.store.model_registry of MLflow 3.17. Its server also
refuses local paths outside the run's own folder, since it would hand out any file of its own
machine under that name. Here a path is taken as MLflow itself takes it without a server, since
who asks sees the same files; the gateway hands out none beyond the artifacts to others.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from urllib.parse import unquote

from mlrun.tracking.database import logged_models
from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.database.message import Message
from mlrun.tracking.database.registered_models import (
    find_model,
    find_version,
    newest_of_stages,
    version_of_alias,
)
from mlrun.tracking.database.registry_rules import read_version
from mlrun.tracking.database.session import Session

_SCHEME = "models:"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from.

    Attributes:
        source: As recorded; a stage or alias in it has become a version.
        location: URI of the files.
        run_id: Of the run that made them, empty if none did.
        model_id: Of the logged model, empty if there is none.
    """

    source: str
    location: str
    run_id: str
    model_id: str


def resolve(session: Session, message: Message, source: str, *, is_prompt: bool) -> Origin:
    """Return where a version comes from.

    Args:
        session: Where models and versions are.
        message: The request, for `run_id` and `model_id`.
        source: The request's.
        is_prompt: Prompts have no files, and no origin.

    Raises:
        ApiError: The source names a model or version that does not exist, or one of another run.
    """
    run_id, model_id = message.text("run_id"), message.text("model_id")
    if is_prompt:
        return Origin(source, source, run_id, model_id)
    _check_path(source)
    if source.startswith(_SCHEME):
        return _from_models_uri(session, message, source)
    if model_id and not run_id:
        run_id = logged_models.find_model(session, model_id)["source_run_id"] or ""
    return Origin(source, source, run_id, model_id)


def _check_path(source: str) -> None:
    """Refuse a URI that leads out of where it begins."""
    _, separator, path = source.partition(":/")
    if separator and ".." in unquote(path).split("/"):
        raise _invalid(source, "It must be an absolute path without '..'.")


def _from_models_uri(session: Session, message: Message, source: str) -> Origin:
    run_id, model_id = message.text("run_id"), message.text("model_id")
    name, _, suffix = source[len(_SCHEME) :].lstrip("/").partition("/")
    if not name.strip() or "/" in suffix:
        raise _invalid(source, "It must be like 'models:/name/version' or 'models:/model_id'.")
    if not suffix and "@" not in name:
        if name != (model_id or name):
            raise _invalid(source, "Parameter 'model_id' names another model.")
        model = logged_models.find_model(session, name)
        run_id = run_id or model["source_run_id"] or ""
        return Origin(source, model["artifact_location"], run_id, model_id)
    row = _version(session, name, suffix)
    if run_id and run_id != (row["run_id"] or ""):
        raise _invalid(source, "Parameter 'run_id' names another run than that of the version.")
    fields = dict(zip(row.keys(), row, strict=True))
    location = fields.get("storage_location") or row["source"]
    plain = f"models:/{row['name']}/{row['version']}"
    return Origin(plain, location, row["run_id"] or "", model_id)


def _version(session: Session, name: str, suffix: str) -> sqlite3.Row:
    """Return the version that `name/<version>`, `name/<stage>` or `name@<alias>` stands for."""
    if not suffix:
        name, _, alias = name.rpartition("@")
        return version_of_alias(session, name, alias)
    find_model(session, name)
    if suffix.isdecimal():
        return find_version(session, name, read_version(suffix))
    stages = [] if suffix.lower() == "latest" else [suffix]
    rows = newest_of_stages(session, name, stages)
    if not rows:
        of_stage = f" and stage '{suffix}'" if stages else ""
        raise ApiError(MISSING, f"No versions of model with name '{name}'{of_stage} found")
    return max(rows, key=lambda row: int(row["version"]))


def _invalid(source: str, reason: str) -> ApiError:
    return ApiError(INVALID, f"Invalid model version source: '{source}'. {reason}")
