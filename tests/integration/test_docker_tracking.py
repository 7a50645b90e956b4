"""Training in a container records where the user says, by old clients and new ones."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.docker_engine import DockerEngine
from tests.functional.commands import Place, recorded, status
from tests.mlflow_fixtures import MlflowClient, MlflowServer

PROJECT = """\
name: in_container
docker_env:
  image: {image}
  volumes: ["{packages}:/opt/mlflow:ro"]
  environment: [[PYTHONPATH, /opt/mlflow]]
entry_points:
  main:
    parameters:
      alpha: {{type: float, default: 0.5}}
    command: "python train.py {{alpha}}"
"""
# What is logged is read back by the same client: the store has to answer, not only to take.
TRAIN = """\
import os, sys, mlflow
from mlflow.tracking import MlflowClient
given = os.environ["MLFLOW_RUN_ID"]  # start_run takes it away
with mlflow.start_run() as run:
    mlflow.log_metric("loss", float(sys.argv[1]))
    mlflow.log_text("weights", "model/line.txt")
found = MlflowClient().get_run(run.info.run_id)
assert found.data.params == {"alpha": sys.argv[1]}, found.data.params
assert found.data.metrics == {"loss": float(sys.argv[1])}, found.data.metrics
(artifact,) = MlflowClient().list_artifacts(run.info.run_id, "model")
print(mlflow.__version__, run.info.run_id == given, artifact.path)
"""
READ = """\
import json, sys, mlflow
run = mlflow.MlflowClient().get_run(sys.argv[1])
file = mlflow.artifacts.download_artifacts(run_id=sys.argv[1], artifact_path="model/line.txt")
print(json.dumps([run.info.status, run.data.metrics, run.data.params, open(file).read()]))
"""


@pytest.fixture(params=["mlflow_1_30", "mlflow_3_17"])
def client(request: pytest.FixtureRequest) -> MlflowClient:
    """An old client and a new one, as they are installed on this machine."""
    found: MlflowClient = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def place(tmp_path: Path, docker_engine: DockerEngine, client: MlflowClient) -> Place:
    """A project whose container has the client, and the client's own Python."""
    (packages,) = client.python.parent.parent.glob("lib/python3.*/site-packages")
    image = docker_engine.python_image(str(client.python))
    made = Place(tmp_path)
    made.write(PROJECT.format(image=image, packages=packages), train_py=TRAIN)
    return made


def check(answer: subprocess.CompletedProcess[str]) -> None:
    """Hold the run to what its script printed."""
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split()[1:] == ["True", "model/line.txt"], answer.stdout


def test_into_the_default_database(place: Place) -> None:
    check(place.mlrun("run", "project", "-P", "alpha=0.25", timeout=300))

    (run,) = place.runs()
    assert status(run) == "FINISHED"
    assert recorded(run, "params") == {"alpha": "0.25"}
    assert {name: float(v) for name, v in recorded(run, "latest_metrics").items()} == {"loss": 0.25}
    assert recorded(run, "tags")["mlflow.project.env"] == "docker"
    artifact = place.store / "0" / run.name / "artifacts" / "model" / "line.txt"
    assert artifact.read_text() == "weights"


def test_into_a_folder(place: Place) -> None:
    check(place.mlrun("run", "project", "--tracking-uri", "store", timeout=300))

    (metric,) = (place.folder / "store" / "0").glob("*/metrics/loss")
    assert metric.read_text().split()[1] == "0.5"
    run = metric.parent.parent
    assert (run / "params" / "alpha").read_text() == "0.5"
    artifact = run / "artifacts" / "model" / "line.txt"
    assert artifact.read_text() == "weights"
    assert {path.stat().st_uid for path in (metric, artifact)} == {place.folder.stat().st_uid}


def test_into_a_server_on_this_machines_loopback(
    place: Place, tracking_server: MlflowServer, mlflow_3_17: MlflowClient
) -> None:
    variables = {"MLFLOW_TRACKING_URI": tracking_server.address}
    answer = place.mlrun("run", "project", "--output", "json", env=variables, timeout=300)
    assert answer.returncode == 0, answer.stderr

    run = json.loads(answer.stdout)["outcome"]["run_id"]
    read = mlflow_3_17.run(READ, variables, run)
    assert read == ["FINISHED", {"loss": 0.5}, {"alpha": "0.5"}, "weights"]
