"""The whole line against real MLflow: `mlrun run`, a script that logs, a client that reads."""

from __future__ import annotations

import json
import os
import shlex
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.functional.commands import Place
from tests.integration.scripts import LOG_INTO_THE_RUN, READ_RUN
from tests.mlflow_fixtures import MlflowClient
from tests.stub_server import Received, Reply, StubServer

FAILS_INSIDE = """
import mlflow
with mlflow.start_run():
    raise SystemExit(1)
"""
CALLS_ITSELF_FAILED = """
import mlflow
with mlflow.start_run() as run:
    pass
mlflow.MlflowClient().set_terminated(run.info.run_id, "FAILED")
"""
ENDS_BADLY_AFTERWARDS = """
import mlflow
with mlflow.start_run():
    pass
raise SystemExit(3)
"""
RUNS_CHILDREN = """
import mlflow
with mlflow.start_run():
    mlflow.log_metric("outer", 1)
    with mlflow.start_run(nested=True):
        mlflow.log_metric("inner", 2)
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(folder)


@pytest.fixture
def experiment() -> str:
    return f"line {uuid4().hex}"


def run_script(
    place: Place, client: MlflowClient, script: str, *words: str, uri: str = ""
) -> tuple[int, dict[str, object]]:
    """Run a script in a project, and return mlrun's exit code and the outcome."""
    place.write(
        "entry_points:\n  main:\n    parameters: {alpha: float}\n"
        f"    command: {json.dumps(f'{shlex.quote(str(client.python))} script.py $EXPERIMENT')}\n",
        script_py=script,
    )
    target = ("--tracking-uri", uri) if uri else ()
    answer = place.run_project("-P", "alpha=0.10", "--output", "json", *target, *words)
    assert answer.stdout, answer.stderr
    outcome = json.loads(answer.stdout)["outcome"]
    assert outcome is not None, answer.stderr
    return answer.returncode, outcome


def read(client: MlflowClient, uri: str, run_id: object, experiment: str) -> dict[str, object]:
    variables = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_ALLOW_FILE_STORE": "true"}
    found: dict[str, object] = client.run(READ_RUN, variables, str(run_id), experiment)
    return found


@pytest.mark.parametrize("kind", ["server", "folder", "database"])
def test_script_logs_into_the_run_that_mlrun_made(
    kind: str,
    place: Place,
    mlflow_client: MlflowClient,
    experiment: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uri = {"folder": place.store.as_uri(), "database": f"sqlite:///{place.database}"}.get(kind, "")
    uri = uri or request.getfixturevalue("mlflow_server")
    monkeypatch.setenv("EXPERIMENT", shlex.quote(experiment).strip("'").replace(" ", "_"))
    name = os.environ["EXPERIMENT"]
    before = time.time()
    code, outcome = run_script(
        place, mlflow_client, LOG_INTO_THE_RUN, "--experiment-name", name, uri=uri
    )
    assert code == 0
    # An older client opens no database of a newer one's schema.
    reader = request.getfixturevalue("mlflow_3_1") if kind == "database" else mlflow_client
    found = read(reader, uri, outcome["run_id"], name)
    info = found["info"]
    assert isinstance(info, dict)
    assert info["status"] == "FINISHED"
    assert before * 1000 - 1 <= info["start_time"] <= info["end_time"] <= time.time() * 1000
    assert found["params"] == {"alpha": "0.10", "inner": "2"}
    assert found["metrics"] == {"loss": 0.25}
    assert found["artifacts"] == ["note.txt"]
    assert found["searched"] == [outcome["run_id"]]


@pytest.mark.parametrize(
    ("script", "code", "status"),
    [
        (FAILS_INSIDE, 1, "FAILED"),
        (CALLS_ITSELF_FAILED, 1, "FAILED"),
        (ENDS_BADLY_AFTERWARDS, 3, "FAILED"),
        (RUNS_CHILDREN, 0, "FINISHED"),
    ],
)
def test_status_tells_the_truth(
    place: Place,
    mlflow3: MlflowClient,
    mlflow_server: str,
    experiment: str,
    script: str,
    code: int,
    status: str,
) -> None:
    returned, outcome = run_script(
        place, mlflow3, script, "--experiment-name", experiment, uri=mlflow_server
    )
    assert (returned, outcome["status"]) == (code, status)
    info = read(mlflow3, mlflow_server, outcome["run_id"], experiment)["info"]
    assert isinstance(info, dict)
    assert info["status"] == status


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ([Reply(401, {"message": "no"})], "does not accept the credentials from the address (401)"),
        ([Reply(404, b"<html>nothing here</html>")], "not as an MLflow tracking server"),
        ([Reply(200, b"hello")], "not as an MLflow tracking server"),
        ([Reply(500, b"oops")], "500"),
        ([Reply(drop=True)], "127.0.0.1"),
    ],
)
def test_server_that_is_no_use_is_an_error_before_the_command_starts(
    place: Place, replies: list[Reply], said: str
) -> None:
    place.write("entry_points: {main: {command: 'touch started'}}")
    patience = {"MLRUN_TRACKING_PATIENCE": "0.5"}
    with StubServer(replies) as server:
        target = server.url.replace("//", "//user:s3cret@")
        answer = place.run_project("--tracking-uri", target, env=patience)
    assert answer.returncode == 125
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "s3cret" not in answer.stderr
    assert not (place.project / "started").exists()


def test_end_is_delivered_later_when_the_server_fails_during_the_run(place: Place) -> None:
    place.write("entry_points: {main: {command: 'true'}}")
    away = True
    ids = iter("ab")

    def answering(received: Received) -> Reply:
        info = {"experiment_id": "0", "artifact_uri": "mlflow-artifacts:/", "status": "RUNNING"}
        if "runs/create" in received.path:
            return Reply(200, {"run": {"info": {**info, "run_id": next(ids) * 32}}})
        if away:
            return Reply(500, b"")
        asked = received.path.partition("run_uuid=")[2]
        return Reply(200, {"run": {"info": {**info, "run_id": asked}}} if asked else {})

    patience = {"MLRUN_TRACKING_PATIENCE": "0.3"}
    with StubServer(answering) as server:
        answer = place.run_project("--tracking-uri", server.url, env=patience)
        assert answer.returncode == 0
        assert "the next mlrun delivers it" in answer.stderr
        answer = place.run_project(
            "--tracking-uri", server.url, "--undelivered", "fail", env=patience
        )
        assert answer.returncode == 123
        away = False
        before = len(server.received)
        shown = place.mlrun("runs", "list")
        assert shown.returncode == 0
        ends = [r.json for r in server.received[before:] if "runs/update" in r.path]
    assert sorted((end["run_id"][0], end["status"]) for end in ends) == [
        ("a", "FINISHED"),
        ("b", "FINISHED"),
    ]


def test_waiting_for_a_server_is_said(place: Place) -> None:
    place.write("entry_points: {main: {command: 'true'}}")
    with StubServer([Reply(hang=True)]) as server:
        # The pauses between attempts are drawn; the time of one attempt is not.
        patience = {"MLRUN_TRACKING_PATIENCE": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "3"}
        answer = place.run_project("--tracking-uri", server.url, env=patience)
    assert answer.returncode == 125
    assert f"waiting for {server.url}" in answer.stderr


def test_at_most_three_requests_come_before_the_command(place: Place) -> None:
    place.write("entry_points: {main: {parameters: {a: string}, command: 'cat > seen; sleep 1'}}")
    seen = []

    def answering(received: Received) -> Reply:
        seen.append((received.path.partition("?")[0].rpartition("mlflow/")[2], started.exists()))
        if "get-by-name" in received.path:
            return Reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"})
        if "experiments/create" in received.path:
            return Reply(200, {"experiment_id": "7"})
        info = {"run_id": "b" * 32, "experiment_id": "7", "status": "FINISHED"}
        return Reply(200, {"run": {"info": info}})

    started = place.project / "seen"
    with StubServer(answering) as server:
        answer = place.run_project(
            "--tracking-uri", server.url, "--experiment-name", "new", "-P", "a=1"
        )
    assert answer.returncode == 0, answer.stderr
    assert [path for path, _ in seen[:3]] == [
        "experiments/get-by-name",
        "experiments/create",
        "runs/create",
    ]
    assert "runs/log-batch" in [path for path, _ in seen]
