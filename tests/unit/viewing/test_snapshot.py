"""The copy that is shown: upgraded, following the database, closed to changes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mlrun.environments.python.mlflow_program import SCHEMA_HEAD
from mlrun.errors import TrackingError
from mlrun.viewing import snapshot as module
from mlrun.viewing.database_file import head_of
from mlrun.viewing.snapshot import Snapshot
from tests.unit.viewing.databases import (
    OLD_HEAD,
    RUN_ID,
    add_run,
    digests,
    make_database,
    runs_in,
    set_head,
)


def upgrade(database: Path) -> None:
    set_head(database, SCHEMA_HEAD)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_database(tmp_path / "mlflow.db")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir()
    return folder


def test_only_the_copy_is_upgraded(database: Path, folder: Path) -> None:
    before = digests(database)
    snapshot = Snapshot(database, folder, upgrade)
    snapshot.take()
    assert digests(database) == before
    assert head_of(database) == OLD_HEAD
    assert head_of(snapshot.path) == SCHEMA_HEAD
    assert runs_in(snapshot.path) == [RUN_ID]


def test_it_follows_the_database_for_those_who_have_it_open(
    database: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SHARE", 0)
    snapshot = Snapshot(database, folder, upgrade)
    snapshot.take()
    with closing(sqlite3.connect(snapshot.path)) as reader:
        reader.execute("SELECT * FROM runs").fetchall()
        assert snapshot.follow() is None
        add_run(database, "b" * 32)
        assert snapshot.follow() is None
        assert len(reader.execute("SELECT added FROM runs").fetchall()) == 2


def test_it_is_not_taken_anew_all_the_time(database: Path, folder: Path) -> None:
    taken: list[Path] = []

    def upgrade_and_count(copy: Path) -> None:
        taken.append(copy)
        upgrade(copy)

    snapshot = Snapshot(database, folder, upgrade_and_count)
    snapshot.take()
    snapshot._due = float("inf")
    add_run(database, "b" * 32)
    snapshot.follow()
    snapshot._due = 0.0
    snapshot.follow()
    snapshot._due = 0.0
    snapshot.follow()
    assert len(taken) == 2


def test_what_cannot_be_taken_anew_is_said_once(database: Path, folder: Path) -> None:
    def fail(_: Path) -> None:
        raise TrackingError("no luck")

    snapshot = Snapshot(database, folder, upgrade)
    snapshot.take()
    snapshot._upgrade = fail
    snapshot._due = 0.0
    add_run(database, "b" * 32)
    assert snapshot.follow() == "no luck"
    assert snapshot.follow() is None
    assert runs_in(snapshot.path) == [RUN_ID]


def test_changes_are_refused_and_the_reason_is_given(database: Path, folder: Path) -> None:
    snapshot = Snapshot(database, folder, upgrade)
    snapshot.take()
    with closing(sqlite3.connect(snapshot.path)) as connection:
        for change in ("INSERT INTO runs VALUES ('x', 1, '')", "DELETE FROM runs"):
            with pytest.raises(sqlite3.IntegrityError, match=r"a copy.*--upgrade"):
                connection.execute(change)
