"""mlrun is asked to end while a tracking server keeps it waiting, before and after the command."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.functional.commands import MLRUN, Place
from tests.stub_server import Received, Reply, StubServer

SCHEMAS = Path(__file__).parents[2] / "schemas"
RUN_ID = "ab" * 16
INFO = {"run_id": RUN_ID, "experiment_id": "0", "status": "RUNNING", "lifecycle_stage": "active"}


class Server:
    """A tracking server that holds back its answer to one endpoint until it is told to go on."""

    def __init__(self, slow: str, then: int = 200) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.updates: list[dict[str, Any]] = []
        self._slow = slow
        self._then = then

    def answer(self, received: Received) -> Reply:
        endpoint = received.path.partition("/mlflow/")[2].partition("?")[0]
        if endpoint == self._slow:
            self.reached.set()
            self.go_on.wait(60)
            if self._then != 200:
                return Reply(self._then)
        if endpoint == "runs/update":
            self.updates.append(received.json)
        return Reply(body={"run": {"info": INFO, "data": {}}})


@pytest.fixture
def project(place: Place) -> Place:
    place.write(
        "entry_points: {main: {parameters: {word: {default: hi}}, command: 'echo {word}'}}\n"
    )
    return place


def begin(place: Place, stub: StubServer, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MLRUN, "run", "project", "--output", "json", "--tracking-uri", stub.url, *words],
        cwd=place.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome_in(place: Place) -> dict[str, Any]:
    (folder,) = place.run_folders()
    document: dict[str, Any] = json.loads((folder / "outcome.json").read_text())
    return document


@pytest.mark.parametrize("slow", ["runs/create", "runs/log-batch"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_that_the_server_was_making_is_ended_there(
    project: Place, slow: str, number: int
) -> None:
    server = Server(slow)
    with StubServer(server.answer) as stub:
        process = begin(project, stub)
        assert server.reached.wait(30)
        process.send_signal(number)
        assert process.stderr is not None
        assert "asked to end" in process.stderr.readline()
        server.go_on.set()
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + number, errors
    result = json.loads(output)
    jsonschema.validate(result, json.loads((SCHEMAS / "result.schema.json").read_text()))
    assert (result["error"]["code"], result["error"]["exit_code"]) == ("interrupted", 128 + number)
    assert [update["status"] for update in server.updates] == ["KILLED"]
    assert (outcome_in(project)["status"], outcome_in(project)["delivered"]) == ("KILLED", True)
    assert outcome_in(project)["exit_code"] == 128 + number


def test_second_ctrl_c_waits_for_nothing(project: Place) -> None:
    server = Server("runs/create")
    with StubServer(server.answer) as stub:
        process = begin(project, stub)
        assert server.reached.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "asked to end" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        server.go_on.set()
    assert process.returncode == 130
    assert project.run_folders() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_delivery_is_left_to_the_next_mlrun(project: Place, number: int) -> None:
    server = Server("runs/update")
    with StubServer(server.answer) as stub:
        process = begin(project, stub)
        assert server.reached.wait(30)
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert json.loads(output)["outcome"]["delivered"] is False
        assert "not recorded yet" in errors
        before = outcome_in(project)
        assert (before["status"], before["command_exit_code"]) == ("FINISHED", 0)
        server.go_on.set()
        shown = project.mlrun("runs", "show", "--output", "json")
    assert json.loads(shown.stdout)["delivered"] is True
    assert outcome_in(project) == {**before, "delivered": True}


def test_run_is_ended_where_its_start_fails_halfway(project: Place) -> None:
    server = Server("runs/log-batch", then=403)
    server.go_on.set()
    with StubServer(server.answer) as stub:
        process = begin(project, stub)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 125
    assert json.loads(output)["error"]["phase"] == "track"
    assert [update["status"] for update in server.updates] == ["FAILED"]


def test_mlrun_killed_in_delivery_tells_the_truth_later(project: Place) -> None:
    server = Server("runs/update")
    with StubServer(server.answer) as stub:
        process = begin(project, stub)
        assert server.reached.wait(30)
        process.kill()
        process.communicate(timeout=30)
        server.go_on.set()
        shown = json.loads(project.mlrun("runs", "show", "--output", "json").stdout)
    assert (shown["status"], shown["exit_code"], shown["reason"]) == ("FINISHED", 0, None)


def test_answer_names_no_folder_elsewhere(project: Place, tmp_path: Path) -> None:
    info = {**INFO, "run_id": "../../stray"}
    with StubServer([Reply(body={"run": {"info": info}})]) as stub:
        process = begin(project, stub)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 125
    assert "not as an MLflow tracking server" in errors
    assert not list(tmp_path.rglob("stray*"))


def test_event_stream_of_an_interruption_fits_its_schema(project: Place) -> None:
    server = Server("runs/create")
    with StubServer(server.answer) as stub:
        process = begin(project, stub, "--output", "json-lines")
        assert server.reached.wait(30)
        process.send_signal(signal.SIGINT)
        server.go_on.set()
        output, _ = process.communicate(timeout=30)
    schema = json.loads((SCHEMAS / "event.schema.json").read_text())
    events = [json.loads(line) for line in output.splitlines()]
    for event in events:
        jsonschema.validate(event, schema)
    assert [e["event"] for e in events] == ["planned", "progress", "finished", "error"]
