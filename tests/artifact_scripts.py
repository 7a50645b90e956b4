"""Scripts for MLflow's own client that log artifacts and models, and download them again."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mlrun.inputs.base import RemoteData
from tests.mlflow_fixtures import MlflowClient

LOG = """
import json, os, pathlib, sys, tempfile
import mlflow
from mlflow import MlflowClient

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input

folder = pathlib.Path(tempfile.mkdtemp())
(folder / "data" / "deep").mkdir(parents=True)
(folder / "data" / "empty.txt").write_bytes(b"")
(folder / "data" / "big.bin").write_bytes(bytes(range(256)) * 4096)
(folder / "data" / "deep" / "with space, and ü.txt").write_text("inner")
(folder / "data" / "deep" / "deep").write_text("a file named like its folder")
(folder / "single.csv").write_text("a,b\\n1,2\\n")
(folder / "100%.txt").write_text("percent")
client = MlflowClient()
name = "name" if mlflow.__version__ > "3" else "artifact_path"
options = {name: "model", "python_model": Model(), "pip_requirements": ["cloudpickle"]}
said = {}
mlflow.set_experiment("artifacts")
with mlflow.start_run() as run:
    mlflow.log_artifacts(folder)
    mlflow.log_artifact(folder / "single.csv", "alone")
    made = mlflow.pyfunc.log_model(**options, registered_model_name="churn")
    said["model_id"] = getattr(made, "model_id", None)
client.create_model_version("churn", f"{run.info.artifact_uri}/data", run.info.run_id)
mlflow.register_model(f"runs:/{run.info.run_id}/model", "churn")
client.transition_model_version_stage("churn", "2", "Production")
client.set_registered_model_alias("churn", "champion", "1")
with mlflow.start_run() as empty:
    pass
with mlflow.start_run() as gone:
    mlflow.log_artifact(folder / "single.csv")
client.delete_run(gone.info.run_id)
said |= {"run_id": run.info.run_id, "artifact_uri": run.info.artifact_uri}
said |= {"empty": empty.info.run_id, "gone": gone.info.run_id}
print(json.dumps(said))
"""
"""Says `run_id`, `artifact_uri`, `model_id`, and the ids of an `empty` and a `gone` run."""

_DOWNLOAD = """
import hashlib, json, os, sys, tempfile
import mlflow

said = {}
for uri in sys.argv[1:]:
    into = tempfile.mkdtemp()
    place = mlflow.artifacts.download_artifacts(uri, dst_path=into)
    files = {}
    for top, _, names in os.walk(place) if os.path.isdir(place) else [(place, [], [""])]:
        for name in names:
            file = os.path.join(top, name) if name else place
            with open(file, "rb") as stream:
                digest = hashlib.sha256(stream.read()).hexdigest()
            files[os.path.relpath(file, place) if name else ""] = digest
    said[uri] = files
print(json.dumps(said))
"""


def downloaded(client: MlflowClient, variables: dict[str, str], *uris: str) -> dict[str, Any]:
    """Return what MLflow's client gets: for each address its files' digests by their paths.

    What the client itself adds to a registered model is left out.
    """
    said: dict[str, dict[str, str]] = client.run(_DOWNLOAD, variables, *uris)
    for files in said.values():
        files.pop("registered_model_meta", None)
    return said


def gathered(found: RemoteData | Path | str, skip: int = 0) -> dict[str, str]:
    """Return the same of what an address means.

    Args:
        found: What it means.
        skip: Bytes of each file that are read in a first attempt, which is then given up.
    """
    assert not isinstance(found, str), found
    if isinstance(found, Path):
        if found.is_file():
            return {"": hashlib.sha256(found.read_bytes()).hexdigest()}
        files = (path for path in found.rglob("*") if path.is_file())
        return {
            path.relative_to(found).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.name != "registered_model_meta"
        }
    digests: dict[str, str] = {}
    for file in found.files():
        content = b""
        if skip and (file.size or 0) > skip:
            with ExitStack() as stack:
                content = next(stack.enter_context(found.read(file, 0)))[:skip]
        with found.read(file, len(content)) as blocks:
            content += b"".join(blocks)
        assert file.size in (None, len(content))
        digests[file.path] = hashlib.sha256(content).hexdigest()
    return digests
