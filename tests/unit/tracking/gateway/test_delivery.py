"""Delivery: all that was kept reaches the server once and in order, whatever the server does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mlrun.tracking.gateway.delivery import Delivery
from mlrun.tracking.gateway.identities import Identities
from mlrun.tracking.gateway.journal import Journal
from mlrun.tracking.gateway.records import Draft
from mlrun.tracking.gateway.refused import Refused
from mlrun.tracking.gateway.upstream import Limits, Upstream
from tests.stub_server import Received, Reply, StubServer

RUN = "a" * 32
OTHER = "b" * 32
API = "/api/2.0/mlflow/"
LIMITS = Limits(connect=2, write=2, answer=2, stall=2)


class FileStoreServer:
    """A server on a file store: a metric's point that is sent twice is there twice."""

    def __init__(self) -> None:
        self.metrics: list[dict[str, Any]] = []
        self.params: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.bad: Callable[[Received], Reply | None] = lambda received: None
        self.lost: Callable[[Received], Reply | None] = lambda received: None
        self.refusal_of_batch = 400

    def __call__(self, received: Received) -> Reply:
        path = urlsplit(received.path).path
        self.asked.append(path.removeprefix(API))
        reply = self.bad(received) or self._do(received, path)
        return self.lost(received) or reply

    def _do(self, received: Received, path: str) -> Reply:
        if received.method in ("PUT", "DELETE"):
            self.files.pop(path, None)
            self.files |= {path: received.body} if received.method == "PUT" else {}
            return Reply(body=b"")
        name = path.removeprefix(API)
        if received.method == "GET":
            return self._read(name, parse_qs(urlsplit(received.path).query))
        document = received.json
        if name == "runs/log-batch":
            return self._log(document, self.refusal_of_batch)
        if name == "runs/delete-tag":
            if self.tags.pop(document["key"], None) is None:
                return missing()
        elif name in ("runs/log-metric", "runs/log-parameter", "runs/set-tag"):
            kind = {"log-metric": "metrics", "log-parameter": "params", "set-tag": "tags"}
            return self._log({kind[name.removeprefix("runs/")]: [document]})
        return Reply()

    def _log(self, document: dict[str, Any], refusal: int = 400) -> Reply:
        for param in document.get("params", []):
            if self.params.get(param["key"], param["value"]) != param["value"]:
                return Reply(
                    refusal, {"error_code": "INVALID_PARAMETER_VALUE", "message": "changed"}
                )
            self.params[param["key"]] = param["value"]
        run_id = document.get("run_id", RUN)
        self.metrics += [{"run_id": run_id, **m} for m in document.get("metrics", [])]
        self.tags.update({tag["key"]: tag["value"] for tag in document.get("tags", [])})
        return Reply()

    def _read(self, name: str, query: dict[str, list[str]]) -> Reply:
        if name == "runs/get":
            own = [m for m in self.metrics if m.get("run_id", RUN) == query["run_id"][0]]
            latest = {m["key"]: m for m in sorted(own, key=lambda m: int(m["step"]))}
            tags = [{"key": key, "value": value} for key, value in self.tags.items()]
            data = {"metrics": list(latest.values()), "tags": tags}
            return Reply(body={"run": {"data": data}})
        found = [m for m in self.metrics if m["key"] == query["metric_key"][0]]
        return Reply(body={"metrics": found})


def missing() -> Reply:
    return Reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not there"})


@pytest.fixture
def store() -> FileStoreServer:
    return FileStoreServer()


@pytest.fixture
def server(store: FileStoreServer) -> Iterator[StubServer]:
    with StubServer(store) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have little pause between two tries."""
    monkeypatch.setattr("mlrun.tracking.gateway.delivery._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("mlrun.tracking.gateway.delivery._LONGEST_PAUSE_AT_END", 0.02)


def post(endpoint: str, document: dict[str, Any], *, doubtful: bool = False) -> Draft:
    body = json.dumps(document).encode()
    return Draft("request", "POST", API + endpoint, "application/json", body, doubtful)


def metric(step: int, key: str = "loss", run_id: str = RUN, *, doubtful: bool = False) -> Draft:
    document = {"run_id": run_id, "key": key, "value": step / 8, "timestamp": 5, "step": step}
    return post("runs/log-metric", document, doubtful=doubtful)


def param(name: str, value: str) -> Draft:
    return post("runs/log-parameter", {"run_id": RUN, "key": name, "value": value})


def tag(name: str, value: str) -> Draft:
    return post("runs/set-tag", {"run_id": RUN, "key": name, "value": value})


def deliver(
    folder: Path,
    url: str,
    drafts: list[Draft] | None = None,
    *,
    patience: float | None = 20,
    act: Callable[[Delivery], Awaitable[None]] | None = None,
) -> tuple[int, list[str]]:
    """Keep these and deliver; return how many are left over, and what the user is told."""
    told: list[str] = []

    async def work() -> int:
        journal = Journal(folder)
        if drafts:
            journal.append_all(drafts)
        upstream = Upstream(url, {}, limits=LIMITS)
        delivery = Delivery(journal, upstream, told.append)
        if act is not None:
            await act(delivery)
        left = await delivery.finish(patience)
        await delivery.close()
        await upstream.close()
        return left

    return asyncio.run(work()), told


def test_small_writes_go_out_together(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    drafts = [metric(step) for step in range(5)] + [param("lr", "1"), tag("a", "1"), tag("a", "2")]
    assert deliver(folder, server.url, drafts) == (0, [])
    assert [m["step"] for m in store.metrics] == [0, 1, 2, 3, 4]
    assert (store.params, store.tags) == ({"lr": "1"}, {"a": "2"})
    assert len(store.asked) <= 2


def test_single_write_goes_out_as_it_came(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    assert deliver(folder, server.url, [param("lr", "1")]) == (0, [])
    (received,) = server.received
    assert received.json == {"run_id": RUN, "key": "lr", "value": "1"}
    assert received.headers["content-type"] == "application/json"


def test_order_is_kept_around_what_cannot_be_put_together(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    delete = post("runs/delete-tag", {"run_id": RUN, "key": "a"})
    update = post("runs/update", {"run_id": RUN, "status": "FINISHED"})
    deliver(folder, server.url, [tag("a", "1"), delete, tag("b", "2"), update, tag("c", "3")])
    assert store.tags == {"b": "2", "c": "3"}
    assert store.asked == [
        "runs/set-tag",
        "runs/delete-tag",
        "runs/set-tag",
        "runs/update",
        "runs/set-tag",
    ]


def test_limits_of_a_batch_are_kept(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    drafts = [metric(step) for step in range(2500)]
    drafts += [param(f"p{number}", "x" * 6000) for number in range(300)]
    assert deliver(folder, server.url, drafts, patience=60) == (0, [])
    assert [m["step"] for m in store.metrics] == list(range(2500))
    assert len(store.params) == 300
    batches = [r.json for r in server.received if r.path.endswith("log-batch")]
    for batch in batches:
        assert len(batch["metrics"]) <= 1000
        assert len(batch["params"]) <= 100
        assert sum(len(batch[kind]) for kind in ("metrics", "params", "tags")) <= 1000
        assert len(json.dumps(batch)) <= 1_000_000


def test_runs_that_alternate_are_put_together_each_for_itself(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    drafts = [metric(step, run_id=run_id) for step in range(50) for run_id in (RUN, OTHER)]
    deliver(folder, server.url, drafts)
    batches = [r.json for r in server.received if r.path.endswith("log-batch")]
    assert sorted(batch["run_id"] for batch in batches) == [RUN, OTHER]
    for batch in batches:
        assert [m["step"] for m in batch["metrics"]] == list(range(50))


def test_file_is_sent_as_it_is(folder: Path, server: StubServer, store: FileStoreServer) -> None:
    journal = Journal(folder)
    path = journal.spool_folder / ".incoming"
    path.write_bytes(b"model" * 100_000)
    target = "/api/2.0/mlflow-artifacts/artifacts/0/a%20b.bin"
    journal.append("request", "PUT", target, "application/octet-stream", path)
    journal.close()
    assert deliver(folder, server.url) == (0, [])
    assert store.files == {target: b"model" * 100_000}
    assert not folder.exists()


def test_outage_is_waited_for(folder: Path, server: StubServer, store: FileStoreServer) -> None:
    replies = iter([Reply(500), Reply(503), Reply(drop=True), Reply(drop=True), Reply(cut=True)])
    store.bad = lambda received: next(replies, None)
    drafts = [metric(step) for step in range(5)]
    assert deliver(folder, server.url, drafts) == (0, [])
    assert [m["step"] for m in store.metrics] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("loss", [Reply(drop=True), Reply(cut=True), Reply(502)])
def test_lost_answer_doubles_nothing(
    folder: Path, server: StubServer, store: FileStoreServer, loss: Reply
) -> None:
    lost = [1, 1]
    store.lost = lambda r: loss if r.path.endswith("log-batch") and lost and lost.pop() else None
    drafts = [metric(step) for step in (0, 1, 2, 1)] + [metric(7, "nan")]
    assert deliver(folder, server.url, drafts) == (0, [])
    steps = [m["step"] for m in store.metrics]
    assert sorted(set(steps)) == [0, 1, 2, 7]
    assert steps.count(0) == steps.count(2) == steps.count(7) == 1


def test_entry_in_doubt_is_asked_for_first(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    store.metrics = [{"key": "loss", "value": 3 / 8, "timestamp": 5, "step": 3}]

    async def keep(delivery: Delivery) -> None:
        delivery.start()
        await delivery.keep(metric(3, doubtful=True))
        await delivery.keep(metric(4))

    assert deliver(folder, server.url, act=keep) == (0, [])
    assert [m["step"] for m in store.metrics] == [3, 4]


def test_what_a_killed_process_has_sent_is_not_sent_again(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    journal = Journal(folder)
    journal.append_all([metric(step) for step in range(4)])
    journal.close()
    store.metrics = [{"key": "loss", "value": s / 8, "timestamp": 5, "step": s} for s in (0, 1)]
    assert deliver(folder, server.url) == (0, [])
    assert [m["step"] for m in store.metrics] == [0, 1, 2, 3]


def test_tag_that_is_gone_already_is_no_refusal(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    journal = Journal(folder)
    journal.append_all([post("runs/delete-tag", {"run_id": RUN, "key": "gone"})])
    journal.close()
    assert deliver(folder, server.url) == (0, [])
    assert Refused(folder).list() == []


@pytest.mark.parametrize("refusal", [400, 500])
def test_refusal_is_kept_and_told_and_blocks_nothing(
    folder: Path, server: StubServer, store: FileStoreServer, refusal: int
) -> None:
    store.refusal_of_batch = refusal
    store.params = {"p7": "before"}
    drafts = [param(f"p{number}", "now") for number in range(20)] + [metric(1), tag("a", "b")]
    left, told = deliver(folder, server.url, drafts)
    assert left == 0
    assert len(store.params) == 20
    assert ([m["step"] for m in store.metrics], store.tags) == ([1], {"a": "b"})
    (line,) = told
    assert "runs/log-parameter" in line
    assert "changed" in line
    (refused,) = Refused(folder).list()
    assert json.loads(refused["body"])["key"] == "p7"
    assert refused["status"] == 400


def test_run_that_is_gone_is_asked_for_once(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    store.bad = lambda received: missing()
    left, _ = deliver(folder, server.url, [metric(step) for step in range(500)])
    assert left == 0
    assert len(Refused(folder).list()) == 500
    assert len(store.asked) < 5


@pytest.mark.parametrize(
    "reply", [Reply(401), Reply(403, b"<html>login</html>"), Reply(404, b"no such place")]
)
def test_wrong_door_costs_no_record(
    folder: Path, server: StubServer, store: FileStoreServer, reply: Reply
) -> None:
    store.bad = lambda received: reply
    assert deliver(folder, server.url, [metric(1)], patience=0.5)[0] == 1
    assert Refused(folder).list() == []


def test_server_that_stays_away_leaves_all_in_place(folder: Path) -> None:
    with StubServer([Reply()]) as server:
        url = server.url
    assert deliver(folder, url, [metric(1), metric(2)], patience=0.5)[0] == 2
    assert Journal(folder).waiting() == 2


def test_is_behind_until_all_is_delivered(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    store.bad = lambda received: Reply(503)

    async def watch(delivery: Delivery) -> None:
        seen = [delivery.is_behind]
        delivery.start()
        keeping = asyncio.create_task(delivery.keep(metric(1)))
        await asyncio.sleep(0)
        seen.append(delivery.is_behind)
        await keeping
        while delivery.reason is None:
            await asyncio.sleep(0.01)
        seen.append(delivery.is_behind)
        assert seen == [False, True, True]
        store.bad = lambda received: None
        delivery.wake()
        while delivery.is_behind:
            await asyncio.sleep(0.01)

    assert deliver(folder, server.url, act=watch) == (0, [])
    assert len(store.metrics) == 1


def test_many_writers_share_the_disk(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    async def write(delivery: Delivery) -> None:
        await asyncio.gather(*(delivery.keep(metric(step)) for step in range(300)))

    assert deliver(folder, server.url, act=write) == (0, [])
    assert [m["step"] for m in store.metrics] == list(range(300))


def test_a_hundred_thousand_metrics_need_a_hundred_requests(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    journal = Journal(folder)
    for start in range(0, 100_000, 5000):
        journal.append_all([metric(step) for step in range(start, start + 5000)])
    journal.close()
    assert deliver(folder, server.url, patience=120) == (0, [])
    assert [m["step"] for m in store.metrics] == list(range(100_000))
    assert len(store.asked) <= 105


def test_journal_without_rest_leaves_no_trace(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    assert deliver(folder, server.url, [metric(1)]) == (0, [])
    assert not folder.exists()


def test_run_is_made_before_what_it_logged(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    journal = Journal(folder)
    made: list[dict[str, Any]] = []

    async def make(upstream: Upstream, document: dict[str, Any]) -> dict[str, str]:
        made.append(document)
        return {"f" * 32: RUN}

    async def work() -> None:
        journal.append("run", "POST", "", None, json.dumps({"run_id": "f" * 32}).encode())
        journal.append_all([metric(step, run_id="f" * 32) for step in range(3)])
        upstream = Upstream(server.url, {}, limits=LIMITS)
        delivery = Delivery(journal, upstream, print, make)
        assert await delivery.finish(10) == 0
        await delivery.close()
        await upstream.close()

    asyncio.run(work())
    assert made == [{"run_id": "f" * 32}]
    assert {m["run_id"] for m in store.metrics} == {RUN}
    assert Identities(folder).real("f" * 32) == RUN


def test_what_is_learnt_in_doubt_is_kept_where_the_server_fails_again_and_again(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    """Of a server that fails at every fifth request, ten histories are never read in one go."""
    drafts = [metric(step, f"m{step % 10}", doubtful=True) for step in range(40)]
    store.metrics = [json.loads(draft.body) for draft in drafts if isinstance(draft.body, bytes)]
    store.bad = lambda _: Reply(500) if len(store.asked) % 5 == 0 else None
    assert deliver(folder, server.url, drafts) == (0, [])
    assert len(store.metrics) == 40
    assert store.asked.count("metrics/get-history") <= 15


def names(received: Received, word: str) -> bool:
    return word.encode() in received.body or word in received.path


@pytest.mark.parametrize("status", [500, 502])
def test_write_that_a_working_server_never_gets_done_blocks_nothing(
    folder: Path, server: StubServer, store: FileStoreServer, status: int, quick: None
) -> None:
    store.bad = lambda received: Reply(status, b"<html>") if names(received, "broken") else None
    drafts = [metric(step) for step in range(20)]
    drafts[7:7] = [param("broken", "x")]
    path = "/api/2.0/mlflow-artifacts/artifacts/0/r/"
    files = [Draft("request", "PUT", path + name, None, b"it") for name in ("broken", "good")]
    left, told = deliver(folder, server.url, [*drafts, *files])
    assert left == 0
    assert [m["step"] for m in store.metrics] == list(range(20))
    assert list(store.files) == [f"{path}good"]
    assert "mlrun.trial" not in store.tags
    assert [line["status"] for line in Refused(folder).list()] == [status, status]
    assert f"({status})" in told[0]


@pytest.mark.parametrize("failing", ["POST", "every other"])
def test_server_that_cannot_write_is_waited_for(
    folder: Path, server: StubServer, store: FileStoreServer, failing: str, quick: None
) -> None:
    """Its disk is full, or it is half there: reads are no proof of the contrary."""
    count = 0

    def bad(received: Received) -> Reply | None:
        nonlocal count
        count += 1
        is_write = received.method != "GET"
        is_bad = is_write if failing == "POST" else is_write and count % 2
        return Reply(500, {"error_code": "INTERNAL_ERROR", "message": "full"}) if is_bad else None

    store.bad = bad
    body = Draft("request", "PUT", "/api/2.0/mlflow-artifacts/artifacts/0/r/x", None, b"it")
    left, _ = deliver(folder, server.url, [metric(1), body], patience=2)
    assert left == 2 or failing == "every other"
    assert Refused(folder).list() == []


def test_slow_server_gets_less_at_once_and_more_time(
    folder: Path, server: StubServer, store: FileStoreServer, quick: None
) -> None:
    def late(received: Received) -> Reply | None:
        is_large = received.method == "POST" and len(received.json.get("metrics", [1])) > 30
        sleep(3 if is_large else 0)
        return None

    store.lost = late
    left, _ = deliver(folder, server.url, [metric(step) for step in range(40)])
    assert left == 0
    assert sorted({m["step"] for m in store.metrics}) == list(range(40))


def test_what_stands_for_itself_is_asked_for_in_doubt_too(
    folder: Path, server: StubServer, store: FileStoreServer
) -> None:
    model = {"run_id": RUN, "artifact_path": "m", "utc_time_created": "now", "flavors": {}}
    points = [{"key": "loss", "value": 1.0, "timestamp": 5, "step": step} for step in range(3)]
    note = [{"key": "mlflow.note.content", "value": "x"}]
    drafts = [
        post("runs/log-batch", {"run_id": RUN, "metrics": points, "tags": note}, doubtful=True),
        post("runs/log-model", {"run_id": RUN, "model_json": json.dumps(model)}, doubtful=True),
    ]
    store.metrics = [{"run_id": RUN, **point} for point in points[:2]]
    store.tags["mlflow.log-model.history"] = json.dumps([model])
    assert deliver(folder, server.url, drafts) == (0, [])
    assert [m["step"] for m in store.metrics] == [0, 1, 2]
    assert store.tags["mlflow.note.content"] == "x"
    assert "runs/log-model" not in store.asked
