"""What is looked at, and what is said where nothing is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import RunNotFoundError, UsageError
from mlrun.viewing.place import Place, find_place, refuse_empty, sqlite_path
from tests.unit.viewing.databases import make_database


def make_file_store(folder: Path) -> Path:
    (folder / "0").mkdir(parents=True)
    (folder / "0" / "meta.yaml").write_text("name: Default\n")
    return folder


def test_a_database_beside_the_user_is_the_default(tmp_path: Path) -> None:
    assert find_place(None, tmp_path, {}).database == tmp_path / "mlflow.db"


def test_a_file_store_that_exists_stays_in_use(tmp_path: Path) -> None:
    make_file_store(tmp_path / "mlruns")
    make_database(tmp_path / "mlflow.db")
    assert find_place(None, tmp_path, {}).folder == tmp_path / "mlruns"


def test_artifacts_alone_are_no_file_store(tmp_path: Path) -> None:
    (tmp_path / "mlruns" / "1" / "run" / "artifacts").mkdir(parents=True)
    assert find_place(None, tmp_path, {}).database == tmp_path / "mlflow.db"


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("sqlite:///a b.db", "a b.db"),
        ("sqlite:///sub/a.db", "sub/a.db"),
        ("sqlite+pysqlite:///a.db?timeout=3", "a.db"),
    ],
)
def test_addresses_of_databases(tmp_path: Path, uri: str, file: str) -> None:
    assert sqlite_path(uri, tmp_path) == tmp_path / file
    assert sqlite_path("sqlite:////srv/a.db", tmp_path) == Path("/srv/a.db")


def test_a_database_without_a_file_is_refused() -> None:
    with pytest.raises(UsageError, match="in memory"):
        sqlite_path("sqlite://", Path("/"))


def test_other_addresses_are_no_databases_of_sqlite() -> None:
    assert sqlite_path("postgresql://host/db", Path("/")) is None
    assert sqlite_path("mlruns", Path("/")) is None


def test_a_server_is_told_from_the_rest(tmp_path: Path) -> None:
    assert find_place("http://example.org:5000/", tmp_path, {}).is_server
    assert find_place(None, tmp_path, {"MLFLOW_TRACKING_URI": "https://example.org"}).is_server
    assert not find_place("runs", tmp_path, {}).is_server


def test_nothing_recorded_names_what_is_recorded_elsewhere(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "src"
    inner.mkdir(parents=True)
    database = make_database(tmp_path / "mlflow.db")
    with pytest.raises(RunNotFoundError, match="nothing is recorded in") as caught:
        refuse_empty(find_place(None, inner, {}), inner, {})
    assert caught.value.hint is not None
    assert f"--tracking-uri sqlite:///{database}" in caught.value.hint


def test_nothing_recorded_anywhere(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").touch()
    with pytest.raises(RunNotFoundError, match=r"mlflow\.db yet") as caught:
        refuse_empty(find_place(None, tmp_path, {}), tmp_path, {})
    assert "elsewhere" not in str(caught.value.hint)


def test_the_place_in_force_is_named_where_another_was_asked_for(tmp_path: Path) -> None:
    store = make_file_store(tmp_path / "elsewhere" / "runs")
    environ = {"MLFLOW_TRACKING_URI": store.as_uri()}
    with pytest.raises(RunNotFoundError) as caught:
        refuse_empty(Place((tmp_path / "nothing").as_uri()), tmp_path, environ)
    assert store.as_uri() in str(caught.value.hint)
