"""Artifacts of real servers, brought by way of what stands before them, and in spite of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import InputError, InputUnavailableError
from mlrun.inputs import tries
from mlrun.tracking.gateway.variables import gateway_variables
from mlrun.tracking.remote_artifacts import resolve_artifacts
from tests.artifact_scripts import LOG, downloaded, gathered
from tests.fault_proxy import Fault, FaultProxy, Trouble
from tests.gateways import gateway_over
from tests.mlflow_fixtures import MlflowClient, MlflowServer
from tests.s3_fixtures import Bucket, bucket, s3_login, s3_server
from tests.unit.inputs.fetching import Said, fetch

__all__ = ["bucket", "s3_login", "s3_server"]

_FORMS = ("runs:/{run_id}/data", "runs:/{run_id}/model", "models:/churn@champion")

_RUN_IN = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient()
experiment = client.create_experiment(sys.argv[1], artifact_location=sys.argv[2])
run = client.create_run(experiment)
for file in sys.argv[3:]:
    client.log_artifact(run.info.run_id, file, "data/deep")
client.set_terminated(run.info.run_id)
print(json.dumps(run.info.run_id))
"""


@dataclass(frozen=True)
class Logged:
    """A server with artifacts, and what its own client gets of them."""

    client: MlflowClient
    address: str
    said: Mapping[str, Any]
    expected: Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="session")
def logged(mlflow_3_17: MlflowClient, tracking_server: MlflowServer) -> Logged:
    variables = {"MLFLOW_TRACKING_URI": tracking_server.address}
    said = mlflow_3_17.run(LOG, variables)
    addresses = [form.format(**said) for form in _FORMS]
    expected = downloaded(mlflow_3_17, variables, *addresses)
    return Logged(mlflow_3_17, tracking_server.address, said, expected)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "_FIRST_PAUSE", 0.01)


@pytest.fixture
def proxy(logged: Logged) -> Iterator[FaultProxy]:
    with FaultProxy(logged.address) as started:
        yield started


def resolving(address: str, **environ: str) -> Callable[..., Any]:
    return partial(resolve_artifacts, target=address, environ={**os.environ, **environ})


def troubled(trouble: Trouble, times: int) -> Callable[[str, str], Fault]:
    """Let a trouble befall the first requests for files, and for folders."""
    left = {"artifacts/": times, "artifacts?": times}

    def choose(_: str, path: str) -> Fault:
        kind = next((kind for kind in left if f"/mlflow-artifacts/{kind}" in path), None)
        if kind is None or not left[kind]:
            return Fault()
        left[kind] -= 1
        return Fault(trouble)

    return choose


@pytest.mark.parametrize("trouble", [t for t in Trouble if t is not Trouble.NONE])
def test_trouble_on_the_way_changes_nothing(
    logged: Logged, proxy: FaultProxy, trouble: Trouble
) -> None:
    proxy.choose = troubled(trouble, 2)
    address = _FORMS[0].format(**logged.said)
    found = fetch(address, resolve=resolving(proxy.url))
    assert gathered(found.path) == logged.expected[address]
    assert proxy.met[trouble] >= 4


def test_a_file_is_read_on_where_it_was_cut_off(logged: Logged, proxy: FaultProxy) -> None:
    asked: list[str] = []
    left = [2]

    def choose(_: str, path: str) -> Fault:
        if not path.endswith("/big.bin"):
            return Fault()
        asked.append(path)
        left[0] -= 1
        return Fault(Trouble.CUT_WITHIN if left[0] >= 0 else Trouble.NONE)

    proxy.choose = choose
    address = f"runs:/{logged.said['run_id']}/data/big.bin"
    found = fetch(address, resolve=resolving(proxy.url))
    assert len(asked) == 3
    expected = logged.expected[_FORMS[0].format(**logged.said)]
    assert gathered(found.path) == {"": expected["big.bin"]}
    assert gathered(resolving(logged.address)(address), skip=300_000) == gathered(found.path)


def test_what_was_fetched_is_there_the_next_time(logged: Logged, proxy: FaultProxy) -> None:
    said = Said()
    resolve = resolving(proxy.url)
    for number in range(2):
        for form in _FORMS:
            address = form.format(**logged.said)
            found = fetch(address, said, resolve=resolve)
            assert gathered(found.path) == logged.expected[address]
        if not number:
            proxy.choose = lambda _, path: Fault(
                Trouble.ERROR_BEFORE if "/mlflow-artifacts/artifacts/" in path else Trouble.NONE
            )
    assert proxy.met[Trouble.ERROR_BEFORE] == 0
    assert said.lines[3:] == ["data: as fetched before"] * 3


def test_offline_what_was_fetched_is_found_by_its_address(
    logged: Logged, proxy: FaultProxy
) -> None:
    addresses = [form.format(**logged.said) for form in (*_FORMS[:2], "models:/churn/1")]
    online = [fetch(address, resolve=resolving(proxy.url)) for address in addresses]
    asked = proxy.met.total()
    resolve = partial(resolving(proxy.url), offline=True)
    assert [fetch(uri, offline=True, resolve=resolve) for uri in addresses] == online
    with pytest.raises(InputError, match="is not in the cache, and nothing is fetched offline"):
        fetch("models:/churn/2", offline=True, resolve=resolve)
    assert proxy.met.total() == asked


def test_a_server_that_stays_away_is_named(logged: Logged, proxy: FaultProxy) -> None:
    resolve = resolving(proxy.url, MLRUN_TRACKING_PATIENCE="0")
    proxy.choose = lambda _, path: Fault(
        Trouble.CUT_BEFORE if "/mlflow-artifacts/" in path else Trouble.NONE
    )
    with pytest.raises(InputUnavailableError, match=f"'data': the tracking server {proxy.url}"):
        fetch(_FORMS[0].format(**logged.said), resolve=resolve)


def test_a_path_that_is_not_there_is_named(logged: Logged) -> None:
    address = f"runs:/{logged.said['run_id']}/data/bog.bin"
    with pytest.raises(InputError) as refusal:
        fetch(address, resolve=resolving(logged.address))
    assert refusal.value.message == f"parameter 'data': there is nothing at {address}"
    assert "did you mean big.bin?" in (refusal.value.hint or "")


def test_what_the_server_has_in_a_folder_is_asked_of_it(logged: Logged, tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_bytes(b"content")
    hidden = tmp_path / ".hidden"
    words = (str(tmp_path), str(hidden), str(tmp_path / "a b.txt"))
    run_id = logged.client.run(_RUN_IN, {"MLFLOW_TRACKING_URI": logged.address}, *words)
    # What is hidden in the home is not taken at a server's word.
    resolve = resolving(logged.address, HOME=str(tmp_path))
    found = fetch(f"runs:/{run_id}/data", resolve=resolve)
    assert (found.path / "deep" / "a b.txt").read_bytes() == b"content"
    assert not found.path.is_relative_to(hidden)
    assert resolving(logged.address)(f"runs:/{run_id}/data").is_relative_to(hidden)


def test_artifacts_in_another_store_are_fetched_from_there(
    logged: Logged, bucket: Bucket, tmp_path: Path
) -> None:
    words = (str(tmp_path), bucket.uri("runs"))
    run_id = logged.client.run(_RUN_IN, {"MLFLOW_TRACKING_URI": logged.address}, *words)
    bucket.put(f"runs/{run_id}/artifacts/data/x", b"1")
    resolve = resolving(logged.address)
    assert resolve(f"runs:/{run_id}/data") == bucket.uri(f"runs/{run_id}/artifacts/data")
    assert (fetch(f"runs:/{run_id}/data", resolve=resolve).path / "x").read_bytes() == b"1"


@pytest.mark.parametrize("also", [None, "127.0.0.2"])
def test_a_nested_run_asks_its_gateway(
    mlflow_3_17: MlflowClient, tmp_path: Path, also: str | None
) -> None:
    target = f"sqlite:///{tmp_path}/mlflow.db"
    variables = {"MLFLOW_TRACKING_URI": target}
    script = f"import os; os.chdir({str(tmp_path)!r})\n{LOG}"
    said = mlflow_3_17.run(script, variables)
    expected = {
        form: gathered(resolve_artifacts(form.format(**said), target, os.environ))
        for form in _FORMS
    }
    with gateway_over(tmp_path, also=also) as served:
        listener = served.gateway._listeners[-1]
        host, port = listener.socket.getsockname()
        environ = gateway_variables(
            os.environ,
            address=f"http://{host}:{port}",
            host=host,
            token=served.gateway.token,
            target=target,
        )
        for form in _FORMS:
            found = resolve_artifacts(form.format(**said), target, {**os.environ, **environ})
            assert gathered(found) == expected[form], form
