"""What stands in a tracking store under a name, field by field, without ids and times.

    python matrix_reader.py SOURCES FOUND

runs in the environment of any client from 1.30 on. The file SOURCES holds a list, as JSON: `uri`
(null for the one in force), `name` (experiments and models that begin with it are read) and
`labels` (text to replace, such as folders). What is found goes to the file FOUND, a list too.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

OF_ONE_RUN = {
    "mlflow.log-model.history",  # holds times, and sizes that differ with the places in files
    "mlrun.work.digest",  # of the project's place, too
}
OF_ONE_KIND = {"mlrun.launch"}
"""What mlrun leaves on a server alone: it tells a creation whose answer was lost."""
OF_THE_CLIENT = {"registered_model_meta"}
"""What a client leaves beside a registered model when it loads that from a local folder."""
_PATTERNS = (
    (re.compile(r"\b[mr]?-?[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?"), "<time>"),
    (re.compile(r"(<artifacts>|<place>)/\d+(?=/|$)"), r"\1/<experiment>"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<address>"),
)
_LONG_AGO = 10**12
"""Times up to here, in milliseconds, were given by the script; later ones are the clock's."""
_TEXT = {"", ".txt", ".json", ".yaml", ".yml", ".html"}


class Reading:
    """One store, read through one client."""

    def __init__(self, mlflow: Any, uri: str | None, name: str, labels: dict[str, str]) -> None:
        if uri is not None:
            mlflow.set_tracking_uri(uri)
        self._client = mlflow.MlflowClient()
        self._is_database = uri is not None and uri.startswith("sqlite:")
        self._all = import_module("mlflow.entities").ViewType.ALL
        self._name = name
        self._labels = dict(labels)

    def everything(self) -> dict[str, Any]:
        """Read experiments with their runs, and registered models with their versions."""
        found = self._client.search_experiments(
            self._all, filter_string=f"name LIKE '{self._name}%'"
        )
        runs = {e.experiment_id: self._runs(e.experiment_id) for e in found}
        for experiment in found:
            for run in runs[experiment.experiment_id]:
                self._labels[run.info.run_id] = f"<run {_run_name(run)}>"
        models = [m for e in found for m in self._found_models(e.experiment_id)]
        for model in models:
            self._labels[model.model_id] = f"<model {model.name}>"
        return {
            "experiments": {
                self.plain(e.name): self._experiment(e, runs[e.experiment_id]) for e in found
            },
            "models": _keyed(map(self._logged_model, models)),
            "registered": {
                self.plain(m.name): self._registered(m)
                for m in self._client.search_registered_models(f"name LIKE '{self._name}%'")
            },
        }

    def plain(self, text: Any) -> Any:
        """Return text without ids, times and places."""
        if not isinstance(text, str):
            return text
        for label in sorted(self._labels, key=len, reverse=True):
            text = text.replace(label, self._labels[label])
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text.replace(self._name, "<name>")

    def _experiment(self, experiment: Any, runs: list[Any]) -> dict[str, Any]:
        return {
            "stage": experiment.lifecycle_stage,
            "tags": self._tags(experiment.tags),
            "place": self.plain(experiment.artifact_location),
            "times": [
                bool(getattr(experiment, "creation_time", 1)),
                bool(getattr(experiment, "last_update_time", 1)),
            ],
            "runs": _keyed([{"name": _run_name(run), **self._run(run)} for run in runs]),
        }

    def _runs(self, experiment_id: str) -> list[Any]:
        found: list[Any] = []
        token = None
        while True:
            page = self._client.search_runs([experiment_id], "", self._all, 1000, None, token)
            found += page
            token = page.token
            if not token:
                return found

    def _run(self, run: Any) -> dict[str, Any]:
        info, data = run.info, run.data
        again = self._client.get_run(info.run_id)
        return {
            "status": info.status,
            "stage": info.lifecycle_stage,
            "user": info.user_id,
            "place": self.plain(info.artifact_uri),
            "start": _time(info.start_time),
            "end": _time(info.end_time),
            "params": {self.plain(k): self.plain(v) for k, v in data.params.items()},
            "tags": self._tags(data.tags),
            "latest": {key: repr(value) for key, value in data.metrics.items()},
            "history": {key: self._history(info.run_id, key) for key in data.metrics},
            "inputs": self._inputs(again),
            "artifacts": self._artifacts(info.run_id),
        }

    def _history(self, run_id: str, key: str) -> list[list[Any]]:
        found = self._client.get_metric_history(run_id, key)
        return sorted([m.step, repr(m.value), _time(m.timestamp)] for m in found)

    def _inputs(self, run: Any) -> list[Any]:
        datasets = getattr(getattr(run, "inputs", None), "dataset_inputs", None) or []
        models = getattr(getattr(run, "inputs", None), "model_inputs", None) or []
        outputs = getattr(getattr(run, "outputs", None), "model_outputs", None) or []
        found = [
            [
                d.dataset.name,
                d.dataset.digest,
                d.dataset.source_type,
                self.plain(d.dataset.source),
                d.dataset.schema,
                d.dataset.profile,
                sorted([t.key, t.value] for t in d.tags),
            ]
            for d in datasets
        ]
        found += [["model in", self.plain(m.model_id)] for m in models]
        found += [["model out", self.plain(m.model_id), m.step] for m in outputs]
        return sorted(found, key=repr)

    def _artifacts(self, run_id: str) -> dict[str, Any]:
        if not self._client.list_artifacts(run_id):
            return {}  # of which clients cannot download the whole
        with tempfile.TemporaryDirectory() as folder:
            root = Path(self._client.download_artifacts(run_id, "", folder))
            return self._files(root)

    def _files(self, root: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.name not in OF_THE_CLIENT:
                found[str(path.relative_to(root))] = self._content(path)
        return found

    def _content(self, path: Path) -> Any:
        size = path.stat().st_size
        if (path.suffix in _TEXT | {".bin"} and size < 200_000) or path.name == "MLmodel":
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                pass
            else:
                return self.plain(re.sub(r"model_size_bytes: \d+", "", text))
        if path.suffix == ".skops":  # a zip file, with times and addresses of objects
            with zipfile.ZipFile(path) as archive:
                return sorted(re.sub(r"\d{6,}", "<object>", name) for name in archive.namelist())
        digest = hashlib.sha256()
        with open(path, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return [size, digest.hexdigest()]

    def _tags(self, tags: dict[str, str]) -> dict[str, Any]:
        return {
            key: (self.plain(value) if key not in OF_ONE_RUN else "")
            for key, value in tags.items()
            if key not in OF_ONE_KIND
        }

    def _found_models(self, experiment_id: str) -> list[Any]:
        if not hasattr(self._client, "search_logged_models"):
            return []
        return list(self._client.search_logged_models([experiment_id]))

    def _logged_model(self, model: Any) -> dict[str, Any]:
        folder = model.artifact_location
        return {
            "name": model.name,
            "run": self.plain(model.source_run_id),
            "status": str(model.status),
            "type": model.model_type,
            "tags": self._tags(model.tags),
            "params": dict(model.params or {}),
            "metrics": sorted(
                [m.key, repr(m.value), m.step, self.plain(m.run_id), m.dataset_name]
                for m in model.metrics or []
            ),
            "place": self.plain(folder),
            "files": self._files(Path(folder)) if self._is_database else None,
        }

    def _registered(self, model: Any) -> dict[str, Any]:
        found = self._client.search_model_versions(f"name = '{model.name}'")
        return {
            "description": model.description,
            "tags": self._tags(model.tags),
            "aliases": sorted((getattr(model, "aliases", None) or {}).items()),
            "latest": sorted(v.version for v in model.latest_versions or []),
            "versions": {v.version: self._version(model.name, v.version) for v in found},
        }

    def _version(self, name: str, number: str) -> dict[str, Any]:
        version = self._client.get_model_version(name, number)
        where = self._client.get_model_version_download_uri(name, number)
        return {
            "stage": version.current_stage,
            "status": version.status,
            "message": version.status_message,
            "description": version.description,
            "run": self.plain(version.run_id),
            "source": self.plain(version.source),
            "download": self.plain(where),
            "tags": self._tags(version.tags),
            "aliases": sorted(getattr(version, "aliases", None) or []),
            "user": version.user_id,
        }


def _run_name(run: Any) -> str:
    return str(run.data.tags.get("mlflow.runName", ""))


def _time(value: Any) -> Any:
    return value if value is None or value <= _LONG_AGO else "<time>"


def _keyed(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return objects by name; what shares a name is numbered, in an order of its content."""
    keyed: dict[str, Any] = {}
    for item in sorted(found, key=lambda item: json.dumps(item, sort_keys=True)):
        name = str(item["name"])
        number = sum(key.rpartition(" #")[0] == name for key in keyed)
        keyed[f"{name} #{number}"] = item
    return keyed


def main() -> None:
    """Read each source."""
    mlflow: Any = import_module("mlflow")
    sources, found = map(Path, sys.argv[1:])
    readings = [
        Reading(mlflow, source["uri"], source["name"], source["labels"]).everything()
        for source in json.loads(sources.read_text(encoding="utf-8"))
    ]
    found.write_text(json.dumps(readings), encoding="utf-8")


if __name__ == "__main__":
    main()
