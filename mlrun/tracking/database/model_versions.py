"""Model versions: made, described, moved between stages, tagged, deleted, found again."""

from __future__ import annotations

import json
import sqlite3

from mlrun.tracking.database import logged_models
from mlrun.tracking.database import registry_rules as rules
from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.registered_models import (
    find_model,
    find_version,
    milliseconds,
    touch,
)
from mlrun.tracking.database.registry_json import version_json as version_json
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.session import Session
from mlrun.tracking.database.version_sources import Origin, resolve

_VERSIONS_TAG = "mlflow.modelVersions"
"""On a logged model: the versions that were made of it, as a JSON list."""


def _create(session: Session, message: Message) -> Json:
    name, source = rules.model_name(message), message.needed_text("source")
    tags = rules.tags(message)
    origin = resolve(session, message, source, is_prompt=_is_prompt(tags))
    find_model(session, name)
    row = _new_row(session, message, name, origin)
    version = row["version"]
    session.insert("model_versions", [row])
    rows = [{"name": name, "version": version, "key": k, "value": v} for k, v in tags.items()]
    session.insert("model_version_tags", rows)
    touch(session, name, row["creation_time"])
    if origin.model_id and not _is_prompt(tags):
        _note_on_logged_model(session, origin.model_id, name, version)
    return _answer(session, name, version)


def _new_row(session: Session, message: Message, name: str, origin: Origin) -> Json:
    now = milliseconds()
    has_location = "storage_location" in session.columns("model_versions")
    return {
        "name": name,
        "version": _next_number(session, name),
        "creation_time": now,
        "last_updated_time": now,
        "description": message.text("description"),
        "current_stage": "None",
        "source": origin.source if has_location else origin.location,
        "storage_location": origin.location,
        "run_id": origin.run_id,
        "run_link": message.text("run_link"),
        "status": "READY",
    }


def _is_prompt(tags: dict[str, str]) -> bool:
    return tags.get(rules.PROMPT_TAG, "").lower() == "true"


def _next_number(session: Session, name: str) -> int:
    """Return a number that no version ever had, a deleted one neither."""
    row = session.row("SELECT MAX(version) AS last FROM model_versions WHERE name = ?", (name,))
    return 1 + ((row["last"] if row else None) or 0)


def _note_on_logged_model(session: Session, model_id: str, name: str, version: int) -> None:
    logged_models.find_model(session, model_id)
    versions = _noted(logged_models.tag_value(session, model_id, _VERSIONS_TAG))
    # A number here, as MLflow's server has it; clients add the same once more as a text.
    entry = {"name": name, "version": version}
    if entry not in versions:
        versions.append(entry)
    logged_models.set_tags(session, model_id, {_VERSIONS_TAG: json.dumps(versions)})


def _noted(text: str | None) -> list[Json]:
    """Return what the tag says, nothing if somebody else wrote something else there."""
    try:
        versions = json.loads(text or "[]")
    except ValueError:
        return []
    return versions if isinstance(versions, list) else []


def _get(session: Session, message: Message) -> Json:
    name, version = _asked(message)
    return _answer(session, name, version)


def _update(session: Session, message: Message) -> Json:
    name, version = _asked(message)
    find_version(session, name, version)
    description = message.text("description") if "description" in message else None
    _change(session, name, version, {"description": description})
    return _answer(session, name, version)


def _delete(session: Session, message: Message) -> Json:
    name, version = _asked(message)
    find_version(session, name, version)
    if session.columns("registered_model_aliases"):
        session.change(
            "DELETE FROM registered_model_aliases WHERE name = ? AND version = ?", (name, version)
        )
    # The row stays, so that the number is not given again; what it told is wiped out.
    wiped = {
        "current_stage": rules.DELETED,
        "description": None,
        "user_id": None,
        "source": "REDACTED-SOURCE-PATH",
        "run_id": "REDACTED-RUN-ID",
        "run_link": "REDACTED-RUN-LINK",
        "status_message": None,
    }
    touch(session, name, _change(session, name, version, wiped))
    return {}


def _transition(session: Session, message: Message) -> Json:
    name, version = _asked(message)
    asked = message.needed_text("stage")
    stage = rules.stage(asked)
    archives = message.flag("archive_existing_versions")
    if archives and stage not in rules.ACTIVE_STAGES:
        raise ApiError(
            "INTERNAL_ERROR",
            "Model version transition cannot archive existing model versions because "
            f"'{asked}' is not an Active stage. Valid stages are {list(rules.ACTIVE_STAGES)}",
        )
    find_version(session, name, version)
    now = _change(session, name, version, {"current_stage": stage})
    if archives:
        session.change(
            "UPDATE model_versions SET current_stage = ?, last_updated_time = ? "
            "WHERE name = ? AND version <> ? AND current_stage = ?",
            (rules.ARCHIVED, now, name, version, stage),
        )
    touch(session, name, now)
    return _answer(session, name, version)


def _set_tag(session: Session, message: Message) -> Json:
    name, version = _asked(message)
    message.needed_text("key")
    key, value = rules.tag(message)
    find_version(session, name, version)
    changed = session.change(
        "UPDATE model_version_tags SET value = ? WHERE name = ? AND version = ? AND key = ?",
        (value, name, version, key),
    )
    if not changed:
        row = {"name": name, "version": version, "key": key, "value": value}
        session.insert("model_version_tags", [row])
    return {}


def _delete_tag(session: Session, message: Message) -> Json:
    name, version = _asked(message)
    key = message.needed_text("key")
    rules.check_tag_key(key)
    find_version(session, name, version)
    session.change(
        "DELETE FROM model_version_tags WHERE name = ? AND version = ? AND key = ?",
        (name, version, key),
    )
    return {}


def _download_uri(session: Session, message: Message) -> Json:
    name, version = _asked(message)
    row = find_version(session, name, version)
    location = row["storage_location"] if "storage_location" in row.keys() else None  # noqa: SIM118
    return {"artifact_uri": location or row["source"]}


def _asked(message: Message) -> tuple[str, int]:
    return rules.model_name(message), rules.version_number(message)


def _change(session: Session, name: str, version: int, fields: dict[str, str | None]) -> int:
    """Change columns of a version, and return when (milliseconds since 1970)."""
    now = milliseconds()
    columns = ", ".join(f"{column} = ?" for column in fields)
    session.change(
        f"UPDATE model_versions SET {columns}, last_updated_time = ? "  # noqa: S608
        "WHERE name = ? AND version = ?",
        (*fields.values(), now, name, version),
    )
    return now


def _answer(session: Session, name: str, version: int) -> Json:
    rows: list[sqlite3.Row] = [find_version(session, name, version)]
    return {"model_version": version_json(session, rows, with_aliases=True)[0]}


_PATH = "/model-versions"

ROUTES = (
    Route("POST", f"{_PATH}/create", _create, writes=True),
    Route("GET", f"{_PATH}/get", _get),
    Route("PATCH", f"{_PATH}/update", _update, writes=True),
    Route("DELETE", f"{_PATH}/delete", _delete, writes=True),
    Route("POST", f"{_PATH}/transition-stage", _transition, writes=True),
    Route("POST", f"{_PATH}/set-tag", _set_tag, writes=True),
    Route("DELETE", f"{_PATH}/delete-tag", _delete_tag, writes=True),
    Route("GET", f"{_PATH}/get-download-uri", _download_uri),
)
