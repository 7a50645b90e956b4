"""Reading and copying a database leaves it as it is, whatever mode and state it is in."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mlrun.errors import TrackingError
from mlrun.viewing.database_file import copy_database, head_of, stamp_of
from tests.unit.viewing.databases import OLD_HEAD, RUN_ID, add_run, digests, make_database, runs_in

CRASH = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("INSERT INTO runs VALUES ('late', 7)")
os._exit(0)
"""


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_copying_changes_nothing(tmp_path: Path, journal: str) -> None:
    database = make_database(tmp_path / "mlflow.db", journal=journal)
    before = digests(database)
    assert head_of(database) == OLD_HEAD
    copy_database(database, tmp_path / "copy")
    assert digests(database) == before
    assert runs_in(tmp_path / "copy") == [RUN_ID]


def test_what_stands_in_the_log_of_others_stays_there_and_is_copied(tmp_path: Path) -> None:
    database = make_database(tmp_path / "mlflow.db", journal="wal")
    subprocess.run([sys.executable, "-c", CRASH, str(database)], check=True)
    before = {k: v for k, v in digests(database).items() if not k.endswith("-shm")}
    assert "mlflow.db-wal" in before
    copy_database(database, tmp_path / "copy")
    assert {k: v for k, v in digests(database).items() if not k.endswith("-shm")} == before
    assert runs_in(tmp_path / "copy") == [RUN_ID, "late"]


def test_who_has_the_copy_open_sees_the_new_state(tmp_path: Path) -> None:
    database = make_database(tmp_path / "mlflow.db")
    copy = tmp_path / "copy"
    copy_database(database, copy)
    with closing(sqlite3.connect(copy)) as reader:
        assert len(reader.execute("SELECT * FROM runs").fetchall()) == 1
        add_run(database, "b" * 32)
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE further (a)")
        copy_database(database, copy)
        assert len(reader.execute("SELECT * FROM runs").fetchall()) == 2
        assert reader.execute("SELECT * FROM further").fetchall() == []


def test_a_change_is_seen(tmp_path: Path) -> None:
    database = make_database(tmp_path / "mlflow.db")
    before = stamp_of(database)
    assert stamp_of(database) == before
    add_run(database, "b" * 32)
    os.utime(database, ns=(1, 1))
    assert stamp_of(database) != before


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_text("not a database, but long enough to be looked at" * 20)
    with pytest.raises(TrackingError, match=r"other\.db cannot be read: file is not a database"):
        head_of(tmp_path / "other.db")


def test_a_database_of_another_program_has_no_head(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE a (b)")
    assert head_of(tmp_path / "other.db") is None
