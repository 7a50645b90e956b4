"""`mlrun sync`, on what real processes have left that were killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.functional.commands import MLRUN, Place
from tests.schemas import validator
from tests.stub_server import Received, Reply, StubServer

RUN = "c" * 32
LATER = "d" * 32

LEAVE = """
import json, sys, time
from mlrun import run_folder
from mlrun.tracking.gateway.journal import FOLDER, Journal
from mlrun.tracking.gateway.records import Draft

run_id, uri, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
folder = run_folder.create({"delivery": {"tracking_uri": uri}})
run_folder.name(folder, run_id)
journal = Journal(folder.path / FOLDER)
for step in range(count):
    body = {"run_id": run_id, "key": "loss", "value": step / 8, "timestamp": 5, "step": step}
    target = "/api/2.0/mlflow/runs/log-metric"
    journal.append("request", "POST", target, "application/json", json.dumps(body).encode())
print("kept", flush=True)
time.sleep(600)
"""


class Server:
    """A tracking server on a file store, which may be asked to be slow or to refuse."""

    def __init__(self) -> None:
        self.metrics: list[dict[str, Any]] = []
        self.order: list[str] = []
        self.reply: Reply | None = None
        self.pause = 0.0

    def __call__(self, received: Received) -> Reply:
        name = urlsplit(received.path).path.removeprefix("/api/2.0/mlflow/runs/")
        if self.reply is not None:
            return self.reply
        if received.method == "GET":
            return Reply(body=self._read(name))
        self.order.append(name)
        found = received.json.get("metrics", []) if name == "log-batch" else []
        self.metrics += [received.json] if name == "log-metric" else found
        sleep(self.pause)
        return Reply()

    def _read(self, name: str) -> dict[str, Any]:
        if name != "get":
            return {"metrics": self.metrics}
        latest = max(self.metrics, key=lambda m: m["step"], default=None)
        data = {"metrics": [latest] if latest else []}
        return {"run": {"info": {"status": "RUNNING", "run_id": RUN}, "data": data}}

    @property
    def steps(self) -> list[int]:
        return [metric["step"] for metric in self.metrics]


@pytest.fixture
def store() -> Server:
    return Server()


@pytest.fixture
def server(store: Server) -> Iterator[StubServer]:
    with StubServer(store) as server:
        yield server


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def begin(run_id: str, uri: str, count: int = 10) -> subprocess.Popen[str]:
    """Start a process that keeps records for a run, as mlrun does."""
    words = [sys.executable, "-c", LEAVE, run_id, uri, str(count)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "kept\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def leave(run_id: str, uri: str, count: int = 10) -> None:
    kill(begin(run_id, uri, count))


def listed(place: Place) -> list[dict[str, Any]]:
    shown = place.mlrun("sync", "--list", "--output", "json")
    assert shown.returncode == 0
    document = json.loads(shown.stdout)
    validator("sync").validate(document)
    found: list[dict[str, Any]] = document["runs"]
    return found


def test_nothing_to_deliver(place: Place) -> None:
    done = place.mlrun("sync")
    assert (done.returncode, done.stdout) == (0, "")
    assert "all is delivered" in done.stderr
    assert listed(place) == []


def test_all_is_delivered_the_end_last(place: Place, server: StubServer, store: Server) -> None:
    leave(RUN, server.url)
    done = place.mlrun("sync")
    assert done.returncode == 0, done.stderr
    assert store.steps == list(range(10))
    assert store.order[0] == "log-batch"
    assert "update" in store.order[1:]
    assert f"11 records delivered to {server.url}" in done.stderr
    assert listed(place) == []
    assert not (place.run_folders()[0] / "journal").exists()
    before = len(store.order)
    assert place.mlrun("sync").returncode == 0
    assert len(store.order) == before


def test_machines_are_told_what_was_delivered(
    place: Place, server: StubServer, store: Server
) -> None:
    leave(RUN, server.url)
    document = json.loads(place.mlrun("sync", "--output", "json").stdout)
    validator("sync").validate(document)
    (run,) = document["runs"]
    assert (run["run_id"], run["result"], run["records"], run["left"]) == (RUN, "delivered", 11, 0)


def test_list_says_what_waits_where(place: Place, server: StubServer, store: Server) -> None:
    leave(RUN, server.url)
    (run,) = listed(place)
    assert (run["run_id"], run["tracking_uri"], run["records"]) == (RUN, server.url, 11)
    assert run["bytes"] > 500
    text = place.mlrun("sync", "--list").stdout
    assert [line.split()[0] for line in text.splitlines()] == ["run", RUN]
    assert store.order == []


def test_server_that_is_away_leaves_all(place: Place, server: StubServer, store: Server) -> None:
    with StubServer([Reply()]) as gone:
        away = gone.url
    leave(RUN, away)
    leave(LATER, server.url)
    env = {"MLRUN_TRACKING_PATIENCE": "0.1"}
    done = place.mlrun("sync", env=env)
    assert done.returncode == 123
    assert store.steps == list(range(10))
    (line,) = [line for line in done.stderr.splitlines() if away in line]
    assert "11 records of 1 run not delivered" in line
    assert [run["run_id"] for run in listed(place)] == [RUN]


def test_only_the_named_run(place: Place, server: StubServer, store: Server) -> None:
    leave(RUN, server.url)
    leave(LATER, server.url)
    assert place.mlrun("sync", LATER[:8]).returncode == 0
    assert [run["run_id"] for run in listed(place)] == [RUN]


def test_unknown_run_is_named(place: Place, server: StubServer) -> None:
    leave(RUN, server.url)
    done = place.mlrun("sync", "fff")
    assert done.returncode == 125
    assert "fff" in done.stderr


def test_run_of_a_live_mlrun_is_left_to_it(place: Place, server: StubServer, store: Server) -> None:
    process = begin(RUN, server.url)
    try:
        done = place.mlrun("sync")
        assert "still running" in done.stderr
        assert store.order == []
        (run,) = listed(place)
        assert (run["records"], run["running"]) == (10, True)
    finally:
        kill(process)


def test_look_at_the_runs_delivers_no_end_before_its_records(
    place: Place, server: StubServer, store: Server
) -> None:
    leave(RUN, server.url)
    shown = json.loads(place.mlrun("runs", "show", "--output", "json").stdout)
    assert (shown["delivered"], store.order) == (False, [])
    assert shown["undelivered_records"] == 10
    assert place.mlrun("sync").returncode == 0
    assert json.loads(place.mlrun("runs", "show", "--output", "json").stdout)["delivered"] is True


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_sync_that_is_broken_off_loses_and_doubles_nothing(
    place: Place, server: StubServer, store: Server, number: signal.Signals
) -> None:
    leave(RUN, server.url, 3000)
    store.pause = 0.3
    process = subprocess.Popen([*MLRUN, "sync"], cwd=place.folder, stderr=subprocess.PIPE)
    while not store.order:
        sleep(0.01)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    store.pause = 0
    assert place.mlrun("sync").returncode == 0
    assert store.steps == list(range(3000))


def test_refused_records_are_named_and_kept(
    place: Place, server: StubServer, store: Server
) -> None:
    leave(RUN, server.url, 1)
    refusal = {"error_code": "INVALID_PARAMETER_VALUE", "message": "no such metric"}
    replies = [Reply(400, refusal)]
    original = store.__call__

    def answer(received: Received) -> Reply:
        is_metric = "log-" in received.path and replies
        return replies.pop() if is_metric else original(received)

    server._answering = answer
    done = place.mlrun("sync")
    assert done.returncode == 0, done.stderr
    assert "1 record" in done.stderr
    (run,) = listed(place)
    assert (run["records"], run["refused"]) == (0, 1)
    (folder,) = place.run_folders()
    (line,) = (folder / "journal" / "refused.jsonl").read_text().splitlines()
    assert "no such metric" in json.loads(line)["answer"]


def test_credentials_are_those_of_now(place: Place, server: StubServer) -> None:
    leave(RUN, server.url)
    assert place.mlrun("sync", env={"MLFLOW_TRACKING_TOKEN": "tok"}).returncode == 0
    assert {r.headers.get("authorization") for r in server.received} == {"Bearer tok"}
    state = Path(os.environ["MLRUN_STATE_DIR"])
    assert not [p for p in state.rglob("*") if p.is_file() and b"tok" in p.read_bytes()]
