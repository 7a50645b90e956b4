"""A file of SQLite's, read and copied without changing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mlrun.errors import TrackingError

Stamp = tuple[tuple[int, int], ...]
"""Time and size of a database's files: differs after a change."""


def head_of(database: Path) -> str | None:
    """Return the revision of a database's schema (alembic), None where it is no MLflow's.

    Raises:
        TrackingError: It cannot be read.
    """
    with reading(database) as connection:
        found = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
        ).fetchone()
        if not found[0]:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def copy_database(source: Path, target: Path) -> None:
    """Copy one state of a database that may be in use over another, in one transaction.

    Args:
        source: It stays byte for byte as it is.
        target: Made if it isn't there; whoever has it open sees the old or the new state.

    Raises:
        TrackingError: One of the two cannot be used.
    """
    with reading(source) as connection, closing(sqlite3.connect(target)) as other:
        connection.backup(other)


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it.

    A connection that may write removes the files that SQLite's WAL mode made for it, and moves
    what stands in a log of others' into the database. So it may write just where there is no
    such log.

    Raises:
        TrackingError: It cannot be read, there or in the block.
    """
    mode = "ro" if database.with_name(f"{database.name}-wal").exists() else "rw"
    try:
        uri = f"{database.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise TrackingError(f"the database {database} cannot be read: {error}") from error


def stamp_of(database: Path) -> Stamp:
    """Return what differs after the database was changed."""
    files = (database, database.with_name(f"{database.name}-wal"))
    stats = [file.stat() for file in files if file.exists()]
    return tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)
