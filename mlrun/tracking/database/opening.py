"""Opening a database file: what it must be, and making a new one."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from mlrun.tracking.database.api_error import UNAVAILABLE, WRONG_STATE, ApiError
from mlrun.tracking.database.file_systems import is_local
from mlrun.tracking.database.schema import HEAD, STATEMENTS

DEFAULT_EXPERIMENT = ("0", "Default")
"""The id and the name of the experiment that every store begins with."""

_CORE = frozenset(("experiments", "runs", "tags", "params", "metrics"))
_PAUSE = 0.02

MAKERS_PATIENCE = 10.0
"""Seconds in which an MLflow client that makes a database has its tables."""

_MAKERS_PAUSE = 1.0
"""Seconds without a change of the schema, after which nobody is at work on a database."""

_SCOPED = ("experiments", "registered_models")
_WORKSPACE = "default"
"""What the tables are marked with, in later schemas, where nobody uses workspaces."""

# MLflow's own settings of a connection (mlflow.store.db.utils), and how long a statement keeps.
_SETTINGS = ("PRAGMA foreign_keys = ON", "PRAGMA case_sensitive_like = ON")
_STATEMENTS_KEPT = 512


def connect(path: Path, artifact_root: str, patience: float) -> sqlite3.Connection:
    """Open a database file, and make the database first if there is none.

    Args:
        path: Absolute.
        artifact_root: Where a new database's experiments put their artifacts.
        patience: Seconds to wait for others that use the file.

    Raises:
        ApiError: The file cannot be used, or is busy for too long.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path,
            timeout=patience,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS_KEPT,
        )
    except OSError as error:
        raise ApiError(
            "PERMISSION_DENIED",
            f"The database {path} cannot be made: {error.strerror or error}",
        ) from error
    except sqlite3.Error as error:
        raise named(error, path) from error
    try:
        _prepare(connection, path, artifact_root, patience)
    except sqlite3.Error as error:
        connection.close()
        raise named(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def named(error: sqlite3.Error, path: Path) -> ApiError:
    """Return the error that tells a client why the database cannot be used.

    It has the code TEMPORARILY_UNAVAILABLE where waiting may help, so that clients try again.

    Args:
        error: From SQLite.
        path: The database.
    """
    reason = str(error)
    if "locked" in reason or "busy" in reason:
        return ApiError(UNAVAILABLE, f"The database {path} is in use by other writers. Try again.")
    if "disk is full" in reason or "disk I/O error" in reason:
        return ApiError(UNAVAILABLE, f"The database {path} cannot be written: {reason}.")
    if path.is_dir():
        return ApiError("BAD_REQUEST", f"{path} is a folder, not an SQLite database.")
    if "readonly" in reason or "unable to open" in reason:
        return ApiError(
            "PERMISSION_DENIED",
            f"The database {path} cannot be written: {reason}. Make the file and its folder "
            "writable.",
        )
    if "not a database" in reason:
        return ApiError("BAD_REQUEST", f"{path} is not an SQLite database.")
    if "malformed" in reason:
        return ApiError(
            "BAD_REQUEST",
            f"The database {path} is damaged ({reason}). Restore a copy of it.",
        )
    return ApiError("INTERNAL_ERROR", f"The database {path} failed: {reason}")


def upgrade_command(path: Path) -> str:
    """Return the command that brings a database to the newest schema."""
    return f"mlflow db upgrade sqlite:///{path}"


def _prepare(
    connection: sqlite3.Connection, path: Path, artifact_root: str, patience: float
) -> None:
    connection.row_factory = sqlite3.Row
    for setting in _SETTINGS:
        connection.execute(setting)
    tables = _tables(connection)
    if not tables:
        if is_local(path):
            _use_write_ahead_log(connection, patience)
        _make(connection, artifact_root)
    elif not tables >= _CORE or "alembic_version" not in tables:
        _wait_for_maker(connection, path)
    if not _has_experiment(connection):
        _complete(connection, artifact_root)
    _refuse_workspaces(connection, path)
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    # With a write-ahead log, this loses the last commits when the machine loses its power, and
    # never the database; with a rollback journal it could lose that.
    connection.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")


def _tables(connection: sqlite3.Connection) -> set[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return {name for (name,) in connection.execute(query)}


def _use_write_ahead_log(connection: sqlite3.Connection, patience: float) -> None:
    """Set the journal of a new file, for good: the file remembers it.

    SQLite does not wait by itself here while another process does the same.
    """
    deadline = time.monotonic() + patience
    while not _is_logging_ahead(connection):
        if time.monotonic() > deadline:
            raise sqlite3.OperationalError("database is locked")
        time.sleep(_PAUSE)


def _is_logging_ahead(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
    return True


def _make(connection: sqlite3.Connection, artifact_root: str) -> None:
    """Make all tables and the default experiment, unless another process was faster."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _tables(connection):
            for statement in STATEMENTS:
                connection.execute(statement)
            connection.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
            _add_default_experiment(connection, artifact_root)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _has_experiment(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM experiments LIMIT 1").fetchone() is not None


def _complete(connection: sqlite3.Connection, artifact_root: str) -> None:
    """Make the default experiment of a database that `mlflow db upgrade` has left empty.

    MLflow does so when it opens one. Where it is at work on this one, it does so at the end.
    """
    _wait_for_rest(connection)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if "readonly" in str(error):
            return  # it can be read all the same
        raise
    try:
        if not _has_experiment(connection):
            _add_default_experiment(connection, artifact_root)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _wait_for_rest(connection: sqlite3.Connection) -> None:
    """Wait until a database has an experiment, or its schema has not changed for a while."""
    schema, since = -1, 0.0
    while not _has_experiment(connection):
        now = time.monotonic()
        version = connection.execute("PRAGMA schema_version").fetchone()[0]
        if version != schema:
            schema, since = version, now
        elif now - since > _MAKERS_PAUSE:
            return
        time.sleep(_PAUSE)


def _add_default_experiment(connection: sqlite3.Connection, artifact_root: str) -> None:
    number, name = DEFAULT_EXPERIMENT
    now = time.time_ns() // 1_000_000
    fields = {
        "experiment_id": int(number),
        "name": name,
        "artifact_location": f"{artifact_root.rstrip('/')}/{number}",
        "lifecycle_stage": "active",
        "creation_time": now,
        "last_update_time": now,
    }
    there = _columns(connection, "experiments")
    names = [field for field in fields if field in there]
    marks = ", ".join("?" * len(names))
    connection.execute(
        f"INSERT INTO experiments ({', '.join(names)}) VALUES ({marks})",  # noqa: S608
        [fields[field] for field in names],
    )


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    query = "SELECT name FROM pragma_table_info(?)"
    return {name for (name,) in connection.execute(query, (table,))}


def _refuse_workspaces(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that several workspaces share, as MLflow does without a server for them.

    Their experiments and models may have the same names.

    Raises:
        ApiError: It is one.
    """
    for table in _SCOPED:
        if "workspace" not in _columns(connection, table):
            continue
        query = f"SELECT workspace FROM {table} WHERE workspace <> ? LIMIT 1"  # noqa: S608
        row = connection.execute(query, (_WORKSPACE,)).fetchone()
        if row is not None:
            raise ApiError(
                WRONG_STATE,
                f"The database {path} has workspaces ({row[0]!r}), which mlrun does not use: "
                "start `mlflow server --enable-workspaces` on it, and give its http:// address.",
            )


def _wait_for_maker(connection: sqlite3.Connection, path: Path) -> None:
    """Wait for an MLflow client that may be making this database, table by table.

    Raises:
        ApiError: It is another program's database.
    """
    deadline = time.monotonic() + MAKERS_PATIENCE
    while True:
        tables = _tables(connection)
        if tables >= _CORE and "alembic_version" in tables:
            return
        if not tables & _CORE or time.monotonic() > deadline:
            raise ApiError(
                "BAD_REQUEST",
                f"The SQLite database {path} is not MLflow's: it has no table "
                f"{min(_CORE - tables, default='alembic_version')!r}..",
            )
        time.sleep(_PAUSE)
