"""A real tracking server, written by mlrun and read by real clients, an old and a new one."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.base import RunEnd, RunStart, RunStatus, TrackingStore
from mlrun.tracking.target import open_store
from tests.integration.scripts import LOG_INTO_THE_RUN, READ_RUN
from tests.mlflow_fixtures import MlflowClient
from tests.stub_server import Received, Reply, StubServer

DELETE = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient()
client.delete_run(sys.argv[1])
client.delete_experiment(sys.argv[2])
print(json.dumps(None))
"""


def begin(**changes: Any) -> RunStart:
    given = {
        "start_time": 1_700_000_000_123,
        "user": "ada",
        "tags": {"mlflow.source.type": "PROJECT", "a/b": "deep\ntext"},
        "parameters": {"alpha": "0.5", "data/path": "x 'y' ü"},
    }
    return RunStart(**{**given, **changes})


@pytest.fixture
def experiment() -> str:
    return f"trees: {uuid4().hex}"


@pytest.fixture
def store(mlflow_server: str, tmp_path: Path) -> Iterator[TrackingStore]:
    store = open_store(mlflow_server, {"HOME": str(tmp_path)})
    yield store
    store.close()


def test_a_client_reads_what_mlrun_wrote_and_logs_into_the_run(
    store: TrackingStore, mlflow_client: MlflowClient, experiment: str
) -> None:
    run = store.start(begin(experiment_name=experiment, run_name="oak"))
    store.after_launch()
    used = mlflow_client.run(LOG_INTO_THE_RUN, run.variables, experiment)
    assert used == run.run_id
    assert store.status(run.run_id) is RunStatus.FINISHED
    end = RunEnd(run.run_id, RunStatus.FAILED, 1_700_000_009_999, {"mlrun.why": "code 7"})
    store.finish(end)
    found = mlflow_client.run(READ_RUN, run.variables, run.run_id, experiment)
    assert found["info"] == {
        "run_id": run.run_id,
        "run_name": "oak",
        "experiment_id": run.experiment_id,
        "status": "FAILED",
        "start_time": 1_700_000_000_123,
        "end_time": 1_700_000_009_999,
        "user_id": "ada",
        "artifact_uri": run.artifact_uri,
        "lifecycle_stage": "active",
    }
    assert found["params"] == {"alpha": "0.5", "data/path": "x 'y' ü", "inner": "2"}
    del found["tags"]["mlrun.launch"]
    assert found["tags"] == {
        "mlflow.runName": "oak",
        "mlflow.source.type": "PROJECT",
        "a/b": "deep\ntext",
        "mlrun.why": "code 7",
    }
    assert found["metrics"] == {"loss": 0.25}
    assert found["artifacts"] == ["note.txt"]
    assert found["searched"] == [run.run_id]


def test_a_script_that_sets_no_experiment_finds_the_run(
    store: TrackingStore, mlflow_client: MlflowClient, experiment: str
) -> None:
    run = store.start(begin(experiment_name=experiment))
    assert mlflow_client.run(LOG_INTO_THE_RUN, run.variables) == run.run_id


def test_what_was_deleted_is_refused(
    store: TrackingStore, mlflow3: MlflowClient, experiment: str
) -> None:
    run = store.start(begin(experiment_name=experiment))
    mlflow3.run(DELETE, run.variables, run.run_id, run.experiment_id)
    for given in (
        {"experiment_name": experiment},
        {"experiment_id": run.experiment_id},
        {"run_id": run.run_id},
    ):
        with pytest.raises(TrackingRefusedError, match="deleted") as caught:
            store.start(begin(**given))
        assert "restore" in str(caught.value.hint)


def test_a_creation_whose_answer_is_lost_makes_one_run(
    mlflow_server: str, mlflow3: MlflowClient, experiment: str
) -> None:
    """The request reaches the server, and the connection breaks before its answer."""
    lost: list[str] = []

    def losing(received: Received) -> Reply | None:
        if received.path.endswith("runs/create") and not lost:
            lost.append(received.path)
            return Reply(drop=True)
        return None

    with StubServer(_forwarding(mlflow_server, losing)) as between:
        store = open_store(between.url, {"HOME": "/nonexistent"})
        run = store.start(begin(experiment_name=experiment))
        store.after_launch()
        store.close()
    assert lost
    variables = {**run.variables, "MLFLOW_TRACKING_URI": mlflow_server}
    found = mlflow3.run(READ_RUN, variables, run.run_id, experiment)
    assert found["searched"] == [run.run_id]
    assert found["params"]["alpha"] == "0.5"


def test_a_passing_fault_is_survived(mlflow_server: str, experiment: str) -> None:
    faults = [Reply(503), Reply(500, b"<html>"), Reply(drop=True)]

    def failing(_: Received) -> Reply | None:
        return faults.pop(0) if faults else None

    with StubServer(_forwarding(mlflow_server, failing)) as between:
        store = open_store(between.url, {"HOME": "/nonexistent"})
        run = store.start(begin(experiment_name=experiment))
        store.finish(RunEnd(run.run_id, RunStatus.FINISHED, 1_700_000_009_999))
        assert store.status(run.run_id) is RunStatus.FINISHED
        store.close()


def test_the_servers_pages_are_no_api(mlflow_server: str) -> None:
    store = open_store(f"{mlflow_server}/some/path", {"HOME": "/nonexistent"})
    with pytest.raises(TrackingRefusedError, match="not as an MLflow tracking server does"):
        store.start(begin())
    store.close()


def _forwarding(
    server: str, fault: Callable[[Received], Reply | None]
) -> Callable[[Received], Reply]:
    """Return a stub's answering that passes requests on; a fault replaces the answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def answering(received: Received) -> Reply:
        request = urllib.request.Request(
            server + received.path,
            data=received.body or None,
            headers={"Content-Type": "application/json"},
            method=received.method,
        )
        try:
            with opener.open(request, timeout=60) as answer:
                reply = Reply(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                reply = Reply(error.code, error.read())
        return fault(received) or reply

    return answering
