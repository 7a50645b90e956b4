"""Runs that are recorded in a local database: the default, with a gateway before it."""

from __future__ import annotations

import json
import sqlite3
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.functional.commands import MLRUN, Place

# A client of MLflow's API in twenty lines, so that these tests need no MLflow.
CLIENT = """
import base64, json, os, sys, urllib.request

def call(method, path, body=None, *, bearer=None, address=None):
    token = os.environ["MLFLOW_TRACKING_TOKEN"] if bearer is None else bearer
    request = urllib.request.Request(
        (address or os.environ["MLFLOW_TRACKING_URI"]) + "/api/2.0/mlflow/" + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": "Bearer " + token},
        method=method,
    )
    opener = urllib.request.build_opener()
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

RUN = os.environ["MLFLOW_RUN_ID"]
"""


@pytest.fixture
def scripted(place: Place) -> Place:
    place.write(f"entry_points: {{main: {{command: '{sys.executable} script.py'}}}}")
    return place


def script(place: Place, code: str) -> None:
    (place.project / "script.py").write_text(CLIENT + textwrap.dedent(code))


def rows(place: Place, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{place.folder / 'mlflow.db'}?mode=ro", uri=True) as database:
        found = database.execute(query, values).fetchall()
    database.close()
    return found


def test_default_is_the_database_that_mlflow_itself_would_use(place: Place) -> None:
    place.write("entry_points: {main: {parameters: {a: {default: 1}}, command: 'exit 0'}}")
    answer = place.run_project("--tag", "team=red", "--run-name", "first")
    assert answer.returncode == 0, answer.stderr
    assert "recorded in mlflow.db (look: mlrun ui)" in answer.stderr
    (run,) = rows(place, "SELECT run_uuid, name, status, experiment_id, artifact_uri FROM runs")
    assert run[1:4] == ("first", "FINISHED", 0)
    assert run[4] == f"{place.folder}/mlruns/0/{run[0]}/artifacts"
    assert rows(place, "SELECT key, value FROM params") == [("a", "1")]
    assert rows(place, "SELECT value FROM tags WHERE key = 'team'") == [("red",)]
    assert rows(place, "SELECT version_num FROM alembic_version") == [("bda7b8c39065",)]


def test_failure_is_recorded_as_one(place: Place) -> None:
    place.write("entry_points: {main: {command: 'exit 7'}}")
    assert place.run_project().returncode == 7
    assert rows(place, "SELECT status FROM runs") == [("FAILED",)]


def test_command_records_through_the_gateway(scripted: Place) -> None:
    script(
        scripted,
        """
        metric = {"run_id": RUN, "key": "loss", "value": 0.5, "timestamp": 1, "step": 3}
        assert call("POST", "runs/log-metric", metric) == (200, {})
        status, answer = call("GET", "runs/get?run_id=" + RUN)
        assert status == 200, answer
        assert answer["run"]["data"]["metrics"][0]["step"] == 3, answer
        """,
    )
    answer = scripted.run_project()
    assert answer.returncode == 0, answer.stderr
    assert rows(scripted, "SELECT key, value, step FROM metrics") == [("loss", 0.5, 3)]


def test_gateway_answers_nobody_without_the_token(scripted: Place) -> None:
    script(
        scripted,
        """
        for token in ("", "wrong", "0" * 64):
            status, answer = call("GET", "runs/get?run_id=" + RUN, bearer=token)
            assert status == 401 and RUN not in answer, (status, answer)
        """,
    )
    answer = scripted.run_project()
    assert answer.returncode == 0, answer.stderr


def test_gateway_is_gone_when_the_run_is_over(scripted: Place) -> None:
    script(scripted, "print(os.environ['MLFLOW_TRACKING_URI'])")
    answer = scripted.run_project()
    import socket

    port = int(answer.stdout.strip().rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_proxies_and_other_credentials_do_not_come_between(scripted: Place) -> None:
    script(
        scripted,
        """
        assert call("GET", "runs/get?run_id=" + RUN)[0] == 200
        assert "MLFLOW_TRACKING_INSECURE_TLS" not in os.environ
        print(os.environ["NO_PROXY"])
        """,
    )
    answer = scripted.run_project(
        env={
            "HTTP_PROXY": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
            "NO_PROXY": "intranet.example",
            "MLFLOW_TRACKING_INSECURE_TLS": "true",
            "MLFLOW_TRACKING_USERNAME": "alice",
            "MLFLOW_TRACKING_PASSWORD": "of another server",
        }
    )
    assert answer.returncode == 0, answer.stderr
    assert "intranet.example" in answer.stdout


def test_nested_mlrun_uses_the_gateway_of_its_parent(place: Place) -> None:
    nested = f"{' '.join(MLRUN)} run . -e inner -P depth=2 --output json"
    place.write(
        f"""
        entry_points:
          main: {{command: "echo $MLFLOW_TRACKING_URI && {nested} > inner.json"}}
          inner: {{command: "echo $MLFLOW_TRACKING_URI {{depth}} >&2", parameters: {{depth: int}}}}
        """
    )
    answer = place.run_project()
    assert answer.returncode == 0, answer.stderr
    address = answer.stdout.strip()
    assert f"{address} 2" in answer.stderr
    inner = json.loads((place.project / "inner.json").read_text())["outcome"]
    assert inner["tracking_uri"] == f"sqlite:///{place.folder / 'mlflow.db'}"
    assert inner["delivered"] is True
    found = rows(place, "SELECT r.run_uuid, r.status, t.value FROM runs r LEFT JOIN tags t "
                        "ON t.run_uuid = r.run_uuid AND t.key = 'mlflow.parentRunId'")  # fmt: skip
    assert {status for _, status, _ in found} == {"FINISHED"}
    ((parent, _, _),) = [row for row in found if row[2] is None]
    assert [(row[0], row[2]) for row in found if row[2]] == [(inner["run_id"], parent)]


def test_nested_mlrun_may_record_elsewhere(place: Place, tmp_path: Path) -> None:
    nested = f"{' '.join(MLRUN)} run . -e inner --tracking-uri sqlite:///{tmp_path}/other.db"
    place.write(
        f"""
        entry_points:
          main: {{command: "{nested}"}}
          inner: {{command: "true"}}
        """
    )
    answer = place.run_project()
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "other.db").is_file()
    assert len(rows(place, "SELECT * FROM runs")) == 1


def test_file_store_that_is_there_stays_in_use(place: Place) -> None:
    place.write("entry_points: {main: {command: 'echo $MLFLOW_TRACKING_URI'}}")
    assert place.run_project("--tracking-uri", "./mlruns").returncode == 0
    answer = place.run_project()
    assert answer.stdout.strip() == place.store.as_uri()
    assert not (place.folder / "mlflow.db").exists()
    assert len(list(place.store.glob("0/*/meta.yaml"))) == 2


def test_folder_in_the_databases_place_is_named(place: Place) -> None:
    place.write("entry_points: {main: {command: 'true'}}")
    (place.folder / "mlflow.db").mkdir()
    answer = place.run_project()
    assert answer.returncode == 125
    assert f"{place.folder / 'mlflow.db'} is a folder, not an SQLite database" in answer.stderr


def test_what_is_no_database_of_mlflows_is_said_in_one_voice(place: Place) -> None:
    place.write("entry_points: {main: {command: 'true'}}")
    with closing(sqlite3.connect(place.folder / "mlflow.db")) as connection:
        connection.execute("CREATE TABLE other (x)")
    answer = place.run_project()
    assert answer.returncode == 125
    assert answer.stderr.startswith("mlrun: error: the SQLite database ")


def test_twenty_runs_at_once_lose_nothing(scripted: Place) -> None:
    import subprocess

    script(
        scripted,
        """
        for step in range(20):
            metric = {"run_id": RUN, "key": "loss", "value": step, "timestamp": 1, "step": step}
            assert call("POST", "runs/log-metric", metric) == (200, {})
        """,
    )
    running = [
        subprocess.Popen(
            [*MLRUN, "run", "project", "--quiet"],
            cwd=scripted.folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(20)
    ]
    assert [process.communicate(timeout=240)[1] for process in running] == [""] * 20
    assert rows(scripted, "SELECT count(*) FROM runs WHERE status = 'FINISHED'") == [(20,)]
    assert rows(scripted, "SELECT count(*) FROM metrics") == [(400,)]


def test_script_that_sets_an_experiment_is_told_where_its_runs_go(scripted: Place) -> None:
    script(
        scripted,
        """
        made = call("POST", "experiments/create", {"name": "mine"})[1]["experiment_id"]
        answers = [call("GET", "runs/get?run_id=" + RUN)[1] for _ in range(2)]
        print(made, *(answer["run"]["info"]["experiment_id"] for answer in answers))
        """,
    )
    answer = scripted.run_project()
    # The comparison of `start_run` is satisfied; what is asked after that gets the truth.
    assert answer.stdout.split() == ["1", "1", "0"], answer.stderr
    assert "sets the experiment 'mine': this run stays in experiment 'Default'" in answer.stderr
    assert rows(scripted, "SELECT experiment_id FROM runs") == [(0,)]
