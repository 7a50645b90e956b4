"""A database is read, and neither made nor completed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.database.session import Database
from mlrun.tracking.remote_artifacts import resolve_artifacts

RUN = "0123456789abcdef" * 2


def resolve(path: Path, uri: str = f"runs:/{RUN}/a") -> object:
    return resolve_artifacts(uri, f"sqlite:///{path}", {})


def test_an_empty_file_stays_empty(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.touch()
    with pytest.raises(TrackingRefusedError, match="there is no run"):
        resolve(path)
    assert path.read_bytes() == b""


def test_a_database_without_experiments_gets_none(tmp_path: Path) -> None:
    path = tmp_path / "with space.db"
    with closing(Database(path, str(tmp_path))) as database, database.writing() as session:
        session.change("DELETE FROM experiments")
    with pytest.raises(TrackingRefusedError, match="no registered model"):
        resolve(path, "models:/churn/1")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM experiments").fetchone() == (0,)


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("no database")
    with pytest.raises(TrackingRefusedError, match="is not an SQLite database"):
        resolve(path)


def test_what_a_server_would_pass_on_is_found_beside_its_database(tmp_path: Path) -> None:
    (tmp_path / "mlartifacts" / "0").mkdir(parents=True)
    path = tmp_path / "mlflow.db"
    with closing(Database(path, str(tmp_path))) as database, database.reading():
        pass
    assert resolve(path, "mlflow-artifacts:/0") == tmp_path / "mlartifacts" / "0"
    with pytest.raises(TrackingRefusedError, match="there is nothing at mlflow-artifacts:/1"):
        resolve(path, "mlflow-artifacts:/1")
