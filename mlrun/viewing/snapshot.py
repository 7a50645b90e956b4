"""A copy of a user's database that this MLflow can serve: upgraded, kept up to date, read-only.

The user's own file is never upgraded on the way: clients that are older than its new schema
could not open it any more.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from mlrun.environments.python.mlflow_program import SCHEMA_HEAD
from mlrun.errors import MlrunError
from mlrun.viewing.database_file import Stamp, copy_database, head_of, stamp_of

_SHARE = 5
"""At most one part in so many of the time goes into keeping the copy up to date."""

_REFUSAL = "this is a copy of the database: mlrun ui --upgrade lets it be changed"


class Snapshot:
    """A copy, in a folder of its own.

    Args:
        source: The user's database.
        folder: A private folder.
        upgrade: Upgrades a database file to this MLflow's schema.
    """

    def __init__(self, source: Path, folder: Path, upgrade: Callable[[Path], None]) -> None:
        self.path = folder / "mlflow.db"
        self._source = source
        self._next = folder / "next.db"
        self._upgrade = upgrade
        self._stamp: Stamp = ()
        self._due = 0.0

    def take(self) -> None:
        """Copy the database, and upgrade the copy.

        The server may have the earlier copy open: it sees the one or the other.

        Raises:
            TrackingError: It cannot be read.
        """
        begun = time.monotonic()
        stamp = stamp_of(self._source)
        self._next.unlink(missing_ok=True)
        copy_database(self._source, self._next)
        if head_of(self._next) != SCHEMA_HEAD:
            self._upgrade(self._next)
        _make_read_only(self._next)
        if not self.path.exists():
            _let_readers_read(self.path)
        copy_database(self._next, self.path)
        self._next.unlink()
        self._stamp = stamp
        self._due = time.monotonic() + _SHARE * (time.monotonic() - begun)

    def follow(self) -> str | None:
        """Take it anew if the database has changed; return what stands in the way, if anything."""
        if time.monotonic() < self._due or stamp_of(self._source) in ((), self._stamp):
            return None
        try:
            self.take()
        except (MlrunError, sqlite3.Error) as error:
            self._stamp = stamp_of(self._source)
            return str(error)
        return None


def _make_read_only(database: Path) -> None:
    """Refuse all changes: they would be lost with the copy, and nobody would have said so."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " AND name <> 'alembic_version'"
        )
        tables = [row[0] for row in connection.execute(query)]
        connection.execute("BEGIN")
        for table in tables:
            for change in ("INSERT", "UPDATE", "DELETE"):
                connection.execute(
                    f'CREATE TRIGGER "mlrun {change} {table}" BEFORE {change} ON "{table}" '
                    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
                )
        connection.execute("COMMIT")


def _let_readers_read(database: Path) -> None:
    """Make an empty database in WAL mode: then a new copy keeps nobody from reading."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=wal")
