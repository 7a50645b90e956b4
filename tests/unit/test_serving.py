"""Where a container finds the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.events import Event, EventKind, Listener, ignore
from mlrun.execution.container.container import Container
from mlrun.request import RunRequest
from mlrun.run_folder import RunFolder
from mlrun.serving import open_gateway, reached_through, serves_artifacts
from mlrun.tracking.base import RunStart, TrackedRun, TrackingStore
from mlrun.tracking.gateway.gateway import Gateway
from mlrun.tracking.nesting import GATEWAY_ADDRESS, GATEWAY_TARGET
from mlrun.tracking.target import is_on_loopback, open_store

START = RunStart(0, "ada", {}, {})
TRACKED = TrackedRun("r" * 32, "0", "Default", "/artifacts", {"MLFLOW_RUN_ID": "r"})


def container(address: str | None, name: str | None = None) -> Container:
    return Container("unix:///x", "sha256:1", "i", (), (), {}, {}, address, name)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway(
        lambda: None,  # type: ignore[arg-type,return-value]
        target="sqlite:////x/mlflow.db",
        run_id="r",
        experiment_id="0",
        notify=lambda _line: None,
    )
    yield gateway
    gateway.close(0)


def address_seen_by(gateway: Gateway, box: Container | None) -> str:
    return reached_through(gateway, TRACKED, {}, box).variables["MLFLOW_TRACKING_URI"]


def test_a_container_gets_an_address_that_it_can_reach(gateway: Gateway) -> None:
    seen = address_seen_by(gateway, container("127.0.0.2", "host.docker.internal"))
    assert seen.startswith("http://host.docker.internal:")
    assert seen.rpartition(":")[2] != gateway.address.rpartition(":")[2]


def test_one_with_this_machines_network_counts_as_one_all_the_same(gateway: Gateway) -> None:
    seen = address_seen_by(gateway, container("127.0.0.1"))
    assert seen.startswith("http://127.0.0.1:")
    assert seen != gateway.address


def test_one_that_reaches_nothing_does_not_try_for_minutes(gateway: Gateway) -> None:
    name = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
    box = container(None)
    assert reached_through(gateway, TRACKED, {}, box).variables[name] == "0"
    assert name not in reached_through(gateway, TRACKED, {name: "7"}, box).variables
    assert name not in reached_through(gateway, TRACKED, {}, None).variables


def test_a_command_on_this_machine_gets_the_loopback_address(gateway: Gateway) -> None:
    assert address_seen_by(gateway, None) == gateway.address


def opened(
    store: TrackingStore,
    box: Container | None,
    environ: dict[str, str],
    folder: Path,
    listen: Listener = ignore,
) -> Gateway | None:
    request = RunRequest(uri=".", cwd=folder)
    gateway = open_gateway(request, store, START, TRACKED, RunFolder(folder), environ, listen, box)
    if gateway is not None:
        gateway.close(0)
    return gateway


@pytest.mark.parametrize(
    ("uri", "box", "expected"),
    [
        ("http://localhost:5000", None, False),
        ("http://localhost:5000", container("172.17.0.1"), True),
        ("http://127.0.0.1:5000", container("172.17.0.1"), True),
        ("http://127.0.0.1:5000", container("127.0.0.1"), False),
        ("http://127.0.0.1:5000", container("127.0.0.1", "host.docker.internal"), True),
        ("http://mlflow.example.org", container("172.17.0.1"), False),
    ],
)
def test_a_server_on_this_machine_is_brought_to_containers(
    uri: str, box: Container | None, expected: bool, tmp_path: Path
) -> None:
    store = open_store(uri, {})
    gateway = opened(store, box, {}, tmp_path)
    assert (gateway is not None) is expected
    assert not serves_artifacts(gateway, store)


def test_a_container_of_a_nested_run_gets_a_gateway_of_its_own(tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/mlflow.db"
    environ = {GATEWAY_ADDRESS: "http://127.0.0.1:9", GATEWAY_TARGET: target}
    store = open_store(target, environ)
    assert opened(store, None, environ, tmp_path) is None
    gateway = opened(store, container("172.17.0.1"), environ, tmp_path)
    assert gateway is not None
    assert serves_artifacts(gateway, store)


@pytest.mark.parametrize(
    ("uri", "box", "expected"),
    [
        ("sqlite:///{folder}/mlflow.db", container(None), 1),
        ("http://127.0.0.1:5000", container(None), 1),
        ("sqlite:///{folder}/mlflow.db", container("172.17.0.1"), 0),
        ("sqlite:///{folder}/mlflow.db", None, 0),
        ("file://{folder}/mlruns", container(None), 0),
    ],
)
def test_a_container_that_cannot_record_is_warned_of(
    uri: str, box: Container | None, expected: int, tmp_path: Path
) -> None:
    events: list[Event] = []
    opened(open_store(uri.format(folder=tmp_path), {}), box, {}, tmp_path, events.append)
    assert [event.kind for event in events] == [EventKind.WARNING] * expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://localhost", True),
        ("https://LOCALHOST:5000/path", True),
        ("http://user:password@127.0.0.1:5000", True),
        ("http://127.1.2.3/x", True),
        ("http://[::1]:5000", True),
        ("http://tracking.localhost", True),
        ("http://localhost.example.org", False),
        ("http://172.17.0.1:5000", False),
        ("https://example.org/localhost", False),
        ("http://example.org:80/@127.0.0.1", False),
        ("sqlite:////localhost", False),
    ],
)
def test_addresses_of_this_machine_alone(uri: str, expected: bool) -> None:
    assert is_on_loopback(uri) is expected
