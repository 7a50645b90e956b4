"""A server on the loopback that has one run, and says of its artifacts what a test wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from mlrun.tracking.api import Json
from tests.stub_server import Received, Reply

RUN = "0123456789abcdef" * 2
MISSING = Reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such thing"})
FILES = "/api/2.0/mlflow-artifacts/artifacts"


class FakeMlflow:
    """Answers what is asked of a server of MLflow's.

    Attributes:
        artifact_uri: Of the run.
        folders: What is listed, by folder: below `mlflow-artifacts:/`, or, with a question mark
            before it, below the run.
        contents: The files, by path, in the same way.
        versions: The sources of the registered model `churn`, by number.
    """

    def __init__(
        self,
        artifact_uri: str = "mlflow-artifacts:/0/run",
        folders: Mapping[str, list[Any]] | None = None,
        contents: Mapping[str, Reply] | None = None,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        self.artifact_uri = artifact_uri
        self.folders = dict(folders or {})
        self.contents = dict(contents or {})
        self.versions = dict(versions or {})

    def __call__(self, received: Received) -> Reply:
        parts = urlsplit(received.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == FILES:
            return Reply(body={"files": self.folders.get(query.get("path", ""), [])})
        if parts.path.startswith(f"{FILES}/"):
            return self.contents.get(unquote(parts.path[len(FILES) + 1 :]), MISSING)
        if parts.path == "/get-artifact":
            return self.contents.get(f"?{query['path']}", MISSING)
        return self._about(parts.path.removeprefix("/api/2.0/mlflow/"), query)

    def _about(self, endpoint: str, query: Mapping[str, str]) -> Reply:
        if endpoint == "artifacts/list":
            return Reply(body={"files": self.folders.get(f"?{query.get('path', '')}", [])})
        if endpoint == "runs/get" and query["run_id"] == RUN:
            info: Json = {"run_id": RUN, "experiment_id": "0"}
            info["artifact_uri"] = self.artifact_uri
            info |= {"status": "FINISHED", "end_time": 17, "lifecycle_stage": "active"}
            return Reply(body={"run": {"info": info}})
        source = self.versions.get(query.get("version", ""))
        if endpoint == "model-versions/get" and source is not None:
            version = {"name": "churn", "version": query["version"], "run_id": RUN}
            return Reply(body={"model_version": {**version, "creation_timestamp": 5}})
        if endpoint == "model-versions/get-download-uri" and source is not None:
            return Reply(body={"artifact_uri": source})
        return MISSING


def file(name: str, size: int | str | None = 3) -> dict[str, Any]:
    return {"path": name, "is_dir": False, **({} if size is None else {"file_size": size})}


def folder(name: str) -> dict[str, Any]:
    return {"path": name, "is_dir": True}
