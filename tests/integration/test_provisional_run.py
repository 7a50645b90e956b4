"""A run whose server is away at its start: made later, once, under ids that its client keeps."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from mlrun.tracking.base import RunStart
from mlrun.tracking.gateway.forwarding import ForwardingService
from mlrun.tracking.gateway.journal import Journal
from mlrun.tracking.gateway.provisional import stand_in
from mlrun.tracking.gateway.upstream import Upstream
from tests.fault_proxy import Fault, FaultProxy, Trouble
from tests.gateways import RUN_ID, Served, gateway_before

EXPERIMENT_ID = "123456789012345678"
ARTIFACTS = f"/api/2.0/mlflow-artifacts/artifacts/provisional-{RUN_ID}"
AWAY = Fault(Trouble.CUT_BEFORE)


@pytest.fixture
def proxy(mlflow_server: str) -> Iterator[FaultProxy]:
    with FaultProxy(mlflow_server, choose=lambda method, path: AWAY) as proxy:
        yield proxy


@pytest.fixture
def name() -> str:
    return f"provisional {uuid4().hex}"


@pytest.fixture
def journals() -> list[Journal]:
    return []


@pytest.fixture
def served(
    proxy: FaultProxy, name: str, tmp_path: Path, journals: list[Journal]
) -> Iterator[Served]:
    start = RunStart(
        start_time=1_700_000_000_000,
        user="someone",
        tags={"mlflow.user": "someone", "its": "own"},
        parameters={"given": "1"},
        experiment_name=name,
    )

    def service() -> ForwardingService:
        journals.append(Journal(tmp_path / "journal"))
        return ForwardingService(
            Upstream(proxy.url, {"HOME": "/nonexistent"}),
            journals[-1],
            provisional=stand_in(start, RUN_ID, EXPERIMENT_ID),
        )

    with gateway_before(
        service, run_id=RUN_ID, experiment_id=EXPERIMENT_ID, target=proxy.url
    ) as served:
        yield served


def metric(served: Served, step: int) -> int:
    body = {"key": "loss", "value": 1.5, "timestamp": step, "step": step, "run_id": RUN_ID}
    return served.api("POST", "/runs/log-metric", body).status


def asked(server: str, endpoint: str, body: dict[str, Any] | None = None, **query: str) -> Any:
    url = f"{server}/api/2.0/mlflow{endpoint}?" + "&".join(f"{k}={v}" for k, v in query.items())
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return json.load(answer)


def runs_of(server: str, name: str) -> list[dict[str, Any]]:
    query = {"experiment_name": name.replace(" ", "%20")}
    experiment = asked(server, "/experiments/get-by-name", None, **query)["experiment"]
    found = asked(server, "/runs/search", {"experiment_ids": [experiment["experiment_id"]]})
    runs: list[dict[str, Any]] = found.get("runs", [])
    return runs


def entries(run: dict[str, Any], kind: str) -> dict[str, Any]:
    return {entry["key"]: entry["value"] for entry in run["data"].get(kind, ())}


def test_the_run_is_made_later_and_its_client_keeps_its_ids(
    proxy: FaultProxy, name: str, served: Served, journals: list[Journal], mlflow_server: str
) -> None:
    assert metric(served, 1) == 200
    content = os.urandom(1000)
    assert served.ask("PUT", f"{ARTIFACTS}/a/b.bin", body=content).status == 200
    run = served.api("GET", "/runs/get", {"run_id": RUN_ID}).json["run"]
    assert run["info"]["experiment_id"] == EXPERIMENT_ID
    assert entries(run, "params") == {"given": "1"}
    by_name = served.api("GET", "/experiments/get-by-name", {"experiment_name": name})
    assert by_name.json["experiment"]["experiment_id"] == EXPERIMENT_ID
    assert served.api("POST", "/runs/create", {"experiment_id": EXPERIMENT_ID}).status == 503

    lost: list[str] = []

    def losing(method: str, path: str) -> Fault:
        """Lose the first answer to the creation of the run."""
        if path.endswith("/runs/create") and not lost:
            lost.append(path)
            return Fault(Trouble.CUT_AFTER)
        return Fault()

    proxy.choose = losing
    while journals[-1].waiting():
        time.sleep(0.05)
    (made,) = runs_of(mlflow_server, name)
    assert lost
    assert made["info"]["run_id"] != RUN_ID
    assert entries(made, "metrics") == {"loss": 1.5}
    assert entries(made, "params") == {"given": "1"}
    assert entries(made, "tags")["its"] == "own"

    assert metric(served, 2) == 200
    run = served.api("GET", "/runs/get", {"run_id": RUN_ID}).json["run"]
    assert run["info"]["run_id"] == run["info"]["run_uuid"] == RUN_ID
    assert run["info"]["experiment_id"] == EXPERIMENT_ID
    history = {"run_id": RUN_ID, "metric_key": "loss"}
    found = served.api("GET", "/metrics/get-history", history).json["metrics"]
    assert sorted(point["step"] for point in found) == [1, 2]
    found = served.api("POST", "/runs/search", {"experiment_ids": [EXPERIMENT_ID]}).json["runs"]
    assert [one["info"]["run_id"] for one in found] == [RUN_ID]
    assert served.ask("GET", f"{ARTIFACTS}/a/b.bin").body == content
    listed = served.api("GET", "/artifacts/list", {"run_id": RUN_ID, "path": "a"}).json["files"]
    assert [file["path"] for file in listed] == ["a/b.bin"]
    nested = {"experiment_id": EXPERIMENT_ID, "start_time": 1, "tags": []}
    child = served.api("POST", "/runs/create", nested).json["run"]["info"]
    assert child["experiment_id"] == EXPERIMENT_ID
    assert len(runs_of(mlflow_server, name)) == 2


def test_what_is_wrong_with_the_server_loses_nothing(
    proxy: FaultProxy, name: str, served: Served, journals: list[Journal], mlflow_server: str
) -> None:
    """It answers, but does not let the run be made."""

    def refusing(method: str, path: str) -> Fault:
        return Fault(Trouble.ERROR_BEFORE if "/runs/" in path else Trouble.NONE)

    proxy.choose = refusing
    assert [metric(served, step) for step in range(50)] == [200] * 50
    assert served.api("GET", "/runs/get", {"run_id": RUN_ID}).status == 200
    proxy.choose = lambda method, path: Fault()
    while journals[-1].waiting():
        time.sleep(0.05)
    (made,) = runs_of(mlflow_server, name)
    assert entries(made, "metrics") == {"loss": 1.5}
