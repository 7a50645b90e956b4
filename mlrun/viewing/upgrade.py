"""Upgrades a database's schema by MLflow's own program: a copy, or the user's own file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.python.mlflow_program import SCHEMA_HEAD, VERSION, mlflow_program
from mlrun.errors import TrackingError
from mlrun.viewing.database_file import head_of
from mlrun.viewing.server_process import server_variables

_TAIL = 6
_ASKED = 1.0
"""Seconds to wait for somebody who is just writing."""


def upgrader(environment: PreparedEnvironment) -> Callable[[Path], None]:
    """Return what upgrades a database file that nobody else uses.

    It raises `TrackingError` where MLflow cannot do it.
    """

    def upgrade(database: Path) -> None:
        # A relative address needs no quoting, whatever the folder's name is.
        done = subprocess.run(
            [mlflow_program(environment), "db", "upgrade", f"sqlite:///{database.name}"],
            cwd=database.parent,
            env=server_variables(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode != 0 or head_of(database) != SCHEMA_HEAD:
            raise _not_upgraded(done.stdout.decode("utf-8", "replace"))

    return upgrade


def _not_upgraded(printed: str) -> TrackingError:
    if "Can't locate revision" in printed:
        return TrackingError(
            f"the database has a schema that MLflow {VERSION} does not know",
            hint="a later MLflow has made it, and its own `mlflow ui` shows it",
        )
    tail = "".join(f"\n  {line}" for line in printed.splitlines()[-_TAIL:])
    return TrackingError(f"MLflow {VERSION} cannot upgrade the database{tail}")


def upgrade_users_database(
    database: Path, folder: Path, upgrade: Callable[[Path], None], report: Report
) -> None:
    """Upgrade the user's own file, after a backup beside it.

    The work is done on a copy, which replaces the file's content in one transaction. Nobody
    else can use the file from the backup on to the end.

    Args:
        database: The file.
        folder: A private folder for the copy.
        upgrade: Upgrades the copy.
        report: Takes the line that names the backup.

    Raises:
        TrackingError: It is in use, or cannot be upgraded; then it is as it was.
    """
    head = head_of(database)
    if head == SCHEMA_HEAD:
        report(f"{database} has the schema of MLflow {VERSION} already")
        return
    refuse_used(database)
    copy = folder / "upgraded.db"
    with closing(sqlite3.connect(database, timeout=_ASKED, isolation_level=None)) as connection:
        try:
            _take_alone(connection)
        except sqlite3.OperationalError as error:
            raise _in_use(database, f"{error}") from error
        backup = _free_name(database, f"{head}.backup")
        _write_backup(connection, backup)
        report(f"the database as it was (schema {head}): {backup}")
        with closing(sqlite3.connect(copy)) as target:
            connection.backup(target)
        upgrade(copy)
        with closing(sqlite3.connect(copy)) as upgraded:
            upgraded.backup(connection)
    report(f"upgraded {database} to the schema of MLflow {VERSION} ({SCHEMA_HEAD})")


def refuse_used(database: Path) -> None:
    """Refuse a database that another process has open, or that a run is recorded in.

    Raises:
        TrackingError: It is in use.
    """
    users = list(_processes_with(database))
    if users:
        raise _in_use(database, f"open in {', '.join(users)}")
    for run in _runs_recorded_in(database):
        raise _in_use(database, f"run {run} is being recorded in it")


def _take_alone(connection: sqlite3.Connection) -> None:
    """Take the lock that keeps all others out until the connection is closed."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _write_backup(connection: sqlite3.Connection, backup: Path) -> None:
    """Write the whole state to a file that appears when it is complete."""
    partial = backup.with_name(f"{backup.name}.{os.getpid()}.part")
    try:
        with closing(sqlite3.connect(partial)) as target:
            connection.backup(target)
            # One file, without a log beside it.
            target.execute("PRAGMA journal_mode=delete")
        partial.rename(backup)
    except (sqlite3.Error, OSError) as error:
        partial.unlink(missing_ok=True)
        raise TrackingError(f"the backup {backup} cannot be written: {error}") from error


def _free_name(database: Path, suffix: str) -> Path:
    number = 1
    while True:
        name = f"{database.name}.{suffix}" + (f"-{number}" if number > 1 else "")
        if not database.with_name(name).exists():
            return database.with_name(name)
        number += 1


def _processes_with(database: Path) -> Iterator[str]:
    """Yield the processes that have the file open, as far as the system tells (proc(5))."""
    status = database.stat()
    for entry in Path("/proc").glob("[0-9]*"):
        if entry.name == str(os.getpid()):
            continue
        try:
            names = os.listdir(entry / "fd")
        except OSError:
            continue
        if any(_is_same(entry / "fd" / name, status) for name in names):
            yield f"process {entry.name}"


def _is_same(link: Path, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(link.stat(), status)
    except OSError:
        return False


def _runs_recorded_in(database: Path) -> Iterator[str]:
    """Yield the runs under way on this machine whose records go there."""
    from mlrun.run_folder import unsettled

    for folder in unsettled():
        uri = (folder.read("plan.json") or {}).get("delivery", {}).get("tracking_uri") or ""
        if uri != f"sqlite:///{database}":
            continue
        if folder.try_hold():
            folder.let_go()
        else:
            yield folder.path.name


def _in_use(database: Path, reason: str) -> TrackingError:
    return TrackingError(
        f"{database} cannot be upgraded while it is in use: {reason}",
        hint="end what uses it, and try again; without --upgrade `mlrun ui` shows a copy",
    )
