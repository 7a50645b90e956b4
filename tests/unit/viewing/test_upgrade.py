"""The user's own database: upgraded only alone, after a backup, wholly or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mlrun import run_folder
from mlrun.environments.python.mlflow_program import SCHEMA_HEAD
from mlrun.errors import TrackingError
from mlrun.viewing.database_file import head_of
from mlrun.viewing.upgrade import upgrade_users_database
from tests.unit.viewing.databases import (
    OLD_HEAD,
    RUN_ID,
    add_run,
    digests,
    make_database,
    runs_in,
    set_head,
)

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT * FROM runs").fetchall()
print("open", flush=True)
sys.stdin.read()
"""


def upgrade(database: Path) -> None:
    set_head(database, SCHEMA_HEAD)


@pytest.fixture(params=["delete", "wal"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_database(tmp_path / "mlflow.db", journal=request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir()
    return folder


@contextmanager
def held(database: Path) -> Iterator[int]:
    """Keep the database open in another process."""
    words = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.communicate()


def test_the_file_is_upgraded_and_its_backup_lies_beside_it(database: Path, folder: Path) -> None:
    said: list[str] = []
    upgrade_users_database(database, folder, upgrade, said.append)
    backup = database.with_name(f"mlflow.db.{OLD_HEAD}.backup")
    assert head_of(database) == SCHEMA_HEAD
    assert head_of(backup) == OLD_HEAD
    assert str(backup) in said[0]
    assert sorted(p.name for p in database.parent.glob("mlflow.db*")) == [
        database.name,
        backup.name,
    ]
    assert runs_in(database) == runs_in(backup) == [RUN_ID]


def test_an_earlier_backup_is_kept(database: Path, folder: Path) -> None:
    earlier = database.with_name(f"mlflow.db.{OLD_HEAD}.backup")
    earlier.write_text("earlier")
    upgrade_users_database(database, folder, upgrade, lambda _: None)
    assert earlier.read_text() == "earlier"
    assert head_of(earlier.with_name(f"{earlier.name}-2")) == OLD_HEAD


def test_nothing_is_done_twice(database: Path, folder: Path) -> None:
    set_head(database, SCHEMA_HEAD)
    before = digests(database)
    said: list[str] = []
    upgrade_users_database(database, folder, upgrade, said.append)
    assert "already" in said[0]
    assert digests(database) == before


def test_a_failed_upgrade_leaves_the_file_as_it_was(database: Path, folder: Path) -> None:
    def fail(copy: Path) -> None:
        upgrade(copy)
        raise TrackingError("no luck")

    with pytest.raises(TrackingError, match="no luck"):
        upgrade_users_database(database, folder, fail, lambda _: None)
    assert head_of(database) == OLD_HEAD
    assert runs_in(database) == [RUN_ID]


def test_nobody_can_write_in_between(database: Path, folder: Path) -> None:
    def while_others_try(copy: Path) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            with closing(sqlite3.connect(database, timeout=0)) as other:
                other.execute("INSERT INTO runs VALUES ('lost', 7)")
        upgrade(copy)

    upgrade_users_database(database, folder, while_others_try, lambda _: None)
    add_run(database, "later")
    assert runs_in(database) == [RUN_ID, "later"]


def test_a_file_that_another_process_has_open_is_refused(database: Path, folder: Path) -> None:
    before = digests(database)
    with held(database) as pid:
        with pytest.raises(TrackingError, match=f"in use: open in process {pid}"):
            upgrade_users_database(database, folder, upgrade, lambda _: None)
    assert {k: v for k, v in digests(database).items() if k in before} == before


def test_a_file_that_a_run_is_recorded_in_is_refused(database: Path, folder: Path) -> None:
    plan = {"delivery": {"tracking_uri": f"sqlite:///{database}"}}
    run = run_folder.name(run_folder.create(plan), "b" * 32)
    with pytest.raises(TrackingError, match=f"run {'b' * 32} is being recorded in it"):
        upgrade_users_database(database, folder, upgrade, lambda _: None)
    run.let_go()
    upgrade_users_database(database, folder, upgrade, lambda _: None)
    assert head_of(database) == SCHEMA_HEAD
