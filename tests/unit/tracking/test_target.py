"""Where a run is recorded, and by which store."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import NotSupportedError, UsageError
from mlrun.tracking.database.store import DatabaseStore
from mlrun.tracking.filestore import FileStore
from mlrun.tracking.none import NoTracking
from mlrun.tracking.rest import RestStore
from mlrun.tracking.target import open_store, resolve_target

CWD = Path("/home/ada/desk")
HOME = {"HOME": "/home/ada"}


def test_default_is_the_database_beside_the_user(tmp_path: Path) -> None:
    assert resolve_target(None, CWD, {}) == "sqlite:////home/ada/desk/mlflow.db"
    # What a database's runs leave there is no file store.
    (tmp_path / "mlruns" / "0" / "artifacts").mkdir(parents=True)
    (tmp_path / "mlruns" / "models" / "meta.yaml").mkdir(parents=True)
    assert resolve_target(None, tmp_path, {}) == f"sqlite:///{tmp_path}/mlflow.db"


def test_default_stays_a_file_store_that_is_there(tmp_path: Path) -> None:
    experiment = tmp_path / "mlruns" / "0"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text("name: Default\n")
    assert resolve_target(None, tmp_path, {}) == (tmp_path / "mlruns").as_uri()


def test_default_in_a_folder_that_no_database_address_can_name() -> None:
    assert resolve_target(None, Path("/what?"), {}) == "file:///what%3F/mlruns"


def test_order_is_flag_variable_default() -> None:
    variable = {"MLFLOW_TRACKING_URI": "http://from.variable"}
    assert resolve_target("http://from.flag", CWD, variable) == "http://from.flag"
    assert resolve_target(None, CWD, variable) == "http://from.variable"
    assert resolve_target("", CWD, variable) == "http://from.variable"
    assert resolve_target(None, CWD, {"MLFLOW_TRACKING_URI": ""}).endswith("/mlflow.db")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("runs", "file:///home/ada/desk/runs"),
        ("./a/../runs/", "file:///home/ada/desk/runs"),
        ("../runs", "file:///home/ada/runs"),
        ("/srv/runs", "file:///srv/runs"),
        ("~/runs", "file:///home/ada/runs"),
        ("~", "file:///home/ada"),
        ("with space/ü#1?", "file:///home/ada/desk/with%20space/%C3%BC%231%3F"),
        ("file:///srv/runs/", "file:///srv/runs"),
        ("file:/srv/runs", "file:///srv/runs"),
        ("file:runs", "file:///home/ada/desk/runs"),
        ("file://localhost/srv/runs", "file:///srv/runs"),
        ("file:///srv/with%20space", "file:///srv/with%20space"),
        ("FILE:///srv/runs", "file:///srv/runs"),
    ],
)
def test_folders_become_absolute(given: str, expected: str) -> None:
    assert resolve_target(given, CWD, HOME) == expected
    assert resolve_target(expected, CWD, HOME) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sqlite:///mlflow.db", "sqlite:////home/ada/desk/mlflow.db"),
        ("sqlite:///../a/./b.db", "sqlite:////home/ada/a/b.db"),
        ("sqlite:////srv/runs.db", "sqlite:////srv/runs.db"),
        ("SQLite+pysqlite:///runs", "sqlite:////home/ada/desk/runs"),
        ("sqlite:///a b/ü%20#1.db", "sqlite:////home/ada/desk/a b/ü%20#1.db"),
        ("sqlite:////x.db?timeout=30&check_same_thread=false", "sqlite:////x.db"),
    ],
)
def test_database_files_become_absolute(given: str, expected: str) -> None:
    assert resolve_target(given, CWD, HOME) == expected
    assert resolve_target(expected, CWD, HOME) == expected


@pytest.mark.parametrize(
    "given",
    [
        *("sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:mlflow.db", "sqlite:/x.db"),
        *("sqlite://host/x.db", "sqlite:////x.db?mode=ro", "sqlite:///file:x.db?uri=true"),
    ],
)
def test_databases_without_a_file_are_usage_errors(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_target(given, CWD, HOME)
    assert given in caught.value.message
    assert "sqlite:///mlflow.db" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://host:5000/", "http://host:5000"),
        (" https://Host.Example/mlflow// ", "https://host.example/mlflow"),
        ("HTTP://host", "http://host"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://ada:pass@host/x", "https://host/x"),
        ("https://ada:p%40ss@host", "https://host"),
    ],
)
def test_addresses_are_tidied_and_lose_credentials(given: str, expected: str) -> None:
    assert resolve_target(given, CWD, {}) == expected


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite+aiosqlite:///x.db",
        "postgresql://u:hush-hush@h/db",
        "postgresql+psycopg2://u:hush-hush@h/db",
        "mysql+pymysql://u:hush-hush@h/db",
        "mssql://h/db",
        "databricks",
        "databricks://profile",
        "databricks-uc",
        "azureml://eu.api.azureml.ms/mlflow",
        "my-plugin://somewhere",
    ],
)
def test_other_stores_are_refused_by_name(uri: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        resolve_target(uri, CWD, {})
    assert uri.partition(":")[0] in caught.value.message
    assert caught.value.hint
    assert "hush-hush" not in caught.value.message


@pytest.mark.parametrize(
    "uri",
    [
        *("http://", "http:///path", "http://host:port", "http://h:99999", "http://u:p/w@host"),
        *("https://a b/", "https://a\nb/", "file:", "file://server/share"),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error(uri: str) -> None:
    with pytest.raises(UsageError):
        resolve_target(uri, CWD, {})


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("localhost:5000", "http://localhost:5000"),
        ("10.0.0.7:80/mlflow", "http://10.0.0.7:80/mlflow"),
        ("https//mlflow.example.org", "https://mlflow.example.org"),
        ("mlflow.db", "sqlite:///mlflow.db"),
        ("/srv/runs.SQLite3", "sqlite:////srv/runs.SQLite3"),
    ],
)
def test_a_path_that_is_none_makes_no_folder(given: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_target(given, CWD, {})
    assert meant in (caught.value.hint or "")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "runs").write_bytes(b"")
    with pytest.raises(UsageError) as caught:
        resolve_target("runs", tmp_path, {})
    assert "sqlite:///runs" in (caught.value.hint or "")


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    for name in ("runs.db", "10.0.0.7:80"):
        (tmp_path / name).mkdir()
        assert resolve_target(name, tmp_path, {}) == (tmp_path / name).as_uri()
    assert resolve_target("file:new.db", tmp_path, {}) == (tmp_path / "new.db").as_uri()


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sqllite:///x.db", "sqlite:///x.db"),
        ("sqlite3:///x.db", "sqlite:///x.db"),
        ("htp://ada:hush-hush@host", "http://***@host"),
    ],
)
def test_a_misspelt_kind_is_set_right(given: str, meant: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        resolve_target(given, CWD, {})
    assert caught.value.hint == f"did you mean {meant}?"


def test_a_windows_drive_is_a_path() -> None:
    assert resolve_target("C:", CWD, {}) == "file:///home/ada/desk/C%3A"


def test_each_target_has_its_store(tmp_path: Path) -> None:
    assert isinstance(open_store(None, {}), NoTracking)
    file_store = open_store(tmp_path.as_uri(), {})
    assert isinstance(file_store, FileStore)
    assert file_store.uri == tmp_path.as_uri()
    database = open_store(f"sqlite:///{tmp_path}/x.db", {}, cwd=tmp_path / "a")
    assert isinstance(database, DatabaseStore)
    assert database.uri == f"sqlite:///{tmp_path}/x.db"
    assert (database.path, database.artifact_root) == (tmp_path / "x.db", f"{tmp_path}/a/mlruns")
    server = open_store("http://host", {"HOME": str(tmp_path)})
    assert isinstance(server, RestStore)
    assert server.uri == "http://host"


def test_opening_touches_nothing(tmp_path: Path) -> None:
    open_store((tmp_path / "new").as_uri(), {}).close()
    open_store(f"sqlite:///{tmp_path}/new.db", {}).close()
    assert list(tmp_path.iterdir()) == []


def test_a_store_never_shows_the_credentials_of_its_address(tmp_path: Path) -> None:
    store = open_store("https://ada:hush-hush@host/x", {"HOME": str(tmp_path)})
    assert store.uri == "https://host/x"
