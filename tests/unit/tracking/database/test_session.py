"""Transactions on real files, by several connections and processes."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from mlrun.tracking.database.api_error import UNAVAILABLE, ApiError
from mlrun.tracking.database.session import Database, Session

ADD = "INSERT INTO experiment_tags (\"key\", value, experiment_id) VALUES (?, 'x', 0)"
COUNT = "SELECT count(*) FROM experiment_tags"

# Adds tags one by one, and says which are safe.
WRITER = """
import sys
from pathlib import Path
from mlrun.tracking.database.session import Database

database = Database(Path(sys.argv[1]), "/artifacts")
for number in range(int(sys.argv[3])):
    with database.writing() as session:
        row = {"key": f"{sys.argv[2]}-{number}", "value": "x" * 200, "experiment_id": 0}
        session.insert("experiment_tags", [row])
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mlflow.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, "/artifacts")
    yield database
    database.close()


def add(session: Session, key: str) -> None:
    session.change(ADD, (key,))


def count(database: Database) -> int:
    with database.reading() as session:
        row = session.row(COUNT)
        assert row is not None
        return int(row[0])


def begin_writer(path: Path, name: str, times: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", WRITER, str(path), name, str(times)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_block_is_committed_at_its_end(database: Database, path: Path) -> None:
    with database.writing() as session:
        add(session, "a")
    other = Database(path, "/artifacts")
    assert count(other) == 1
    other.close()


def test_block_that_raises_is_undone(database: Database) -> None:
    with suppress(RuntimeError), database.writing() as session:
        add(session, "a")
        raise RuntimeError
    assert count(database) == 0


def test_part_that_raises_is_undone_alone(database: Database) -> None:
    with database.writing() as session:
        add(session, "a")
        with suppress(RuntimeError), session.part():
            add(session, "b")
            raise RuntimeError
        with session.part():
            add(session, "c")
            with pytest.raises(RuntimeError), session.part():
                raise RuntimeError
    with database.reading() as session:
        rows = session.rows('SELECT "key" FROM experiment_tags ORDER BY "key"')
    assert [row["key"] for row in rows] == ["a", "c"]


def test_reader_sees_one_state_while_others_write(database: Database, path: Path) -> None:
    count(database)
    other = Database(path, "/artifacts")
    with database.reading() as session:
        assert session.rows(COUNT)[0][0] == 0
        with other.writing() as writer:
            add(writer, "a")
        assert session.rows(COUNT)[0][0] == 0
    assert count(database) == 1
    other.close()


def test_writer_that_does_not_let_go_is_told_of_as_passing(database: Database, path: Path) -> None:
    other = Database(path, "/artifacts")
    with database.writing(), pytest.raises(ApiError) as caught, other.writing(0.05):
        pass
    assert (caught.value.code, caught.value.status) == (UNAVAILABLE, 503)
    assert "locked" not in caught.value.message
    with other.writing(0.05) as session:
        add(session, "a")
    assert count(database) == 1
    other.close()


def test_changed_schema_is_read_anew(database: Database, path: Path) -> None:
    with database.reading() as session:
        assert "colour" not in session.columns("experiment_tags")
        assert session.length("params", "value") == 8000
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE experiment_tags ADD COLUMN colour VARCHAR(9)")
        connection.execute("UPDATE alembic_version SET version_num = 'later'")
        connection.commit()
    with database.writing() as session:
        assert "colour" in session.columns("experiment_tags")
        assert session.length("experiment_tags", "colour") == 9
        assert session.head == "later"
        row = {"key": "a", "value": "1", "experiment_id": 0, "colour": "red", "unheard_of": 1}
        session.insert("experiment_tags", [row])
        assert [tuple(r) for r in session.rows("SELECT * FROM experiment_tags")] == [
            ("a", "1", 0, "red")
        ]


def test_columns_of_no_table(database: Database) -> None:
    with database.reading() as session:
        assert session.columns("no_such_table") == frozenset()
        assert session.length("no_such_table", "value") is None


def test_what_a_schema_cannot_hold_is_refused_with_the_way_out(
    database: Database, path: Path
) -> None:
    with database.reading() as session:
        session.demand("Logged models", "logged_models", "model_id")
        for lacking in (("logged_sounds",), ("logged_models", "volume")):
            with pytest.raises(ApiError) as caught:
                session.demand("Logged sounds", *lacking)
            assert f"mlflow db upgrade sqlite:///{path}" in caught.value.message
            assert caught.value.status == 400


def test_update_and_insert_leave_out_what_is_not_there(database: Database) -> None:
    with database.writing() as session:
        fields = {"name": "Renamed", "unheard_of": 1}
        assert session.update("experiments", fields, "experiment_id = ?", (0,)) == 1
        assert session.update("experiments", {"unheard_of": 1}, "experiment_id = ?", (0,)) == 0
        session.insert("experiment_tags", [])
        tags = [{"key": key, "value": key, "experiment_id": 0} for key in "aba"]
        with pytest.raises(sqlite3.IntegrityError), session.part():
            session.insert("experiment_tags", tags)
        session.insert("experiment_tags", tags, on_conflict="DO NOTHING")
        assert session.rows(COUNT)[0][0] == 2
        row = session.row("SELECT name FROM experiments")
        assert row is not None
        assert row["name"] == "Renamed"
        assert session.row("SELECT name FROM experiments WHERE experiment_id = 7") is None


def test_database_that_is_gone_is_not_made_again(database: Database, path: Path) -> None:
    count(database)
    moved = path.rename(path.with_name("moved.db"))
    with pytest.raises(ApiError, match="has been moved") as caught, database.writing():
        pass
    assert caught.value.code == UNAVAILABLE
    assert not path.exists()
    moved.rename(path)
    with database.writing() as session:
        add(session, "a")
    assert count(database) == 1


def test_file_put_in_its_place_is_left_alone(database: Database, path: Path) -> None:
    count(database)
    path.rename(path.with_name("moved.db"))
    path.write_text("")
    with pytest.raises(ApiError, match="has been moved"), database.writing():
        pass
    assert path.read_text() == ""


def test_twenty_processes_at_once_lose_nothing(path: Path) -> None:
    writers = [begin_writer(path, f"w{number}", 10) for number in range(20)]
    for writer in writers:
        said, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        assert said.split() == [str(number) for number in range(10)]
    database = Database(path, "/artifacts")
    assert count(database) == 200
    database.close()
    assert is_sound(path)


def test_process_killed_while_it_writes_leaves_a_sound_file(path: Path) -> None:
    for round_ in range(4):
        writer = begin_writer(path, f"w{round_}", 1_000_000)
        assert writer.stdout is not None
        safe = [writer.stdout.readline() for _ in range(30 + 17 * round_)]
        writer.send_signal(signal.SIGKILL)
        safe += writer.communicate()[0].splitlines()
        assert is_sound(path)
        with closing(sqlite3.connect(path)) as connection:
            query = "SELECT count(*) FROM experiment_tags WHERE \"key\" LIKE ? || '-%'"
            ((found,),) = connection.execute(query, (f"w{round_}",))
        assert len(safe) <= found <= len(safe) + 1
