"""The registry's models and versions, as the JSON that MLflow's server makes of them."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from mlrun.tracking.database.message import Json
from mlrun.tracking.database.registry_rules import DELETED
from mlrun.tracking.database.session import Session


def model_json(session: Session, rows: Sequence[sqlite3.Row]) -> list[Json]:
    """Return registered models, each with the newest version of every stage.

    Args:
        session: Where they are.
        rows: Whole rows of `registered_models`.
    """
    names = json.dumps([row["name"] for row in rows])
    latest = latest_versions(session, names)
    versions: dict[str, list[Json]] = defaultdict(list)
    for row, version in zip(latest, version_json(session, latest), strict=True):
        versions[row["name"]].append(version)
    tags = _model_tags(session, names)
    aliases = _aliases(session, names)
    return [
        _model(row, versions[row["name"]], tags[row["name"]], aliases[row["name"]]) for row in rows
    ]


def version_json(
    session: Session, rows: Sequence[sqlite3.Row], *, with_aliases: bool = False
) -> list[Json]:
    """Return model versions.

    Args:
        session: Where they are.
        rows: Whole rows of `model_versions`.
        with_aliases: A version by itself has them; one within a registered model, or found by a
            search, has not.
    """
    tags = _version_tags(session, rows)
    aliases: dict[str, list[tuple[str, int]]] = defaultdict(list)
    if with_aliases:
        aliases = _aliases(session, json.dumps(sorted({row["name"] for row in rows})))
    return [
        _version(
            row,
            tags[row["name"], row["version"]],
            [alias for alias, version in aliases[row["name"]] if version == row["version"]],
        )
        for row in rows
    ]


def latest_versions(session: Session, names: str) -> list[sqlite3.Row]:
    """Return the newest version of every stage of these models, by the age of the stage.

    Args:
        session: Where they are.
        names: A JSON list.
    """
    return session.rows(
        """
        SELECT version.* FROM model_versions AS version
        JOIN (
            SELECT name, MAX(version) AS newest, MIN(version) AS oldest
            FROM model_versions
            WHERE name IN (SELECT value FROM json_each(?)) AND current_stage <> ?
            GROUP BY name, current_stage
        ) AS stage ON stage.name = version.name AND stage.newest = version.version
        ORDER BY version.name, stage.oldest
        """,
        (names, DELETED),
    )


def _model(
    row: sqlite3.Row, versions: list[Json], tags: list[Json], aliases: list[tuple[str, int]]
) -> Json:
    fields = {
        "name": row["name"],
        "creation_timestamp": row["creation_time"],
        "last_updated_timestamp": row["last_updated_time"] or None,
        "description": row["description"] or None,
        "latest_versions": versions or None,
        "tags": tags or None,
        "aliases": [{"alias": alias, "version": str(version)} for alias, version in aliases]
        or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _version(row: sqlite3.Row, tags: list[Json], aliases: list[str]) -> Json:
    fields = {
        "name": row["name"],
        "version": str(row["version"]),
        "creation_timestamp": row["creation_time"],
        "last_updated_timestamp": row["last_updated_time"],
        "user_id": row["user_id"],
        "current_stage": row["current_stage"],
        "description": row["description"],
        "source": row["source"],
        "run_id": row["run_id"],
        "status": row["status"],
        "status_message": row["status_message"] or None,
        "tags": tags or None,
        "run_link": row["run_link"],
        "aliases": aliases or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _model_tags(session: Session, names: str) -> dict[str, list[Json]]:
    tags: dict[str, list[Json]] = defaultdict(list)
    for row in session.rows(
        "SELECT name, key, value FROM registered_model_tags "
        "WHERE name IN (SELECT value FROM json_each(?)) ORDER BY key",
        (names,),
    ):
        tags[row["name"]].append({"key": row["key"], "value": row["value"] or ""})
    return tags


def _version_tags(
    session: Session, rows: Sequence[sqlite3.Row]
) -> dict[tuple[str, int], list[Json]]:
    """Return the tags of these versions alone: those of prompts hold their whole text."""
    tags: dict[tuple[str, int], list[Json]] = defaultdict(list)
    versions = json.dumps([[row["name"], row["version"]] for row in rows])
    for row in session.rows(
        "SELECT name, version, key, value FROM model_version_tags WHERE (name, version) IN ("
        "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)) "
        "ORDER BY key",
        (versions,),
    ):
        tag = {"key": row["key"], "value": row["value"] or ""}
        tags[row["name"], row["version"]].append(tag)
    return tags


def _aliases(session: Session, names: str) -> dict[str, list[tuple[str, int]]]:
    aliases: dict[str, list[tuple[str, int]]] = defaultdict(list)
    if not session.columns("registered_model_aliases"):
        return aliases
    for row in session.rows(
        "SELECT name, alias, version FROM registered_model_aliases "
        "WHERE name IN (SELECT value FROM json_each(?)) ORDER BY alias",
        (names,),
    ):
        aliases[row["name"]].append((row["alias"], row["version"]))
    return aliases
