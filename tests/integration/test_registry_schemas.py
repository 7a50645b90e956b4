"""The registry in databases of all versions: MLflow reads, after its upgrade, what we wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.database import (
    experiments,
    inputs,
    logged_models,
    model_versions,
    recording,
    registered_models,
    runs,
)
from mlrun.tracking.database.session import Database
from tests.mlflow_databases import HEADS, MlflowDatabases, mlflow_databases
from tests.mlflow_fixtures import MlflowClient
from tests.operations import Json, LocalApi

__all__ = ["mlflow_databases"]

_MODULES = (experiments, runs, recording, inputs, logged_models, registered_models, model_versions)

_READ = """
import json, sys
import mlflow.cli
from mlflow import MlflowClient
uri, run_id = sys.argv[1:]
sys.argv = ["mlflow", "db", "upgrade", uri]
mlflow.cli.cli(standalone_mode=False)
client = MlflowClient(uri, uri)
model = client.get_registered_model("m")
versions = client.search_model_versions("name = 'm'")
run = client.get_run(run_id)
logged = client.search_logged_models([run.info.experiment_id])
print(json.dumps({
    "tags": model.tags,
    "aliases": {alias: str(version) for alias, version in model.aliases.items()},
    "versions": {
        version.version: [version.current_stage, version.source, version.run_id, version.tags]
        for version in sorted(versions, key=lambda version: int(version.version))
    },
    "files": client.get_model_version_download_uri("m", "4"),
    "inputs": [
        [i.dataset.name, i.dataset.digest, [[tag.key, tag.value] for tag in i.tags]]
        for i in run.inputs.dataset_inputs
    ],
    "outputs": [[model.model_id, model.step] for model in run.outputs.model_outputs],
    "logged": [
        [m.name, str(m.status), m.params, m.tags, [[v.key, v.value] for v in m.metrics or []]]
        for m in logged
    ],
}))
"""

_TAGS = [{"key": "k", "value": "v"}]
_DATASET = {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}


@pytest.mark.parametrize("version", HEADS)
def test_mlflow_reads_what_was_written(
    version: str, mlflow_databases: MlflowDatabases, mlflow3: MlflowClient, tmp_path: Path
) -> None:
    path = mlflow_databases.copy(version, tmp_path / "mlflow.db")
    database = Database(path, str(tmp_path / "mlruns"))
    asking = _Asking(LocalApi(database, [route for m in _MODULES for route in m.ROUTES]))
    run_id = asking.new_run()
    expected = {**asking.registry(run_id), "inputs": [], "outputs": [], "logged": []}
    expected["aliases"] = asking.aliases() if version != "1.30" else {}
    if version not in ("1.30", "2.3"):
        expected["inputs"] = asking.datasets(run_id)
    if version in ("3.1", "3.17"):
        expected.update(asking.logged_model(run_id))
    database.close()
    uri = f"sqlite:///{path}"
    assert mlflow3.run(_READ, {}, uri, run_id) == expected


class _Asking:
    """Writes to a database, and tells what a reader then must find."""

    def __init__(self, api: LocalApi) -> None:
        self._api = api

    def new_run(self) -> str:
        made = self._ask("POST", "/experiments/create", name="e")
        run = self._ask("POST", "/runs/create", experiment_id=made["experiment_id"], start_time=1)
        return str(run["run"]["info"]["run_id"])

    def registry(self, run_id: str) -> Json:
        self._ask("POST", "/registered-models/create", name="first", tags=_TAGS)
        for number in (1, 2, 3):
            self._ask(
                "POST",
                "/model-versions/create",
                name="first",
                source=f"s3://bucket/{number}",
                run_id=run_id,
                tags=_TAGS,
            )
        self._ask("POST", "/registered-models/rename", name="first", new_name="m")
        self._ask("POST", "/model-versions/create", name="m", source="models:/m/1")
        self._ask(
            "POST", "/model-versions/transition-stage", name="m", version="1", stage="staging"
        )
        self._ask("DELETE", "/model-versions/delete", name="m", version="2")
        source = self._ask("GET", "/model-versions/get", name="m", version="4")["model_version"]
        versions = {
            "1": ["Staging", "s3://bucket/1", run_id, {"k": "v"}],
            "3": ["None", "s3://bucket/3", run_id, {"k": "v"}],
            "4": ["None", source["source"], run_id, {}],
        }
        return {"tags": {"k": "v"}, "versions": versions, "files": "s3://bucket/1"}

    def aliases(self) -> dict[str, str]:
        self._ask("POST", "/registered-models/alias", name="m", alias="best", version="3")
        return {"best": "3"}

    def datasets(self, run_id: str) -> list[Any]:
        entry = {"dataset": _DATASET, "tags": _TAGS}
        self._ask("POST", "/runs/log-inputs", run_id=run_id, datasets=[entry])
        return [["d", "1", [["k", "v"]]]]

    def logged_model(self, run_id: str) -> Json:
        run = self._ask("GET", "/runs/get", run_id=run_id)["run"]["info"]
        made = self._ask(
            "POST",
            "/logged-models",
            experiment_id=run["experiment_id"],
            name="forest",
            source_run_id=run_id,
            params=_TAGS,
            tags=_TAGS,
        )
        model_id = made["model"]["info"]["model_id"]
        metric = {"key": "loss", "value": 0.5, "timestamp": 1, "step": 1, "model_id": model_id}
        self._ask("POST", "/runs/log-metric", run_id=run_id, **metric)
        self._ask("PATCH", f"/logged-models/{model_id}", status="LOGGED_MODEL_READY")
        models = [{"model_id": model_id, "step": 7}]
        self._ask("POST", "/runs/outputs", run_id=run_id, models=models)
        logged = [["forest", "READY", {"k": "v"}, {"k": "v"}, [["loss", 0.5]]]]
        return {"outputs": [[model_id, 7]], "logged": logged}

    def _ask(self, method: str, path: str, **fields: Any) -> Json:
        status, answer = self._api.ask(method, path, fields)
        assert status == 200, answer
        return answer
