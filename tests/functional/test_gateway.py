"""The gateway as a command meets it."""

from __future__ import annotations

import sys
import textwrap

import pytest

from tests.functional.commands import Place

CLIENT = """
import http.client, json, os

address = os.environ["MLFLOW_TRACKING_URI"].removeprefix("http://")
connection = http.client.HTTPConnection(address)

def call(method, path, body=None):
    token = os.environ["MLFLOW_TRACKING_TOKEN"]
    connection.request(
        method,
        "/api/2.0/mlflow/" + path,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": "Bearer " + token},
    )
    answer = connection.getresponse()
    return json.loads(answer.read())

run_id = os.environ["MLFLOW_RUN_ID"]
"""


@pytest.fixture
def scripted(place: Place) -> Place:
    place.write(f"entry_points: {{main: {{command: '{sys.executable} script.py'}}}}")
    return place


def script(place: Place, code: str) -> None:
    (place.project / "script.py").write_text(CLIENT + textwrap.dedent(code))


def test_command_inherits_no_socket(scripted: Place) -> None:
    script(
        scripted,
        """
        import pathlib
        links = [os.readlink(f) for f in pathlib.Path("/proc/self/fd").iterdir()
                 if os.path.lexists(f)]
        assert not [link for link in links if link.startswith("socket")], links
        """,
    )
    answer = scripted.run_project()
    assert answer.returncode == 0, answer.stderr


def test_variables_that_contradict_are_gone(scripted: Place) -> None:
    script(
        scripted,
        """
        for name in ("MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_INSECURE_TLS", "MLFLOW_WORKSPACE"):
            assert name not in os.environ, name
        assert os.environ["MLFLOW_TRACKING_PASSWORD"] == os.environ["MLFLOW_TRACKING_TOKEN"]
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
        """,
    )
    inherited = {
        "MLFLOW_TRACKING_AUTH": "plugin",
        "MLFLOW_TRACKING_INSECURE_TLS": "true",
        "MLFLOW_WORKSPACE": "team",
        "MLFLOW_TRACKING_PASSWORD": "secret",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "7",
    }
    answer = scripted.run_project(env=inherited)
    assert answer.returncode == 0, answer.stderr


def test_an_experiment_that_the_script_sets_is_named_in_one_line(scripted: Place) -> None:
    script(
        scripted,
        """
        made = call("POST", "experiments/create", {"name": "theirs"})["experiment_id"]
        compared = call("GET", "runs/get?run_id=" + run_id)["run"]["info"]["experiment_id"]
        assert compared == made
        call("POST", "runs/update", {"run_id": run_id, "status": "RUNNING"})
        again = call("GET", "runs/get?run_id=" + run_id)["run"]["info"]["experiment_id"]
        assert again == "0"
        """,
    )
    answer = scripted.run_project()
    assert answer.returncode == 0, answer.stderr
    lines = [line for line in answer.stderr.splitlines() if "'theirs'" in line]
    assert len(lines) == 1
    assert "--experiment-name 'theirs'" in lines[0]
    (run,) = scripted.runs("0")
    assert run.name


def test_a_command_that_leaves_in_the_middle_of_a_request_harms_nothing(scripted: Place) -> None:
    script(
        scripted,
        """
        import socket
        host, port = address.split(":")
        line = socket.create_connection((host, int(port)))
        line.sendall(b"POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\\r\\nContent-Length: 99\\r\\n")
        call("POST", "runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
        os._exit(0)
        """,
    )
    answer = scripted.run_project()
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stderr.splitlines()) == 1, answer.stderr
