"""Transactions on a local database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlrun.tracking.database.api_error import UNAVAILABLE, ApiError
from mlrun.tracking.database.opening import connect, named, upgrade_command

PATIENCE = 60.0
"""Seconds to wait for other writers: more than any transaction of a client's takes."""


class Session:
    """One transaction.

    Args:
        connection: Its connection, where a transaction has begun.
        path: The database, for messages.
        artifact_root: Absolute path or URI under which new experiments get their folder.
    """

    __slots__ = ("_columns", "_connection", "_inserts", "_lengths", "artifact_root", "path")

    def __init__(self, connection: sqlite3.Connection, path: Path, artifact_root: str) -> None:
        self.path = path
        self.artifact_root = artifact_root
        self._connection = connection
        self._columns: dict[str, frozenset[str]] = {}
        self._lengths: dict[tuple[str, str], int | None] = {}
        self._inserts: dict[tuple[str, tuple[str, ...], str], tuple[str, tuple[str, ...]]] = {}

    @property
    def head(self) -> str:
        """The schema's revision (alembic), such as `bda7b8c39065`; empty if it has none."""
        row = self.row("SELECT version_num FROM alembic_version")
        return str(row[0]) if row else ""

    def rows(
        self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[sqlite3.Row]:
        """Return all rows of a query, each readable by column name."""
        return self._connection.execute(statement, values).fetchall()

    def row(
        self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> sqlite3.Row | None:
        """Return the first row of a query, None if it has none."""
        cursor = self._connection.execute(statement, values)
        row: sqlite3.Row | None = cursor.fetchone()
        # What is left open would hold its transaction.
        cursor.close()
        return row

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement, and return how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def change_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        self._connection.executemany(statement, rows)

    def update(
        self, table: str, fields: Mapping[str, Any], where: str, values: Sequence[Any] = ()
    ) -> int:
        """Change rows, and return how many. Fields whose column this schema lacks are left out.

        Args:
            table: Where.
            fields: Column to value.
            where: Which rows, such as `run_uuid = ?`.
            values: For the marks in `where`.
        """
        there = self.columns(table)
        names = [name for name in fields if name in there]
        if not names:
            return 0
        settings = ", ".join(f'"{name}" = ?' for name in names)
        statement = f"UPDATE {table} SET {settings} WHERE {where}"  # noqa: S608
        return self.change(statement, [*(fields[name] for name in names), *values])

    def insert(
        self,
        table: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        on_conflict: str = "",
    ) -> None:
        """Add rows that all have the same fields.

        Fields whose column this schema lacks are left out. Columns that later schemas demand
        (`experiments.workspace`) have defaults of their own.

        Args:
            table: Where.
            rows: Column to value.
            on_conflict: What follows `ON CONFLICT`, such as `DO NOTHING`.
        """
        listed = rows if isinstance(rows, (list, tuple)) else list(rows)
        if not listed:
            return
        key = (table, tuple(listed[0]), on_conflict)
        known = self._inserts.get(key)
        if known is None:
            known = self._inserts[key] = self._insertion(*key)
        statement, names = known
        if len(listed) == 1:
            only = listed[0]
            self._connection.execute(statement, [only[name] for name in names])
        else:
            self._connection.executemany(statement, [[row[n] for n in names] for row in listed])

    def columns(self, table: str) -> frozenset[str]:
        """Return a table's columns, none if there is no such table."""
        known = self._columns.get(table)
        if known is None:
            rows = self.rows("SELECT name FROM pragma_table_info(?)", (table,))
            known = self._columns[table] = frozenset(name for (name,) in rows)
        return known

    def length(self, table: str, column: str) -> int | None:
        """Return how many characters a column is declared to hold, None if that is not said.

        SQLite itself does not mind; a server of the schema's own version would refuse more.
        """
        key = (table, column)
        if key not in self._lengths:
            row = self.row("SELECT type FROM pragma_table_info(?) WHERE name = ?", key)
            _, _, size = (row[0] if row else "").partition("(")
            digits = size.rstrip(")")
            self._lengths[key] = int(digits) if digits.isdigit() else None
        return self._lengths[key]

    def demand(self, what: str, table: str, *columns: str) -> None:
        """Make sure that the schema can hold something.

        Args:
            what: What is to be stored, in the plural, for the message: `Logged models`.
            table: Must be there.
            columns: Of that table, too.

        Raises:
            ApiError: It cannot; the message names the command that upgrades the database.
        """
        there = self.columns(table)
        if there and there.issuperset(columns):
            return
        raise ApiError(
            "BAD_REQUEST",
            f"{what} cannot be stored in this database, whose schema is of an older MLflow "
            f"(revision {self.head}). To upgrade it, for good: {upgrade_command(self.path)}",
        )

    @contextmanager
    def part(self) -> Iterator[None]:
        """Undo what the block did if it raises, and nothing else (a savepoint)."""
        execute = self._connection.execute
        execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            # SQLite has undone all by itself where the disk is full.
            if self._connection.in_transaction:
                execute("ROLLBACK TO part")
                execute("RELEASE part")
            raise
        execute("RELEASE part")

    def forget(self) -> None:
        """Read the schema anew when it is next needed."""
        self._columns.clear()
        self._lengths.clear()
        self._inserts.clear()

    def _insertion(
        self, table: str, fields: tuple[str, ...], on_conflict: str
    ) -> tuple[str, tuple[str, ...]]:
        self.demand(f"Rows of the table {table!r}", table)
        there = self.columns(table)
        names = tuple(name for name in fields if name in there)
        quoted = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(names))
        ending = f" ON CONFLICT {on_conflict}" if on_conflict else ""
        # Names of tables and columns come from this package alone.
        return f"INSERT INTO {table} ({quoted}) VALUES ({marks}){ending}", names  # noqa: S608


class Database:
    """A local database of MLflow's, made when it is first used.

    One thread at a time may use one object; several objects, in threads and processes, may
    use one file.

    Args:
        path: The file, absolute.
        artifact_root: Absolute path or URI under which new experiments get their folder.
    """

    def __init__(self, path: Path, artifact_root: str) -> None:
        self.path = path
        self._artifact_root = artifact_root
        self._connection: sqlite3.Connection | None = None
        self._session: Session | None = None
        self._schema_version = -1
        self._patience = PATIENCE
        self._identity: tuple[int, int] | None = None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a transaction that sees one state of the database.

        Raises:
            ApiError: The database cannot be used.
        """
        with self._transaction("BEGIN", PATIENCE) as session:
            yield session

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[Session]:
        """Give a transaction that holds the write lock from the start (BEGIN IMMEDIATE).

        It is committed at the end of the block, and undone if that raises.

        Args:
            patience: Seconds to wait for other writers; None for the usual time.

        Raises:
            ApiError: TEMPORARILY_UNAVAILABLE: another writer did not let go in that time, or
                the disk is full. Another code: the database cannot be used.
        """
        limit = PATIENCE if patience is None else patience
        with self._transaction("BEGIN IMMEDIATE", limit) as session:
            yield session

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = self._session = None

    @contextmanager
    def _transaction(self, beginning: str, patience: float) -> Iterator[Session]:
        connection, session = self._open(patience)
        try:
            connection.execute(beginning)
            self._look_at_schema(connection, session)
            yield session
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo(connection)
            raise named(error, self.path) from error
        except BaseException:
            self._undo(connection)
            raise

    def _undo(self, connection: sqlite3.Connection) -> None:
        """Undo what was not committed, and start afresh where even that fails."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()

    def _open(self, patience: float) -> tuple[sqlite3.Connection, Session]:
        if self._connection is not None and _identity(self.path) != self._identity:
            # What went to the file that was here would be lost.
            raise ApiError(UNAVAILABLE, f"The database {self.path} has been moved. Put it back.")
        if self._connection is None or self._session is None:
            self._connection = connect(self.path, self._artifact_root, patience)
            self._session = Session(self._connection, self.path, self._artifact_root)
            self._patience = patience
            self._identity = _identity(self.path)
            self._schema_version = -1
        elif patience != self._patience:
            self._connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
            self._patience = patience
        return self._connection, self._session

    def _look_at_schema(self, connection: sqlite3.Connection, session: Session) -> None:
        """Notice that another client has changed the schema since the last transaction."""
        version = connection.execute("PRAGMA schema_version").fetchone()[0]
        if version != self._schema_version:
            session.forget()
            self._schema_version = version


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
