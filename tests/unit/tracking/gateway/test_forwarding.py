"""What a client sees, and what a server gets, while the server comes and goes."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.gateway.forwarding import ForwardingService
from mlrun.tracking.gateway.journal import Journal
from mlrun.tracking.gateway.upstream import Limits, Upstream
from tests.gateways import RUN_ID, Reply, Served, gateway_before
from tests.stub_server import Received, StubServer
from tests.stub_server import Reply as ServerReply

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
EXPERIMENT = {"experiment_id": "7", "name": "seven", "lifecycle_stage": "active"}
HANGING = ServerReply(hang=True)
AWAY = {
    "cut": ServerReply(drop=True),
    "hanging": HANGING,
    "broken": ServerReply(500, body={"error_code": "INTERNAL_ERROR", "message": "broken"}),
    "behind a proxy": ServerReply(502, body=b"<html>bad gateway</html>"),
    "overloaded": ServerReply(429, body=b""),
}


def run_json() -> dict[str, Any]:
    info = {
        "run_id": RUN_ID,
        "run_uuid": RUN_ID,
        "experiment_id": "7",
        "status": "RUNNING",
        "lifecycle_stage": "active",
        "run_name": "calm-crab-1",
        "artifact_uri": f"mlflow-artifacts:/7/{RUN_ID}/artifacts",
    }
    tags = [{"key": "mlflow.user", "value": "someone"}]
    params = [{"key": "given", "value": "1"}]
    return {"info": info, "data": {"tags": tags, "params": params}}


@dataclass
class FakeMlflow:
    """Enough of a tracking server: one run, and how it fails.

    Attributes:
        failing: What to answer instead, None to answer.
        loses_answers: Do what is asked, then fail.
    """

    failing: ServerReply | None = None
    loses_answers: bool = False
    points: list[dict[str, Any]] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    tags: list[tuple[str, str]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, received: Received) -> ServerReply:
        with self.lock:
            failing = self.failing
            if failing is None or self.loses_answers:
                reply = self._done(received)
            return failing or reply

    def _done(self, received: Received) -> ServerReply:
        path = received.path.partition("?")[0]
        if path.startswith(FILES):
            self.files.pop(path[len(FILES) + 1 :], None)
            if received.method == "PUT":
                self.files[path[len(FILES) + 1 :]] = received.body
            return ServerReply()
        endpoint = path.removeprefix(API)
        body = json.loads(received.body) if received.body else {}
        if endpoint == "/runs/get":
            run = run_json()
            run["data"]["params"] += [{"key": k, "value": v} for k, v in self.params.items()]
            return ServerReply(body={"run": run})
        if endpoint == "/metrics/get-history":
            return ServerReply(body={"metrics": self.points})
        if endpoint == "/experiments/get":
            return ServerReply(body={"experiment": EXPERIMENT})
        return self._write(endpoint, body)

    def _write(self, endpoint: str, body: dict[str, Any]) -> ServerReply:
        if endpoint == "/runs/log-metric":
            body["metrics"] = [{k: body[k] for k in ("key", "value", "timestamp", "step")}]
        for metric in body.get("metrics", ()):
            if metric not in self.points:
                self.points.append(metric)
        if endpoint == "/runs/log-parameter":
            body["params"] = [body]
        self.params |= {entry["key"]: entry["value"] for entry in body.get("params", ())}
        if endpoint == "/runs/set-tag":
            body["tags"] = [body]
        self.tags += [(entry["key"], entry["value"]) for entry in body.get("tags", ())]
        if endpoint == "/runs/update":
            self.updates.append(body)
        return ServerReply()


@dataclass
class Buffered:
    """A gateway with a journal, before a server that can fail."""

    server: FakeMlflow
    served: Served
    journal: Callable[[], Journal]
    told: list[str] = field(default_factory=list)

    def metric(self, step: int, value: Any = None, key: str = "loss") -> Reply:
        point = {"key": key, "value": step / 2 if value is None else value}
        return self.post("/runs/log-metric", {**point, "timestamp": 1000 + step, "step": step})

    def post(self, endpoint: str, body: dict[str, Any]) -> Reply:
        return self.served.api("POST", endpoint, {"run_id": RUN_ID, **body})

    def get(self, endpoint: str = "/runs/get", **query: str) -> Reply:
        return self.served.api("GET", endpoint, {"run_id": RUN_ID, **query})

    def put(self, name: str, content: bytes) -> Reply:
        return self.served.ask("PUT", f"{FILES}/7/{RUN_ID}/artifacts/{name}", body=content)

    def catch_up(self) -> None:
        """Let the server answer, and wait until it has all."""
        self.server.failing = None
        while self.journal().waiting():
            time.sleep(0.02)


@contextmanager
def buffered(
    folder: Path,
    *,
    budget: int = 1 << 24,
    server: FakeMlflow | None = None,
    is_new: bool = True,
) -> Iterator[Buffered]:
    fake = server or FakeMlflow()
    journals: list[Journal] = []
    told: list[str] = []
    limits = Limits(connect=2, write=0.5, answer=0.8, stall=1)
    with StubServer(fake.answer) as stub:

        def service() -> ForwardingService:
            journals.append(Journal(folder / "journal", budget))
            return ForwardingService(
                Upstream(stub.url, {"HOME": "/nonexistent"}, limits=limits),
                journals[-1],
                run=run_json(),
                is_new=is_new,
                experiment=EXPERIMENT,
                notify=told.append,
            )

        with gateway_before(service, target=stub.url) as served:
            yield Buffered(fake, served, lambda: journals[-1], told)
            fake.failing = fake.failing if fake.failing is not HANGING else AWAY["cut"]
            served.gateway.close(0)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Buffered]:
    with buffered(tmp_path) as started:
        yield started


def steps(points: list[dict[str, Any]]) -> list[int]:
    return [int(point["step"]) for point in points]


def entries(run: dict[str, Any], kind: str) -> dict[str, Any]:
    return {entry["key"]: entry["value"] for entry in run["data"].get(kind, ())}


@pytest.mark.parametrize("failing", AWAY.values(), ids=AWAY)
@pytest.mark.parametrize("loses_answers", [False, True])
def test_writes_are_answered_in_an_outage_and_delivered_after_it(
    gateway: Buffered, failing: ServerReply, loses_answers: bool
) -> None:
    assert gateway.metric(0).status == 200
    gateway.server.failing, gateway.server.loses_answers = failing, loses_answers
    replies = [gateway.metric(step) for step in range(1, 40)]
    replies.append(gateway.post("/runs/log-parameter", {"key": "lr", "value": "0.1"}))
    replies.append(gateway.post("/runs/set-tag", {"key": "a", "value": "1"}))
    replies.append(gateway.post("/runs/set-tag", {"key": "a", "value": "2"}))
    batch = {"metrics": [{"key": "acc", "value": 1, "timestamp": 5, "step": 0}], "params": []}
    replies.append(gateway.post("/runs/log-batch", batch))
    replies.append(gateway.put("a%20b.txt", b"content"))
    replies.append(gateway.post("/runs/update", {"status": "FINISHED", "end_time": 9}))
    assert [reply.status for reply in replies] == [200] * len(replies)
    gateway.catch_up()
    loss = [point for point in gateway.server.points if point["key"] == "loss"]
    assert steps(loss) == list(range(40))
    assert gateway.server.params == {"lr": "0.1"}
    assert gateway.server.tags[-1] == ("a", "2")
    assert gateway.server.updates[-1]["status"] == "FINISHED"
    assert gateway.server.files == {f"7/{RUN_ID}/artifacts/a%20b.txt": b"content"}


def test_what_follows_does_not_overtake_what_waits(gateway: Buffered) -> None:
    stopping = threading.Event()

    def come_and_go() -> None:
        while not stopping.wait(0.05):
            gateway.server.failing = None if gateway.server.failing else AWAY["cut"]

    thread = threading.Thread(target=come_and_go)
    thread.start()
    connection = gateway.served.connect()
    for step in range(400):
        body = {"run_id": RUN_ID, "key": "loss", "value": 1, "timestamp": step, "step": step}
        reply = gateway.served.api("POST", "/runs/log-metric", body, connection=connection)
        assert reply.status == 200
    stopping.set()
    thread.join()
    connection.close()
    gateway.catch_up()
    assert steps(gateway.server.points) == list(range(400))


def test_an_outage_is_waited_for_once(gateway: Buffered) -> None:
    gateway.server.failing = HANGING
    gateway.metric(0)
    start = time.monotonic()
    for step in range(1, 20):
        gateway.metric(step)
    assert time.monotonic() - start < 5  # twenty limits would be ten seconds


def test_a_slow_server_is_no_outage(tmp_path: Path) -> None:
    class Slow(FakeMlflow):
        def answer(self, received: Received) -> ServerReply:
            time.sleep(0.2)
            return super().answer(received)

    with buffered(tmp_path, server=Slow()) as gateway:
        assert gateway.metric(0).status == 200
        assert gateway.journal().waiting() == 0
        assert steps(gateway.server.points) == [0]


def test_what_a_server_would_refuse_is_refused_in_an_outage(gateway: Buffered) -> None:
    gateway.server.failing = AWAY["cut"]
    gateway.metric(0)
    bad: list[tuple[str, dict[str, Any]]] = [
        ("/runs/log-metric", {"key": "../x", "value": 1, "timestamp": 1}),
        ("/runs/log-metric", {"key": "x", "value": "abc", "timestamp": 1}),
        ("/runs/log-metric", {"key": "x", "value": 1}),
        ("/runs/log-parameter", {"key": "given", "value": "2"}),
        ("/runs/log-parameter", {"key": "x" * 251, "value": "2"}),
        ("/runs/set-tag", {"key": "", "value": "2"}),
        ("/runs/update", {"status": "DONE"}),
        ("/runs/log-batch", {"params": [{"key": f"p{i}", "value": "1"} for i in range(101)]}),
    ]
    for endpoint, body in bad:
        reply = gateway.post(endpoint, body)
        assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert gateway.served.ask("POST", f"{API}/runs/set-tag", body=b"{").status == 400
    reply = gateway.post("/runs/delete-tag", {"key": "never"})
    assert (reply.status, reply.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert gateway.put("../../x", b"").status == 400
    assert gateway.journal().waiting() == 1


def test_what_is_not_known_or_cannot_be_promised_is_asked_for_again(gateway: Buffered) -> None:
    gateway.server.failing = AWAY["cut"]
    gateway.metric(0)
    other = "f" * 32
    for method, endpoint, body in (
        ("POST", "/runs/create", {"experiment_id": "7"}),
        ("POST", "/runs/search", {"experiment_ids": ["7"]}),
        ("POST", "/registered-models/create", {"name": "m"}),
        ("POST", "/experiments/create", {"name": "e"}),
        ("POST", "/logged-models", {"experiment_id": "7"}),
        ("GET", "/runs/get", {"run_id": other}),
        ("POST", "/runs/set-tag", {"run_id": other, "key": "a", "value": "b"}),
    ):
        reply = gateway.served.api(method, endpoint, body)
        assert (reply.status, reply.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")


def test_reads_show_what_is_kept(gateway: Buffered) -> None:
    gateway.metric(0)
    gateway.server.failing = AWAY["cut"]
    gateway.metric(2, "NaN")
    gateway.metric(1)
    gateway.post("/runs/log-parameter", {"key": "lr", "value": "0.1"})
    gateway.post("/runs/set-tag", {"key": "b", "value": "2"})
    gateway.post("/runs/delete-tag", {"key": "b"})
    gateway.post("/runs/set-tag", {"key": "mlflow.runName", "value": "renamed"})
    gateway.post("/runs/update", {"status": "FAILED", "end_time": 5})
    run = gateway.get().json["run"]
    assert entries(run, "params") == {"given": "1", "lr": "0.1"}
    assert entries(run, "tags") == {"mlflow.user": "someone", "mlflow.runName": "renamed"}
    assert entries(run, "metrics") == {"loss": "NaN"}
    assert (run["info"]["status"], run["info"]["end_time"]) == ("FAILED", 5)
    assert run["info"]["run_name"] == "renamed"
    history = gateway.get("/metrics/get-history", metric_key="loss").json["metrics"]
    assert steps(history) == [0, 1, 2]
    assert gateway.served.api("GET", "/experiments/get", {"experiment_id": "7"}).json == {
        "experiment": EXPERIMENT
    }
    by_name = gateway.served.api("GET", "/experiments/get-by-name", {"experiment_name": "seven"})
    assert by_name.json == {"experiment": EXPERIMENT}


def test_reads_do_not_show_the_past_when_the_server_is_back(tmp_path: Path) -> None:
    class TakesNoWrites(FakeMlflow):
        """Answers reads, and is too busy for writes."""

        def answer(self, received: Received) -> ServerReply:
            if self.failing is None and received.method == "POST":
                return AWAY["broken"]
            return super().answer(received)

    with buffered(tmp_path, server=TakesNoWrites()) as gateway:
        gateway.post("/runs/log-parameter", {"key": "lr", "value": "0.1"})
        gateway.metric(3)
        time.sleep(0.5)  # the server is asked again meanwhile, and there
        assert entries(gateway.get().json["run"], "params") == {"given": "1", "lr": "0.1"}
        history = gateway.get("/metrics/get-history", metric_key="loss").json["metrics"]
        assert steps(history) == [3]


def test_a_restarted_gateway_knows_what_it_kept(tmp_path: Path) -> None:
    server = FakeMlflow(failing=AWAY["cut"])
    with buffered(tmp_path, server=server) as gateway:
        gateway.post("/runs/log-parameter", {"key": "lr", "value": "0.1"})
    with buffered(tmp_path, server=server) as gateway:
        assert gateway.post("/runs/log-parameter", {"key": "lr", "value": "2"}).status == 400
        assert entries(gateway.get().json["run"], "params")["lr"] == "0.1"
        gateway.catch_up()
    assert server.params == {"lr": "0.1"}


@pytest.mark.parametrize("size", [0, 1000, 3 << 20])
@pytest.mark.parametrize("failing", ["cut", "hanging", "broken"])
def test_a_file_that_meets_an_outage_is_whole(gateway: Buffered, size: int, failing: str) -> None:
    content = os.urandom(size)
    gateway.server.failing = AWAY[failing]
    assert gateway.put("first", content).json == {}
    assert gateway.put("second", content).json == {}
    assert gateway.journal().waiting() == 2
    gateway.catch_up()
    prefix = f"7/{RUN_ID}/artifacts"
    assert gateway.server.files == {f"{prefix}/first": content, f"{prefix}/second": content}
    assert list(gateway.journal().spool_folder.iterdir()) == []


def test_a_file_that_passes_leaves_no_copy(gateway: Buffered) -> None:
    content = os.urandom(3 << 20)
    assert gateway.put("x", content).status == 200
    assert gateway.server.files == {f"7/{RUN_ID}/artifacts/x": content}
    assert list(gateway.journal().spool_folder.iterdir()) == []


def test_a_full_journal_is_said_not_hidden(tmp_path: Path) -> None:
    with buffered(tmp_path, budget=64 << 10) as gateway:
        gateway.server.failing = AWAY["cut"]
        assert gateway.metric(0).status == 200
        reply = gateway.put("x", os.urandom(1 << 20))
        assert reply.status == 503
        assert "kept" in reply.json["message"]
        assert gateway.put("x", os.urandom(1 << 20)).status == 503
        (line,) = [line for line in gateway.told if "could not be kept" in line]
        assert "budget" in line
        gateway.server.failing = None
        assert gateway.put("x", b"small").status == 200


def test_a_client_sends_a_large_file_whole_while_the_server_is_away(gateway: Buffered) -> None:
    gateway.server.failing = AWAY["cut"]
    gateway.metric(0)
    path = "/api/2.0/mlflow-artifacts/mpu/create/7/x"
    assert gateway.served.ask("POST", path, {}).status == 501


def test_of_a_continued_run_not_all_is_known(tmp_path: Path) -> None:
    with buffered(tmp_path, is_new=False) as gateway:
        gateway.server.failing = AWAY["cut"]
        assert gateway.post("/runs/delete-tag", {"key": "of old"}).status == 200
        assert gateway.metric(5).status == 200
        assert gateway.get("/metrics/get-history", metric_key="loss").status == 503


IMPOSTORS = {
    "a page": ServerReply(200, b"<html>back soon</html>", {"Content-Type": "text/html"}),
    "nothing behind a proxy": ServerReply(404, b"default backend - 404"),
    "a page that takes no writes": ServerReply(405, b"<html>not allowed</html>"),
    "a login elsewhere": ServerReply(302, b"", {"Location": "http://127.0.0.1:9/login"}),
    "a password that counts no more": ServerReply(401, b"You are not authenticated."),
}


@pytest.mark.parametrize("failing", IMPOSTORS.values(), ids=IMPOSTORS)
def test_what_answers_in_the_place_of_the_server_is_an_outage(
    gateway: Buffered, failing: ServerReply
) -> None:
    gateway.server.failing = failing
    assert gateway.metric(0).json == {}
    assert gateway.put("x", b"content").json == {}
    assert gateway.get().json["run"]["info"]["run_id"] == RUN_ID
    assert gateway.served.api("POST", "/runs/search", {}).status == 503
    time.sleep(0.3)  # it is tried again meanwhile, and nothing is taken for a yes or a no
    assert gateway.metric(1).status == 200
    gateway.catch_up()
    assert steps(gateway.server.points) == [0, 1]
    assert gateway.server.files == {f"7/{RUN_ID}/artifacts/x": b"content"}
    assert not (gateway.journal().folder / "refused.jsonl").exists()


def test_an_endpoint_that_a_server_does_not_know_is_no_outage(tmp_path: Path) -> None:
    class Old(FakeMlflow):
        """Has no `runs/outputs`."""

        def answer(self, received: Received) -> ServerReply:
            if received.path.endswith("/runs/outputs"):
                return ServerReply(404, b"<html>Not Found</html>")
            return super().answer(received)

    with buffered(tmp_path, server=Old()) as gateway:
        models = [{"model_id": "m-1", "step": 0}]
        assert gateway.post("/runs/outputs", {"models": models}).status == 404
        gateway.server.failing = AWAY["cut"]
        assert gateway.post("/runs/outputs", {"models": models}).status == 200
        assert gateway.metric(1).status == 200
        gateway.catch_up()
        assert steps(gateway.server.points) == [1]
        assert (gateway.journal().folder / "refused.jsonl").exists()
