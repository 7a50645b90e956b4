"""MLflow's operations on experiments."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from mlrun.tracking.database import rules
from mlrun.tracking.database.api_error import EXISTS, INVALID, MISSING, WRONG_STATE, ApiError
from mlrun.tracking.database.artifact_uris import below, checked_location
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.session import Session

ACTIVE = "active"
DELETED = "deleted"

_STAGES = {
    "ACTIVE_ONLY": (ACTIVE,),
    "DELETED_ONLY": (DELETED,),
    "ALL": (ACTIVE, DELETED),
}
"""By MLflow's name for a view (ViewType)."""

_LISTED = 50000


def experiment_json(session: Session, rows: Sequence[sqlite3.Row]) -> list[Json]:
    """Return experiments as MLflow's answers have them.

    Args:
        session: Where they are.
        rows: Whole rows of `experiments`.
    """
    if not rows:
        return []
    ids = json.dumps([row["experiment_id"] for row in rows])
    tags: dict[int, list[Json]] = defaultdict(list)
    query = (
        'SELECT experiment_id, "key", value FROM experiment_tags '
        "WHERE experiment_id IN (SELECT value FROM json_each(?))"
    )
    for number, key, value in session.rows(query, (ids,)):
        tags[number].append({"key": key, "value": value or ""})
    return [_one_json(row, tags[row["experiment_id"]]) for row in rows]


def find_experiment(session: Session, experiment_id: str) -> sqlite3.Row:
    """Return the row of an experiment, of whatever state.

    Args:
        session: Where it is.
        experiment_id: As a request has it; the default experiment if it is empty.

    Raises:
        ApiError: There is none, or the id is no number.
    """
    try:
        number = int(experiment_id or 0)
    except ValueError:
        raise ApiError(
            INVALID,
            f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer.",
        ) from None
    # SQLite takes no larger numbers.
    known = number if abs(number) < 2**63 else -1
    row = session.row("SELECT * FROM experiments WHERE experiment_id = ?", (known,))
    if row is None:
        raise _missing(number)
    return row


def active_experiment(session: Session, experiment_id: str) -> sqlite3.Row:
    """Return the row of an experiment that takes records.

    Raises:
        ApiError: There is none, or it is deleted.
    """
    row = find_experiment(session, experiment_id)
    if row["lifecycle_stage"] != ACTIVE:
        raise ApiError(
            INVALID,
            f"The experiment {row['experiment_id']} must be in the 'active' state. "
            f"Current state is {row['lifecycle_stage']}.",
        )
    return row


def experiment_named(session: Session, name: str) -> sqlite3.Row | None:
    """Return the row of an experiment, of whatever state, None if there is none."""
    return session.row("SELECT * FROM experiments WHERE name = ?", (name,))


def make_experiment(session: Session, name: str, location: str = "") -> str:
    """Make an experiment, and return its id.

    Args:
        session: Where to.
        name: Of no other experiment, not of a deleted one either.
        location: Where its artifacts go; below the artifact root if empty.

    Raises:
        ApiError: The name is empty, too long, or taken.
    """
    _check_name(session, name)
    now = time.time_ns() // 1_000_000
    row = {
        "name": name,
        "artifact_location": location,
        "lifecycle_stage": ACTIVE,
        "creation_time": now,
        "last_update_time": now,
    }
    session.insert("experiments", [row])
    made = experiment_named(session, name)
    assert made is not None
    number = str(made["experiment_id"])
    if not location:
        place = {"artifact_location": below(session.artifact_root, number)}
        session.update("experiments", place, "experiment_id = ?", (number,))
    return number


def _check_name(session: Session, name: str) -> None:
    if not name:
        raise ApiError(INVALID, f"Invalid experiment name: '{name}'")
    if len(name) > rules.EXPERIMENT_NAME_LENGTH:
        raise rules.too_long("name", rules.EXPERIMENT_NAME_LENGTH)
    known = experiment_named(session, name)
    if known is not None:
        state = " It is deleted." if known["lifecycle_stage"] == DELETED else ""
        raise ApiError(EXISTS, f"Experiment(name={name}) already exists.{state}")


def _one_json(row: sqlite3.Row, tags: list[Json]) -> Json:
    there = row.keys()
    fields: Json = {
        "experiment_id": str(row["experiment_id"]),
        "name": row["name"],
        "artifact_location": row["artifact_location"] or "",
        "lifecycle_stage": row["lifecycle_stage"],
    }
    for column in ("last_update_time", "creation_time"):
        if column in there and row[column] is not None:
            fields[column] = row[column]
    if tags:
        fields["tags"] = tags
    if "workspace" in there:
        fields["workspace"] = row["workspace"]
    return fields


def _missing(number: int) -> ApiError:
    return ApiError(MISSING, f"No Experiment with id={number} exists")


def _create(session: Session, message: Message) -> Json:
    name = message.needed_text("name")
    location = message.text("artifact_location")
    if location:
        location = checked_location(location, rules.LOCATION_LENGTH)
    tags = [_read_tag(session, tag) for tag in message.messages("tags")]
    number = make_experiment(session, name, location)
    for key, value in tags:
        _write_tag(session, int(number), key, value)
    return {"experiment_id": number}


def _get(session: Session, message: Message) -> Json:
    row = find_experiment(session, message.needed_text("experiment_id"))
    return {"experiment": experiment_json(session, [row])[0]}


def _get_by_name(session: Session, message: Message) -> Json:
    name = message.needed_text("experiment_name")
    row = experiment_named(session, name)
    if row is None:
        raise ApiError(MISSING, f"Could not find experiment with name '{name}'")
    return {"experiment": experiment_json(session, [row])[0]}


def _list(session: Session, message: Message) -> Json:
    """Answer clients of MLflow 1, which ask for no more pages than they are told of."""
    view = message.text("view_type", "ACTIVE_ONLY").upper()
    if view not in _STAGES:
        raise message.invalid("view_type", f"one of {', '.join(_STAGES)}")
    marks = json.dumps(_STAGES[view])
    query = (
        "SELECT * FROM experiments WHERE lifecycle_stage IN (SELECT value FROM json_each(?)) "
        "ORDER BY experiment_id LIMIT ?"
    )
    return {"experiments": experiment_json(session, session.rows(query, (marks, _LISTED)))}


def _update(session: Session, message: Message) -> Json:
    row = find_experiment(session, message.needed_text("experiment_id"))
    name = message.needed_text("new_name")
    if row["lifecycle_stage"] != ACTIVE:
        raise ApiError(WRONG_STATE, "Cannot rename a non-active experiment.")
    if name != row["name"]:
        _check_name(session, name)
    _change(session, row["experiment_id"], {"name": name})
    return {}


def _delete(session: Session, message: Message) -> Json:
    number = _in_stage(session, message, ACTIVE)
    _change(session, number, {"lifecycle_stage": DELETED})
    gone = {"lifecycle_stage": DELETED, "deleted_time": time.time_ns() // 1_000_000}
    session.update("runs", gone, "experiment_id = ?", (number,))
    return {}


def _restore(session: Session, message: Message) -> Json:
    number = _in_stage(session, message, DELETED)
    _change(session, number, {"lifecycle_stage": ACTIVE})
    back = {"lifecycle_stage": ACTIVE, "deleted_time": None}
    session.update("runs", back, "experiment_id = ?", (number,))
    return {}


def _in_stage(session: Session, message: Message, stage: str) -> int:
    row = find_experiment(session, message.needed_text("experiment_id"))
    number: int = row["experiment_id"]
    if row["lifecycle_stage"] != stage:
        raise _missing(number)
    return number


def _change(session: Session, number: int, fields: dict[str, Any]) -> None:
    now = {"last_update_time": time.time_ns() // 1_000_000}
    session.update("experiments", fields | now, "experiment_id = ?", (number,))


def _set_tag(session: Session, message: Message) -> Json:
    experiment_id = message.needed_text("experiment_id")
    key, value = _read_tag(session, message)
    row = active_experiment(session, experiment_id)
    _write_tag(session, row["experiment_id"], key, value)
    return {}


def _read_tag(session: Session, message: Message) -> tuple[str, str]:
    key = rules.checked_name(message, "key")
    value = message.text("value")
    held = session.length("experiment_tags", "value") or rules.EXPERIMENT_TAG_LENGTH
    longest = min(held, rules.EXPERIMENT_TAG_LENGTH)
    if len(value) > longest:
        raise rules.too_long("value", longest)
    return key, value


def _write_tag(session: Session, number: int, key: str, value: str) -> None:
    row = {"experiment_id": number, "key": key, "value": value}
    conflict = '("key", experiment_id) DO UPDATE SET value = excluded.value'
    session.insert("experiment_tags", [row], on_conflict=conflict)


def _delete_tag(session: Session, message: Message) -> Json:
    experiment_id, key = message.needed_text("experiment_id"), message.needed_text("key")
    row = active_experiment(session, experiment_id)
    statement = 'DELETE FROM experiment_tags WHERE experiment_id = ? AND "key" = ?'
    if not session.change(statement, (row["experiment_id"], key)):
        raise ApiError(MISSING, f"No tag with name: {key} in experiment with id {experiment_id}")
    return {}


ROUTES = (
    Route("POST", "/experiments/create", _create, writes=True),
    Route("GET", "/experiments/get", _get),
    Route("GET", "/experiments/get-by-name", _get_by_name),
    Route("GET", "/experiments/list", _list),
    Route("POST", "/experiments/update", _update, writes=True),
    Route("POST", "/experiments/delete", _delete, writes=True),
    Route("POST", "/experiments/restore", _restore, writes=True),
    Route("POST", "/experiments/set-experiment-tag", _set_tag, writes=True),
    Route("POST", "/experiments/delete-experiment-tag", _delete_tag, writes=True),
)
