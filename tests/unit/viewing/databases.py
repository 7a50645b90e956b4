"""Small databases that look like MLflow's from outside."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

RUN_ID = "a" * 32
OLD_HEAD = "0584bdc529eb"


def make_database(path: Path, head: str = OLD_HEAD, *, journal: str = "delete") -> Path:
    """Make a database with one run."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (head,))
        connection.execute("CREATE TABLE runs (run_uuid TEXT, experiment_id INTEGER)")
        connection.execute("INSERT INTO runs VALUES (?, 7)", (RUN_ID,))
    return path


def set_head(path: Path, head: str) -> None:
    """Do what an upgrade does, as far as it is seen from outside."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (head,))
        connection.execute("ALTER TABLE runs ADD COLUMN added TEXT")


def add_run(path: Path, run_id: str) -> None:
    """Record a further run."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO runs (run_uuid, experiment_id) VALUES (?, 7)", (run_id,))


def runs_in(path: Path) -> list[str]:
    """Return the ids of the runs that are recorded."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT run_uuid FROM runs")]


def digests(path: Path) -> dict[str, str]:
    """Return the hashes of a database's files, by name."""
    files = sorted(path.parent.glob(f"{path.name}*"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
