"""Which files are used, and how a new one is made."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from mlrun.tracking.database import opening
from mlrun.tracking.database.api_error import UNAVAILABLE, ApiError
from mlrun.tracking.database.opening import connect, named
from mlrun.tracking.database.schema import HEAD, STATEMENTS

MAKER = """
import sys
from pathlib import Path
from mlrun.tracking.database.session import Database

input()
database = Database(Path(sys.argv[1]), "/artifacts")
with database.reading() as session:
    print(session.head, len(session.rows("SELECT * FROM experiments")))
"""


def make_old(path: Path, *tables: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (x)")
        connection.commit()


def test_new_database_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "mlflow.db"
    with closing(connect(path, "/artifacts/", 1)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone()[0] == HEAD
        rows = connection.execute("SELECT * FROM experiments").fetchall()
        assert [tuple(row)[:4] for row in rows] == [(0, "Default", "/artifacts/0", "active")]
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert connection.execute("PRAGMA case_sensitive_like").fetchall() == []
        assert connection.execute("SELECT 'a' LIKE 'A'").fetchone()[0] == 0


@pytest.mark.parametrize("content", [b"", None])
def test_empty_file_and_empty_database_count_as_new(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mlflow.db"
    if content is None:
        make_old(path, "passing")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE passing")
    else:
        path.write_bytes(content)
    with closing(connect(path, "/artifacts", 1)) as connection:
        assert connection.execute("SELECT count(*) FROM experiments").fetchone()[0] == 1


def test_journal_is_ahead_on_a_local_disk_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "is_local", lambda path: path.name == "local.db")
    for name, mode, synchronous in (("local.db", "wal", 1), ("remote.db", "delete", 2)):
        with closing(connect(tmp_path / name, "/artifacts", 1)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == mode
            assert connection.execute("PRAGMA synchronous").fetchone()[0] == synchronous
    # What was made once stays as it is, wherever it is opened.
    monkeypatch.setattr(opening, "is_local", lambda path: path.name != "local.db")
    for name, mode in (("local.db", "wal"), ("remote.db", "delete")):
        with closing(connect(tmp_path / name, "/artifacts", 1)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == mode


def test_database_of_others_keeps_its_journal(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
    with closing(connect(path, "/artifacts", 1)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        names = connection.execute("SELECT name FROM experiments").fetchall()
        assert [tuple(row) for row in names] == [("Default",)]


def test_several_processes_make_it_once(tmp_path: Path) -> None:
    words = [sys.executable, "-c", MAKER, str(tmp_path / "mlflow.db")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    makers = [subprocess.Popen(words, text=True, **pipes) for _ in range(8)]  # type: ignore[call-overload]
    for maker in makers:
        maker.stdin.write("\n")
        maker.stdin.flush()
    for maker in makers:
        said, _ = maker.communicate(timeout=60)
        assert said == f"{HEAD} 1\n"


def test_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("Dear friend, " * 200)
    with pytest.raises(ApiError, match="not an SQLite database"):
        connect(path, "/artifacts", 1)
    assert path.read_text().startswith("Dear friend, ")


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    make_old(path, "songs")
    with pytest.raises(ApiError, match=r"not MLflow's: it has no table 'experiments'"):
        connect(path, "/artifacts", 1)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


def test_database_that_is_never_finished_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAKERS_PATIENCE", 0.1)
    path = tmp_path / "half.db"
    make_old(path, "experiments", "runs")
    with pytest.raises(ApiError, match="no table 'metrics'"):
        connect(path, "/artifacts", 1)


def test_damaged_database_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    connect(path, "/artifacts", 1).close()
    content = bytearray(path.read_bytes())
    content[4096:-1] = os.urandom(len(content) - 4097)
    path.write_bytes(content)
    with (
        pytest.raises((ApiError, sqlite3.Error)) as caught,
        closing(connect(path, "/artifacts", 1)) as connection,
    ):
        connection.execute("SELECT * FROM experiments").fetchall()
    found = caught.value
    assert isinstance(found, (ApiError, sqlite3.Error))
    error = found if isinstance(found, ApiError) else named(found, path)
    assert (error.code, error.status) == ("BAD_REQUEST", 400)
    assert "damaged" in error.message


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(ApiError) as caught:
        connect(tmp_path / "a" / "mlflow.db", "/artifacts", 1)
    assert caught.value.status == 403


def test_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ApiError) as caught:
        connect(tmp_path, "/artifacts", 1)
    assert caught.value.code == "BAD_REQUEST"
    assert "is a folder" in caught.value.message


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("database is locked", UNAVAILABLE),
        ("database or disk is full", UNAVAILABLE),
        ("disk I/O error", UNAVAILABLE),
        ("attempt to write a readonly database", "PERMISSION_DENIED"),
        ("something else", "INTERNAL_ERROR"),
    ],
)
def test_failures_have_codes_that_clients_act_on(reason: str, code: str) -> None:
    error = named(sqlite3.OperationalError(reason), Path("/srv/x.db"))
    assert error.code == code
    assert "/srv/x.db" in error.message


def make_empty(path: Path) -> None:
    """Make a database as `mlflow db upgrade` leaves it: without any experiment."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
        connection.commit()


def test_database_without_experiment_gets_the_default_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_MAKERS_PAUSE", 0.01)
    path = tmp_path / "mlflow.db"
    make_empty(path)
    for root in ("/artifacts", "/elsewhere"):
        with closing(connect(path, root, 1)) as connection:
            rows = connection.execute("SELECT * FROM experiments").fetchall()
            assert [tuple(row)[:4] for row in rows] == [(0, "Default", "/artifacts/0", "active")]


def test_default_experiment_is_left_to_who_makes_the_database(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    make_empty(path)

    def make_slowly() -> None:
        with closing(sqlite3.connect(path)) as other:
            for number in range(3):
                other.execute(f"CREATE TABLE later_{number} (x)")
                other.commit()
                time.sleep(0.5)
            other.execute(
                "INSERT INTO experiments VALUES (0, 'Default', '/theirs/0', 'active', 1, 1)"
            )
            other.commit()

    maker = threading.Thread(target=make_slowly)
    maker.start()
    with closing(connect(path, "/ours", 10)) as connection:
        row = connection.execute("SELECT artifact_location FROM experiments").fetchone()
    maker.join()
    assert row[0] == "/theirs/0"


@pytest.mark.parametrize("table", ["experiments", "registered_models"])
def test_database_with_workspaces_is_refused(tmp_path: Path, table: str) -> None:
    path = tmp_path / "mlflow.db"
    connect(path, "/artifacts", 1).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"ALTER TABLE {table} ADD COLUMN workspace DEFAULT 'default' NOT NULL")
        other.execute("INSERT INTO registered_models (name) VALUES ('m')")
        other.commit()
        connect(path, "/artifacts", 1).close()
        other.execute(f"UPDATE {table} SET workspace = 'team'")
        other.commit()
    with pytest.raises(ApiError, match="workspaces") as raised:
        connect(path, "/artifacts", 1)
    assert raised.value.code == "INVALID_STATE"
