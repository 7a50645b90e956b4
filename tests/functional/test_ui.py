"""`mlrun ui` and `mlrun server`, as far as no MLflow has to be started for it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.functional.commands import Place
from tests.unit.viewing.databases import OLD_HEAD, RUN_ID, digests, make_database

NO_BUILD = "the environment with MLflow must not be built for this"


def nothing_was_built() -> bool:
    return not Path(os.environ["MLRUN_CACHE_DIR"]).exists()


def test_a_server_has_an_interface_of_its_own(place: Place) -> None:
    done = place.mlrun("ui", "--tracking-uri", "https://user:secret@example.org/mlflow/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "https://example.org/mlflow\n", "")
    done = place.mlrun("ui", "--run", RUN_ID, env={"MLFLOW_TRACKING_URI": "http://example.org"})
    assert done.stdout == f"http://example.org/#/runs/{RUN_ID}\n"
    assert nothing_was_built(), NO_BUILD


def test_where_nothing_is_recorded_other_places_are_named(place: Place) -> None:
    database = make_database(place.folder / "mlflow.db")
    done = place.mlrun("ui", "--tracking-uri", "sqlite:///other.db")
    assert done.returncode == 125
    assert f"nothing is recorded in {place.folder}/other.db yet" in done.stderr
    assert f"mlrun ui --tracking-uri sqlite:///{database}" in done.stderr
    assert not (place.folder / "other.db").exists()
    assert nothing_was_built(), NO_BUILD


def test_a_port_that_is_taken_is_an_error(place: Place) -> None:
    database = make_database(place.folder / "mlflow.db")
    before = digests(database)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        done = place.mlrun("ui", "--port", str(port))
    assert done.returncode == 2
    assert f"cannot listen on port {port} of 127.0.0.1: Address already in use" in done.stderr
    assert digests(database) == before
    assert nothing_was_built(), NO_BUILD


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--run", RUN_ID[:-1] + "b"], 125, "there is no run"),
        (["--run", "last"], 125, "no run was started on this machine yet"),
        (["--host", "192.0.2.1"], 2, "cannot listen on 192.0.2.1"),
        (["--upgrade", "--tracking-uri", "http://example.org"], 2, "is for a local database"),
        (["--tracking-uri", "sqlite://"], 2, "names a database in memory"),
        (["--tracking-uri", "sqlite:///text.db"], 125, "text.db cannot be read"),
        (["--port", "70000"], 2, "70000"),
    ],
)
def test_mistakes(place: Place, words: list[str], code: int, message: str) -> None:
    make_database(place.folder / "mlflow.db")
    (place.folder / "text.db").write_text("some text of a length that can be looked at" * 30)
    done = place.mlrun("ui", *words)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert nothing_was_built(), NO_BUILD


def test_no_server_migrates_a_database_by_surprise(place: Place) -> None:
    database = make_database(place.folder / "mlflow.db")
    before = digests(database)
    done = place.mlrun("server", "--backend-store-uri", "sqlite:///mlflow.db")
    assert done.returncode == 125
    assert f"has the schema {OLD_HEAD}" in done.stderr
    assert "--upgrade, which makes a backup first" in done.stderr
    assert place.mlrun("server").stderr.count(OLD_HEAD) == 1
    assert digests(database) == before
    assert nothing_was_built(), NO_BUILD


def test_what_a_server_cannot_serve(place: Place) -> None:
    env = {"MLFLOW_TRACKING_URI": "http://example.org"}
    assert "is a server already" in place.mlrun("server", env=env).stderr
    uri = "postgresql://user:secret@example.org/runs"
    done = place.mlrun("server", "--upgrade", "--backend-store-uri", uri)
    assert done.returncode == 2
    assert "--upgrade is for a local database" in done.stderr
    assert "secret" not in done.stderr


def test_an_environment_that_cannot_be_built_is_one_error(place: Place, tmp_path: Path) -> None:
    database = make_database(place.folder / "mlflow.db")
    before = digests(database)
    env = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty")}
    done = place.mlrun("ui", env=env)
    assert done.returncode == 125
    assert done.stdout == ""
    assert done.stderr.count("mlrun: error:") == 1
    assert "could not be made ready" in done.stderr
    assert digests(database) == before
