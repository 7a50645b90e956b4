"""Registered models: made, renamed, described, deleted, tagged, given aliases."""

from __future__ import annotations

import json
import sqlite3
import time

from mlrun.tracking.database import registry_rules as rules
from mlrun.tracking.database.api_error import EXISTS, INVALID, MISSING, ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.registry_json import latest_versions, version_json
from mlrun.tracking.database.registry_json import model_json as model_json
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.search.paging import read_page
from mlrun.tracking.database.session import Session

_VERSION_TABLES = ("model_version_tags", "model_versions")
_MODEL_TABLES = ("registered_model_aliases", "registered_model_tags", "registered_models")


def find_model(session: Session, name: str) -> sqlite3.Row:
    """Return a registered model's row.

    Raises:
        ApiError: There is none of that name.
    """
    row = session.row("SELECT * FROM registered_models WHERE name = ?", (name,))
    if row is None:
        raise ApiError(MISSING, f"Registered Model with name={name} not found")
    return row


def find_version(session: Session, name: str, version: int) -> sqlite3.Row:
    """Return a model version's row.

    Raises:
        ApiError: There is none of that number, or it was deleted.
    """
    row = session.row(
        "SELECT * FROM model_versions WHERE name = ? AND version = ? AND current_stage <> ?",
        (name, version, rules.DELETED),
    )
    if row is None:
        raise ApiError(MISSING, f"Model Version (name={name}, version={version}) not found")
    return row


def touch(session: Session, name: str, now: int) -> None:
    """Note that a registered model changed.

    Args:
        session: Where it is.
        name: Of the model.
        now: Milliseconds since 1970.
    """
    session.change("UPDATE registered_models SET last_updated_time = ? WHERE name = ?", (now, name))


def milliseconds() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def newest_of_stages(session: Session, name: str, stages: list[str]) -> list[sqlite3.Row]:
    """Return the newest version of each of these stages, of every stage if none is named.

    Raises:
        ApiError: There is no such model, or no such stage.
    """
    find_model(session, name)
    wanted = {rules.stage(stage) for stage in stages or rules.STAGES}
    rows = latest_versions(session, json.dumps([name]))
    return [row for row in rows if row["current_stage"] in wanted]


def _create(session: Session, message: Message) -> Json:
    name = rules.model_name(message)
    tags = rules.tags(message)
    if session.row("SELECT 1 FROM registered_models WHERE name = ?", (name,)) is not None:
        raise _taken(session, name, rules.PROMPT_TAG in tags)
    now = milliseconds()
    row = {"name": name, "creation_time": now, "last_updated_time": now}
    session.insert("registered_models", [{**row, "description": message.text("description")}])
    rows = [{"name": name, "key": key, "value": value} for key, value in tags.items()]
    session.insert("registered_model_tags", rows)
    return _answer(session, name)


def _taken(session: Session, name: str, is_prompt: bool) -> ApiError:
    tag = session.row(
        "SELECT 1 FROM registered_model_tags WHERE name = ? AND key = ?", (name, rules.PROMPT_TAG)
    )
    kinds = ("Registered Model", "Prompt")
    there, wanted = kinds[tag is not None], kinds[is_prompt]
    if there == wanted:
        return ApiError(EXISTS, f"{wanted} (name={name}) already exists.")
    return ApiError(
        EXISTS,
        f"Tried to create a {wanted.lower()} with name {name!r}, but the name is already taken by "
        f"a {there.lower()}. MLflow does not allow creating a model and a prompt with the same "
        "name.",
    )


def _get(session: Session, message: Message) -> Json:
    return _answer(session, rules.model_name(message))


def _update(session: Session, message: Message) -> Json:
    name = rules.model_name(message)
    find_model(session, name)
    session.change(
        "UPDATE registered_models SET description = ?, last_updated_time = ? WHERE name = ?",
        (message.text("description"), milliseconds(), name),
    )
    return _answer(session, name)


def _rename(session: Session, message: Message) -> Json:
    new_name = rules.model_name(message, "new_name")
    name = rules.model_name(message)
    find_model(session, name)
    if new_name != name:
        _move(session, name, new_name)
    now = milliseconds()
    touch(session, new_name, now)
    session.change(
        "UPDATE model_versions SET last_updated_time = ? WHERE name = ?", (now, new_name)
    )
    return _answer(session, new_name)


def _move(session: Session, name: str, new_name: str) -> None:
    if session.row("SELECT 1 FROM registered_models WHERE name = ?", (new_name,)) is not None:
        raise ApiError(EXISTS, f"Registered Model (name={new_name}) already exists.")
    # The foreign keys cascade where they are enforced; elsewhere each table is changed by itself.
    for table in reversed((*_VERSION_TABLES, *_MODEL_TABLES)):
        if session.columns(table):
            session.change(
                f"UPDATE {table} SET name = ? WHERE name = ?",  # noqa: S608
                (new_name, name),
            )


def _delete(session: Session, message: Message) -> Json:
    name = rules.model_name(message)
    find_model(session, name)
    for table in (*_VERSION_TABLES, *_MODEL_TABLES):
        if session.columns(table):
            session.change(f"DELETE FROM {table} WHERE name = ?", (name,))  # noqa: S608
    return {}


def _list(session: Session, message: Message) -> Json:
    """Answer what MLflow had before its search: all models, prompts as little as in a search."""
    page = read_page(message, default=100, largest=1000)
    rows = session.rows(
        "SELECT * FROM registered_models WHERE name NOT IN ("
        "SELECT name FROM registered_model_tags WHERE key = ? AND value = 'true') "
        "ORDER BY name LIMIT ? OFFSET ?",
        (rules.PROMPT_TAG, *page.values()),
    )
    shown, following = page.cut(rows)
    return {"registered_models": model_json(session, shown), **following} if shown else {}


def _latest(session: Session, message: Message) -> Json:
    name = rules.model_name(message)
    stages = message.texts("stages")
    if stages == ["latest"]:
        # MLflow 1.20 asks so for `models:/<name>/latest`, and takes the first one.
        rows = newest_of_stages(session, name, [])
        rows = sorted(rows, key=lambda row: -int(row["version"]))[:1]
    else:
        rows = newest_of_stages(session, name, stages)
    versions = version_json(session, rows, with_aliases=True)
    return {"model_versions": versions} if versions else {}


def _set_tag(session: Session, message: Message) -> Json:
    name = rules.model_name(message)
    message.needed_text("key")
    key, value = rules.tag(message)
    find_model(session, name)
    changed = session.change(
        "UPDATE registered_model_tags SET value = ? WHERE name = ? AND key = ?", (value, name, key)
    )
    if not changed:
        session.insert("registered_model_tags", [{"name": name, "key": key, "value": value}])
    return {}


def _delete_tag(session: Session, message: Message) -> Json:
    name, key = rules.model_name(message), message.needed_text("key")
    rules.check_tag_key(key)
    find_model(session, name)
    session.change("DELETE FROM registered_model_tags WHERE name = ? AND key = ?", (name, key))
    return {}


def _set_alias(session: Session, message: Message) -> Json:
    name, alias = rules.model_name(message), rules.new_alias(message)
    version = rules.version_number(message)
    session.demand("Aliases of registered models", "registered_model_aliases")
    find_version(session, name, version)
    changed = session.change(
        "UPDATE registered_model_aliases SET version = ? WHERE name = ? AND alias = ?",
        (version, name, alias),
    )
    if not changed:
        row = {"name": name, "alias": alias, "version": version}
        session.insert("registered_model_aliases", [row])
    return {}


def _delete_alias(session: Session, message: Message) -> Json:
    name, alias = rules.model_name(message), rules.alias(message)
    find_model(session, name)
    if session.columns("registered_model_aliases"):
        session.change(
            "DELETE FROM registered_model_aliases WHERE name = ? AND alias = ?", (name, alias)
        )
    return {}


def _get_by_alias(session: Session, message: Message) -> Json:
    name, alias = rules.model_name(message), rules.alias(message)
    row = version_of_alias(session, name, alias)
    return {"model_version": version_json(session, [row], with_aliases=True)[0]}


def version_of_alias(session: Session, name: str, alias: str) -> sqlite3.Row:
    """Return the version that an alias stands for; `latest` always is the newest.

    Raises:
        ApiError: There is no such model, alias or version.
    """
    find_model(session, name)
    if alias.lower() == "latest":
        rows = newest_of_stages(session, name, [])
        if not rows:
            raise ApiError(MISSING, f"Latest version not found for model {name}.")
        return max(rows, key=lambda row: int(row["version"]))
    row = None
    if session.columns("registered_model_aliases"):
        row = session.row(
            "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?",
            (name, alias),
        )
    if row is None:
        raise ApiError(INVALID, f"Registered model alias {alias} not found.")
    return find_version(session, name, row["version"])


def _answer(session: Session, name: str) -> Json:
    return {"registered_model": model_json(session, [find_model(session, name)])[0]}


_PATH = "/registered-models"

ROUTES = (
    Route("POST", f"{_PATH}/create", _create, writes=True),
    Route("GET", f"{_PATH}/get", _get),
    Route("GET", f"{_PATH}/list", _list),
    Route("PATCH", f"{_PATH}/update", _update, writes=True),
    Route("POST", f"{_PATH}/rename", _rename, writes=True),
    Route("DELETE", f"{_PATH}/delete", _delete, writes=True),
    Route("GET", f"{_PATH}/get-latest-versions", _latest),
    Route("POST", f"{_PATH}/get-latest-versions", _latest),
    Route("POST", f"{_PATH}/set-tag", _set_tag, writes=True),
    Route("DELETE", f"{_PATH}/delete-tag", _delete_tag, writes=True),
    Route("POST", f"{_PATH}/alias", _set_alias, writes=True),
    Route("DELETE", f"{_PATH}/alias", _delete_alias, writes=True),
    Route("GET", f"{_PATH}/alias", _get_by_alias),
)
