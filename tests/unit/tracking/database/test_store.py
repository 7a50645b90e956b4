"""Recording runs in a local database; what all stores have in common is in the contract."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import TrackingRefusedError, TrackingUnavailableError
from mlrun.tracking.base import RunEnd, RunStart, RunStatus
from mlrun.tracking.database import session
from mlrun.tracking.database.session import Database
from mlrun.tracking.database.store import DatabaseStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DatabaseStore]:
    store = DatabaseStore(tmp_path / "mlflow.db", f"{tmp_path}/mlruns")
    yield store
    store.close()


def begin(**changes: Any) -> RunStart:
    given = {"start_time": 5, "user": "ada", "tags": {"a": "1"}, "parameters": {"p": "1"}}
    return RunStart(**{**given, **changes})


def change(store: DatabaseStore, statement: str) -> None:
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(statement)
        connection.commit()


def rows(store: DatabaseStore, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store.path)) as connection:
        return connection.execute(query).fetchall()


def test_artifacts_go_below_the_experiment(store: DatabaseStore, tmp_path: Path) -> None:
    run = store.start(begin(experiment_name="mine"))
    assert run.artifact_uri == f"{tmp_path}/mlruns/1/{run.run_id}/artifacts"
    assert store.begun == run
    assert rows(store, "SELECT artifact_location FROM experiments") == [
        (f"{tmp_path}/mlruns/0",),
        (f"{tmp_path}/mlruns/1",),
    ]


def test_query_in_a_location_stays_at_its_end(store: DatabaseStore) -> None:
    store.start(begin())
    change(store, "UPDATE experiments SET artifact_location = 's3://b/k/?v=1'")
    run = store.start(begin())
    assert run.artifact_uri == f"s3://b/k/{run.run_id}/artifacts?v=1"


def test_name_is_that_of_the_tag_where_no_other_is_given(store: DatabaseStore) -> None:
    names = "SELECT name, value FROM runs JOIN tags USING (run_uuid) WHERE key = 'mlflow.runName'"
    store.start(begin(tags={"mlflow.runName": "oak"}))
    assert rows(store, names) == [("oak", "oak")]
    run = store.start(begin(tags={"mlflow.runName": "oak"}, run_name="elm"))
    assert rows(store, f"{names} AND run_uuid = '{run.run_id}'") == [("elm", "elm")]
    store.start(begin(run_id=run.run_id, run_name="fir"))
    assert rows(store, f"{names} AND run_uuid = '{run.run_id}'") == [("fir", "fir")]


def test_deleted_is_refused_with_the_way_back(store: DatabaseStore) -> None:
    run = store.start(begin(experiment_name="mine"))
    change(store, "UPDATE runs SET lifecycle_stage = 'deleted'")
    with pytest.raises(TrackingRefusedError) as caught:
        store.start(begin(run_id=run.run_id))
    assert "mlflow runs restore" in (caught.value.hint or "")
    change(store, "UPDATE experiments SET lifecycle_stage = 'deleted'")
    for asked in ({"experiment_name": "mine"}, {"experiment_id": "1"}, {}):
        with pytest.raises(TrackingRefusedError) as caught:
            store.start(begin(**asked))
        assert "mlflow experiments restore" in (caught.value.hint or "")
    # An end is recorded all the same.
    store.finish(RunEnd(run.run_id, RunStatus.FAILED, 9))
    assert store.status(run.run_id) is RunStatus.FAILED


@pytest.mark.parametrize("asked", ["7", "x", "", "-1", "9" * 30, "²"])
def test_experiment_that_is_not_there(store: DatabaseStore, asked: str) -> None:
    with pytest.raises(TrackingRefusedError, match="no experiment with the id"):
        store.start(begin(experiment_id=asked))
    assert rows(store, "SELECT count(*) FROM runs") == [(0,)]


@pytest.mark.parametrize("name", ["", "  ", "x" * 501])
def test_name_that_no_experiment_has(store: DatabaseStore, name: str) -> None:
    with pytest.raises(TrackingRefusedError):
        store.start(begin(experiment_name=name))


def test_continued_run_stays_in_its_experiment(store: DatabaseStore) -> None:
    run = store.start(begin(experiment_name="mine"))
    again = store.start(begin(run_id=run.run_id, experiment_name="other"))
    assert again.experiment_name == "mine"
    assert ["stays in" in warning.message for warning in again.warnings] == [True]
    assert rows(store, "SELECT count(*) FROM experiments") == [(2,)]


def test_short_columns_of_old_schemas_are_kept_to(store: DatabaseStore) -> None:
    store.start(begin())
    change(store, "ALTER TABLE params RENAME COLUMN value TO old")
    change(store, "ALTER TABLE params ADD COLUMN value VARCHAR(500)")
    change(store, "UPDATE params SET value = old")
    change(store, "ALTER TABLE params DROP COLUMN old")
    run = store.start(begin(parameters={"long": "x" * 501, "fits": "y" * 500}))
    assert ["'long'" in warning.message for warning in run.warnings] == [True]
    lengths = f"SELECT length(value) FROM params WHERE run_uuid = '{run.run_id}'"
    assert rows(store, lengths) == [(500,), (500,)]


def test_state_that_is_not_of_mlrun(store: DatabaseStore) -> None:
    run = store.start(begin())
    change(store, "UPDATE runs SET status = 'SCHEDULED'")
    assert store.status(run.run_id) is None


def test_asking_makes_no_database(store: DatabaseStore) -> None:
    for ask in (
        lambda: store.status("a"),
        lambda: store.finish(RunEnd("a", RunStatus.FINISHED, 1)),
        lambda: store.start(begin(run_id="a")),
    ):
        with pytest.raises(TrackingRefusedError, match="no run a"):
            ask()
    assert not store.path.exists()


def test_nothing_is_recorded_of_a_start_that_fails(store: DatabaseStore) -> None:
    store.start(begin())
    change(store, "DROP TABLE params")
    with pytest.raises(TrackingRefusedError, match="table 'params' cannot be stored"):
        store.start(begin(experiment_name="new"))
    assert rows(store, "SELECT count(*) FROM experiments") == [(1,)]
    assert rows(store, "SELECT count(*) FROM runs") == [(1,)]


def test_writer_that_does_not_let_go(store: DatabaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PATIENCE", 0.05)
    store.start(begin())
    other = Database(store.path, "/artifacts")
    with other.writing(), pytest.raises(TrackingUnavailableError, match="in use") as caught:
        store.start(begin())
    assert "--tracking-uri" in (caught.value.hint or "")
    other.close()


def test_disk_that_is_full(store: DatabaseStore) -> None:
    store.start(begin())
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = store.path.with_name("mlflow.db-wal").stat().st_size
    # Python ignores SIGXFSZ, so that a write beyond the limit fails.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, usual[1]))
    try:
        with pytest.raises(TrackingUnavailableError, match="disk"):
            store.start(begin(parameters={f"p{i}": "x" * 900 for i in range(100)}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    store.start(begin())
    assert rows(store, "SELECT count(*) FROM runs") == [(2,)]
    assert rows(store, "PRAGMA integrity_check") == [("ok",)]


def test_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("Dear friend, " * 200)
    store = DatabaseStore(path, "/artifacts")
    with pytest.raises(TrackingRefusedError, match="not an SQLite database") as caught:
        store.start(begin())
    assert "--tracking-uri" in (caught.value.hint or "")
