"""Real clients of MLflow before a gateway over a local database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateways import Served, gateway_over
from tests.mlflow_fixtures import MlflowClient

SET_EXPERIMENT = """
import json, mlflow
mlflow.set_experiment("other")
with mlflow.start_run() as run:
    mlflow.log_metric("m", 1.5, step=2)
    mlflow.log_param("p", "v")
with mlflow.start_run() as later:
    pass
client = mlflow.tracking.MlflowClient()
print(json.dumps({
    "run": run.info.run_id,
    "is_in": client.get_run(run.info.run_id).info.experiment_id,
    "later_is_in": client.get_run(later.info.run_id).info.experiment_id,
    "other": client.get_experiment_by_name("other").experiment_id,
}))
"""

ARTIFACTS = """
import json, os, sys, mlflow
from pathlib import Path
from mlflow.tracking import MlflowClient
folder = Path(sys.argv[1])
(folder / "sub").mkdir(parents=True)
(folder / "empty").write_bytes(b"")
(folder / "sub" / "\\u00fc 100% + 1.txt").write_text("text", encoding="utf-8")
(folder / "large").write_bytes(os.urandom(2**20) * 30)
client = MlflowClient()
run_id = os.environ["MLFLOW_RUN_ID"]
client.log_artifacts(run_id, str(folder), "files")
def walk(path=None):
    for entry in client.list_artifacts(run_id, path):
        if entry.is_dir:
            yield from walk(entry.path)
        else:
            yield [entry.path, entry.file_size]
got = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="files"))
print(json.dumps({
    "uri": client.get_run(run_id).info.artifact_uri,
    "listed": sorted(walk()),
    "same": all(
        (got / p.relative_to(folder)).read_bytes() == p.read_bytes()
        for p in folder.rglob("*") if p.is_file()
    ),
}))
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A gateway, with a second address, whose run is in the experiment `own`."""
    with gateway_over(tmp_path) as before:
        experiment = before.api("POST", "/experiments/create", {"name": "own"}).json
        made = before.api("POST", "/runs/create", {**experiment, "start_time": 1}).json
    run_id = made["run"]["info"]["run_id"]
    experiment_id = experiment["experiment_id"]
    with gateway_over(
        tmp_path, run_id=run_id, experiment_id=experiment_id, also="127.0.0.2"
    ) as started:
        yield started, run_id


def variables(run: tuple[Served, str], address: str | None = None) -> dict[str, str]:
    served, run_id = run
    found = served.gateway.variables({}, address=address)
    return {**found, "MLFLOW_RUN_ID": run_id}


def test_a_script_that_sets_an_experiment_runs(
    mlflow_client: MlflowClient, run: tuple[Served, str]
) -> None:
    # Twice: a second script of the same command.
    for _ in range(2):
        told: dict[str, Any] = mlflow_client.run(SET_EXPERIMENT, variables(run))
        assert told["run"] == run[1]
        assert told["is_in"] == "1"
        assert told["later_is_in"] == told["other"] == "2"
    (line,) = run[0].lines
    assert "'other'" in line


@pytest.mark.parametrize("is_local", [True, False])
def test_artifacts_go_and_come_back(
    mlflow_client: MlflowClient, run: tuple[Served, str], tmp_path: Path, is_local: bool
) -> None:
    (other,) = [x for x in run[0].gateway._listeners if not x.is_local]
    address = None if is_local else "http://{}:{}".format(*other.socket.getsockname())
    told = mlflow_client.run(ARTIFACTS, variables(run, address), str(tmp_path / "sent"))
    assert told["same"] is True
    assert told["listed"] == [
        ["files/empty", 0],
        ["files/large", 30 * 2**20],
        ["files/sub/\u00fc 100% + 1.txt", 4],
    ]
    stored = tmp_path / "mlruns" / "1" / run[1] / "artifacts"
    assert (stored / "files" / "sub" / "\u00fc 100% + 1.txt").read_text() == "text"
    shown = f"mlflow-artifacts:/experiments/1/{run[1]}/artifacts"
    assert told["uri"] == (str(stored) if is_local else shown)
    assert run[0].lines == []
