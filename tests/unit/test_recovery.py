"""What earlier runs left undone."""

from __future__ import annotations

import os
from pathlib import Path
from time import time

import pytest

from mlrun import run_folder
from mlrun.recovery import settle_earlier_runs
from mlrun.run_folder import RunFolder, unsettled
from mlrun.tracking.base import RunEnd, RunStart, RunStatus
from mlrun.tracking.filestore import FileStore
from mlrun.tracking.gateway.identities import Identities
from mlrun.tracking.gateway.journal import FOLDER, Journal
from tests.stub_server import Received, Reply, StubServer

NOW = int(time() * 1000)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "mlruns")


def started(store: FileStore) -> str:
    return store.start(RunStart(start_time=NOW, user="me", tags={}, parameters={})).run_id


def left(run_id: str, uri: str, *, age: float = 0, pending: bool = True) -> RunFolder:
    """Leave a run whose end was not delivered."""
    folder = run_folder.name(run_folder.create({}), run_id)
    end = {
        "run_id": run_id,
        "status": "FINISHED",
        "end_time": NOW - int(age * 1000),
        "tracking_uri": uri,
    }
    folder.write("outcome.json", {**end, "delivered": False})
    if pending:
        folder.write("pending.json", {**end, "tags": {"who": "me"}})
    folder.let_go()
    return folder


def test_pending_end_is_delivered_once(store: FileStore) -> None:
    run_id = started(store)
    folder = left(run_id, store.uri)
    assert settle_earlier_runs() == 1
    assert store.status(run_id) is RunStatus.FINISHED
    assert (folder.read("outcome.json") or {})["delivered"] is True
    assert settle_earlier_runs() == 0


def test_what_a_container_was_to_be_told_is_removed(store: FileStore) -> None:
    folder = left(started(store), store.uri)
    specification = folder.path / "container-1-2.in"
    specification.write_bytes(b"TOKEN=hunter2")
    settle_earlier_runs()
    assert not specification.exists()
    assert folder.log.parent.is_dir()


def test_outcome_is_enough_to_deliver_an_end(store: FileStore) -> None:
    run_id = started(store)
    left(run_id, store.uri, pending=False)
    assert settle_earlier_runs() == 1
    assert store.status(run_id) is RunStatus.FINISHED


def test_failure_that_the_script_recorded_stands(store: FileStore) -> None:
    run_id = started(store)
    store.finish(RunEnd(run_id, RunStatus.FAILED, NOW))
    folder = left(run_id, store.uri)
    settle_earlier_runs()
    assert store.status(run_id) is RunStatus.FAILED
    assert (folder.read("outcome.json") or {})["status"] == "FAILED"


def test_end_before_a_continuation_is_not_delivered_after_it(store: FileStore) -> None:
    run_id = started(store)
    left(run_id, store.uri)
    continued = run_folder.name(run_folder.create({}), run_id)
    settle_earlier_runs()
    assert store.status(run_id) is RunStatus.RUNNING
    continued.let_go()


def test_one_refusal_does_not_hold_up_the_others() -> None:
    def answer(received: Received) -> Reply:
        if b"dead" in received.body or "dead" in received.path:
            return Reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"})
        info = {"run_id": "beef", "experiment_id": "0", "status": "RUNNING"}
        return Reply(body={"run": {"info": info}})

    with StubServer(answer) as stub:
        for run_id in ("dead1", "beef", "dead2"):
            left(run_id, stub.url)
        assert settle_earlier_runs() == 1
    assert sorted(folder.path.name for folder in unsettled()) == ["dead1", "dead2"]


def test_server_that_only_takes_ends_gets_them() -> None:
    with StubServer([Reply(403), Reply(200)]) as stub:
        left("beef", stub.url)
        assert settle_earlier_runs() == 1


def test_nothing_to_settle_is_no_error() -> None:
    assert settle_earlier_runs() == 0


def test_what_was_refused_for_a_month_is_given_up() -> None:
    gone = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"}
    with StubServer([Reply(404, gone)]) as stub:
        folder = left("dead", stub.url, age=31 * 24 * 3600)
        assert settle_earlier_runs() == 0
    assert list(unsettled()) == []
    assert (folder.read("outcome.json") or {})["delivered"] is False


def test_server_that_is_away_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with StubServer([Reply(503)]) as stub:
        for run_id in ("aa", "bb", "cc"):
            left(run_id, stub.url)
        assert settle_earlier_runs() == 0
        assert len(stub.received) == 1
    assert len(list(unsettled())) == 3


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"status": "ODD"}', '{"run_id": 1}'])
def test_damaged_files_stop_nothing(store: FileStore, damage: str) -> None:
    for name in ("outcome.json", "pending.json", "plan.json", "owner.json"):
        folder = left(f"aa{name[0]}", store.uri)
        (folder.path / name).write_text(damage)
    run_id = started(store)
    left(run_id, store.uri)
    settle_earlier_runs()
    assert store.status(run_id) is RunStatus.FINISHED


def test_folder_of_a_run_that_never_got_an_id_is_removed() -> None:
    dead, living, young = (run_folder.create({}) for _ in range(3))
    dead.let_go()
    young.let_go()
    for folder in (dead, living):
        os.utime(folder.path, (1, 1))
    settle_earlier_runs()
    assert [f.path.exists() for f in (dead, living, young)] == [False, True, True]
    living.let_go()


def test_end_of_a_run_waits_for_its_journal(store: FileStore) -> None:
    run_id = started(store)
    folder = left(run_id, store.uri)
    journal = Journal(folder.path / FOLDER)
    number = journal.append("request", "POST", "/", None, b"").number
    assert settle_earlier_runs() == 0
    assert store.status(run_id) is RunStatus.RUNNING
    assert folder.is_open
    journal.acknowledge(number)
    journal.close()
    assert settle_earlier_runs() == 1
    assert store.status(run_id) is RunStatus.FINISHED


def test_run_with_a_journal_is_not_removed_by_age(store: FileStore) -> None:
    folder = left(started(store), store.uri)
    journal = Journal(folder.path / FOLDER)
    journal.append("request", "POST", "/", None, b"")
    journal.close()
    folder.settle()
    os.utime(folder.path / "outcome.json", (1, 1))
    (folder.path.parent / ".looked").unlink(missing_ok=True)
    settle_earlier_runs()
    assert folder.path.exists()


def test_end_names_the_run_as_its_server_does(store: FileStore) -> None:
    run_id = started(store)
    folder = left("e" * 32, store.uri)
    journal = folder.path / FOLDER
    journal.mkdir()
    Identities(journal).add({"e" * 32: run_id})
    assert settle_earlier_runs() == 1
    assert store.status(run_id) is RunStatus.FINISHED
