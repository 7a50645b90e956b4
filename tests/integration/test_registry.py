"""Registry, logged models and inputs: each answer is that of a real server of MLflow's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
from tests.operations import Api, Json, LocalApi, ServerApi

_ROUTES = (
    *experiments.ROUTES,
    *runs.ROUTES,
    *recording.ROUTES,
    *inputs.ROUTES,
    *logged_models.ROUTES,
    *registered_models.ROUTES,
    *model_versions.ROUTES,
)

_OTHERS = re.compile(r".*_time(stamp)?(_ms)?|experiment_id")
"""Fields that cannot be equal."""


@dataclass(frozen=True)
class Step:
    """One request.

    Attributes:
        fields: `$name` in texts stands for what an earlier answer gave.
        keep: Names for values of the answer, each with the path to it.
        own_words: Whether an error may have another text than MLflow's.
        unlike: Fields of the answer that need not be equal.
    """

    method: str
    path: str
    fields: Json = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    own_words: bool = False
    unlike: tuple[str, ...] = ()


def post(path: str, fields: Json | None = None, **options: Any) -> Step:
    return Step("POST", path, fields or {}, **options)


def get(path: str, fields: Json | None = None, **options: Any) -> Step:
    return Step("GET", path, fields or {}, **options)


def patch(path: str, fields: Json | None = None, **options: Any) -> Step:
    return Step("PATCH", path, fields or {}, **options)


def delete(path: str, fields: Json | None = None, **options: Any) -> Step:
    return Step("DELETE", path, fields or {}, **options)


def pairs(**values: str) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def dataset(name: str, *, tags: list[Json] | None = None, **fields: str) -> Json:
    plain = {"name": name, "digest": "d1", "source_type": "local", "source": "{}"}
    entry: Json = {"dataset": {**plain, **fields}}
    return {**entry, "tags": tags} if tags is not None else entry


_BEGIN = [
    post(
        "/experiments/create",
        {"name": "$unique"},
        keep={"experiment": "experiment_id"},
    ),
    get(
        "/experiments/get",
        {"experiment_id": "$experiment"},
        keep={"root": "experiment.artifact_location"},
    ),
    post(
        "/runs/create",
        {"experiment_id": "$experiment", "start_time": 1, "run_name": "r"},
        keep={"run": "run.info.run_id", "files": "run.info.artifact_uri"},
    ),
]

_MODELS = "/registered-models"
_VERSIONS = "/model-versions"

_REGISTRY = [
    *_BEGIN,
    post(f"{_MODELS}/create", {}),
    post(f"{_MODELS}/create", {"name": ""}),
    post(f"{_MODELS}/create", {"name": "   "}),
    post(f"{_MODELS}/create", {"name": "a/b"}),
    post(f"{_MODELS}/create", {"name": "a:b"}),
    post(f"{_MODELS}/create", {"name": ".."}),
    post(f"{_MODELS}/create", {"name": "wörds & spaces"}),
    delete(f"{_MODELS}/delete", {"name": "wörds & spaces"}),
    post(f"{_MODELS}/create", {"name": "m", "tags": [*pairs(b="2", a="1"), *pairs(b="3")]}),
    post(f"{_MODELS}/create", {"name": "m"}),
    post(f"{_MODELS}/create", {"name": "m", "tags": pairs(**{"mlflow.prompt.is_prompt": "true"})}),
    post(f"{_MODELS}/create", {"name": "n", "tags": pairs(**{"a@b": "2"})}),
    post(f"{_MODELS}/create", {"name": "n", "tags": pairs(**{"a//b": "2"})}),
    post(f"{_MODELS}/create", {"name": "n", "tags": pairs(a="x" * 100_001)}),
    post(f"{_MODELS}/create", {"name": "n", "tags": pairs(**{"x" * 251: "2"})}),
    post(f"{_MODELS}/create", {"name": "n", "tags": [{"value": "2"}]}),
    post(f"{_MODELS}/create", {"name": "n", "description": "what it is"}),
    get(f"{_MODELS}/get", {"name": "m"}),
    get(f"{_MODELS}/get", {"name": "nobody"}),
    get(f"{_MODELS}/get", {}),
    patch(f"{_MODELS}/update", {"name": "m", "description": "new"}),
    patch(f"{_MODELS}/update", {"name": "m"}),
    patch(f"{_MODELS}/update", {"name": "nobody", "description": "new"}),
    post(f"{_MODELS}/set-tag", {"name": "m", "key": "a", "value": "changed"}),
    post(f"{_MODELS}/set-tag", {"name": "m", "key": "empty"}),
    post(f"{_MODELS}/set-tag", {"name": "m", "key": "a@b", "value": "changed"}),
    post(f"{_MODELS}/set-tag", {"name": "m", "value": "changed"}),
    post(f"{_MODELS}/set-tag", {"name": "nobody", "key": "a", "value": "changed"}),
    delete(f"{_MODELS}/delete-tag", {"name": "m", "key": "b"}),
    delete(f"{_MODELS}/delete-tag", {"name": "m", "key": "never there"}),
    delete(f"{_MODELS}/delete-tag", {"name": "nobody", "key": "b"}),
    get(f"{_MODELS}/get", {"name": "m"}),
    get(f"{_MODELS}/alias", {"name": "m", "alias": "latest"}),
    post(f"{_MODELS}/get-latest-versions", {"name": "m"}),
    post(f"{_VERSIONS}/create", {"name": "m"}),
    post(f"{_VERSIONS}/create", {"source": "$files/model"}),
    post(f"{_VERSIONS}/create", {"name": "nobody", "source": "s3://bucket/model"}),
    post(f"{_VERSIONS}/create", {"name": "m", "source": "s3://bucket/model"}),
    post(
        f"{_VERSIONS}/create",
        {
            "name": "m",
            "source": "$files/model",
            "run_id": "$run",
            "run_link": "http://there",
            "description": "second",
            "tags": [*pairs(b="2", a="1"), *pairs(b="3")],
        },
    ),
    post(
        f"{_VERSIONS}/create",
        {"name": "m", "source": "s3://bucket/x", "tags": pairs(**{"a@b": "1"})},
    ),
    post(f"{_VERSIONS}/create", {"name": "m", "source": "models:/m/2"}),
    post(f"{_VERSIONS}/create", {"name": "n", "source": "models:/m/latest", "run_id": "$run"}),
    post(f"{_VERSIONS}/create", {"name": "n", "source": "models:/m/7"}),
    post(f"{_VERSIONS}/create", {"name": "n", "source": "models:/nobody/7"}),
    post(
        f"{_VERSIONS}/create",
        {"name": "n", "source": "models:/m/2", "run_id": "another"},
        own_words=True,
    ),
    post(f"{_VERSIONS}/create", {"name": "n", "source": "models:/m/1/2"}, own_words=True),
    post(f"{_VERSIONS}/create", {"name": "n", "source": "s3://b/m/%2e%2e/x"}, own_words=True),
    get(f"{_VERSIONS}/get", {"name": "m", "version": "2"}),
    get(f"{_VERSIONS}/get", {"name": "m", "version": "9"}),
    get(f"{_VERSIONS}/get", {"name": "m", "version": "two"}),
    get(f"{_VERSIONS}/get", {"name": "m"}),
    get(f"{_VERSIONS}/get", {"version": "1"}),
    get(f"{_VERSIONS}/get-download-uri", {"name": "m", "version": "2"}),
    get(f"{_VERSIONS}/get-download-uri", {"name": "m", "version": "3"}),
    get(f"{_VERSIONS}/get-download-uri", {"name": "n", "version": "1"}),
    get(f"{_VERSIONS}/get-download-uri", {"name": "m", "version": "9"}),
    patch(f"{_VERSIONS}/update", {"name": "m", "version": "1", "description": "new"}),
    patch(f"{_VERSIONS}/update", {"name": "m", "version": "1", "description": ""}),
    patch(f"{_VERSIONS}/update", {"name": "m", "version": "1"}),
    patch(f"{_VERSIONS}/update", {"name": "m", "version": "9", "description": "new"}),
    post(f"{_VERSIONS}/set-tag", {"name": "m", "version": "1", "key": "k", "value": "v"}),
    post(f"{_VERSIONS}/set-tag", {"name": "m", "version": "1", "key": "k", "value": "w"}),
    post(f"{_VERSIONS}/set-tag", {"name": "m", "version": "1", "key": "l", "value": "w"}),
    post(f"{_VERSIONS}/set-tag", {"name": "m", "version": "9", "key": "k", "value": "w"}),
    delete(f"{_VERSIONS}/delete-tag", {"name": "m", "version": "1", "key": "k"}),
    delete(f"{_VERSIONS}/delete-tag", {"name": "m", "version": "1", "key": "k"}),
    delete(f"{_VERSIONS}/delete-tag", {"name": "m", "version": "9", "key": "k"}),
    get(f"{_VERSIONS}/get", {"name": "m", "version": "1"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "best", "version": "2"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "also", "version": "2"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "Latest", "version": "2"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "v12", "version": "2"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "a b", "version": "2"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "x" * 256, "version": "2"}),
    post(f"{_MODELS}/alias", {"name": "m", "version": "2"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "best", "version": "9"}),
    get(f"{_MODELS}/alias", {"name": "m", "alias": "best"}),
    get(f"{_MODELS}/alias", {"name": "m", "alias": "none"}),
    get(f"{_MODELS}/alias", {"name": "nobody", "alias": "best"}),
    get(f"{_MODELS}/alias", {"name": "m", "alias": "LATEST"}),
    get(f"{_MODELS}/get", {"name": "m"}),
    post(f"{_VERSIONS}/create", {"name": "n", "source": "models:/m@best"}),
    delete(f"{_MODELS}/alias", {"name": "m", "alias": "also"}),
    delete(f"{_MODELS}/alias", {"name": "m", "alias": "also"}),
    delete(f"{_MODELS}/alias", {"name": "nobody", "alias": "also"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "best", "version": "3"}),
    post(f"{_VERSIONS}/transition-stage", {"name": "m", "version": "1", "stage": "production"}),
    post(
        f"{_VERSIONS}/transition-stage",
        {"name": "m", "version": "2", "stage": "Production", "archive_existing_versions": True},
    ),
    post(f"{_VERSIONS}/transition-stage", {"name": "m", "version": "2", "stage": "nowhere"}),
    post(f"{_VERSIONS}/transition-stage", {"name": "m", "version": "2"}),
    post(f"{_VERSIONS}/transition-stage", {"name": "m", "version": "9", "stage": "Staging"}),
    post(
        f"{_VERSIONS}/transition-stage",
        {"name": "m", "version": "2", "stage": "none", "archive_existing_versions": True},
    ),
    get(f"{_VERSIONS}/get", {"name": "m", "version": "1"}),
    post(f"{_MODELS}/get-latest-versions", {"name": "m"}),
    get(f"{_MODELS}/get-latest-versions", {"name": "m", "stages": ["Production", "staging"]}),
    post(f"{_MODELS}/get-latest-versions", {"name": "m", "stages": ["nowhere"]}),
    post(f"{_MODELS}/get-latest-versions", {"name": "nobody"}),
    get(f"{_MODELS}/get", {"name": "m"}),
    delete(f"{_VERSIONS}/delete", {"name": "m", "version": "3"}),
    delete(f"{_VERSIONS}/delete", {"name": "m", "version": "3"}),
    delete(f"{_VERSIONS}/delete", {"name": "m", "version": "9"}),
    get(f"{_VERSIONS}/get", {"name": "m", "version": "3"}),
    get(f"{_MODELS}/alias", {"name": "m", "alias": "best"}),
    post(f"{_VERSIONS}/create", {"name": "m", "source": "s3://bucket/model"}),
    get(f"{_MODELS}/get", {"name": "m"}),
    post(f"{_MODELS}/alias", {"name": "m", "alias": "best", "version": "4"}),
    post(f"{_MODELS}/rename", {"name": "m", "new_name": "n"}, own_words=True),
    post(f"{_MODELS}/rename", {"name": "m", "new_name": "a/b"}),
    post(f"{_MODELS}/rename", {"name": "m"}),
    post(f"{_MODELS}/rename", {"name": "nobody", "new_name": "other"}),
    post(f"{_MODELS}/rename", {"name": "m", "new_name": "m"}),
    post(f"{_MODELS}/rename", {"name": "m", "new_name": "moved"}),
    get(f"{_MODELS}/get", {"name": "m"}),
    get(f"{_VERSIONS}/get", {"name": "moved", "version": "2"}),
    get(f"{_MODELS}/alias", {"name": "moved", "alias": "best"}),
    delete(f"{_MODELS}/delete", {"name": "moved"}),
    delete(f"{_MODELS}/delete", {"name": "moved"}),
    post(f"{_MODELS}/create", {"name": "moved"}),
    post(f"{_VERSIONS}/create", {"name": "moved", "source": "s3://bucket/model"}),
    get(f"{_MODELS}/get", {"name": "moved"}),
]

_PROMPT = {"mlflow.prompt.is_prompt": "true"}

_PROMPTS = [
    post(f"{_MODELS}/create", {"name": "p", "tags": pairs(**_PROMPT)}),
    post(f"{_MODELS}/create", {"name": "p", "tags": pairs(**_PROMPT)}),
    post(f"{_MODELS}/create", {"name": "p"}),
    post(
        f"{_VERSIONS}/create",
        {
            "name": "p",
            "source": "dummy-source",
            "tags": pairs(**_PROMPT, **{"mlflow.prompt.text": "Hello {{ name }}"}),
        },
    ),
    post(f"{_MODELS}/set-tag", {"name": "p", "key": "_mlflow_experiment_ids", "value": ",1,"}),
    get(f"{_MODELS}/get", {"name": "p"}),
    get(f"{_VERSIONS}/get", {"name": "p", "version": "1"}),
    get(f"{_MODELS}/alias", {"name": "p", "alias": "latest"}),
]

_ONE = "/logged-models/$model"

_LOGGED = [
    *_BEGIN,
    post("/logged-models", {}),
    post("/logged-models", {"experiment_id": "987654"}),
    post("/logged-models", {"experiment_id": "$experiment", "name": "a/b"}),
    post("/logged-models", {"experiment_id": "$experiment", "name": "it's"}),
    post(
        "/logged-models",
        {"experiment_id": "$experiment"},
        keep={"nameless": "model.info.model_id"},
        unlike=("name",),
    ),
    post(
        "/logged-models",
        {
            "experiment_id": "$experiment",
            "name": "forest",
            "model_type": "agent",
            "source_run_id": "$run",
            "params": pairs(depth="3", alpha="0.1"),
            "tags": pairs(z="1", a="2"),
        },
        keep={"model": "model.info.model_id", "place": "model.info.artifact_uri"},
    ),
    get(_ONE),
    get("/logged-models/m-0"),
    patch(_ONE, {"model_id": "$model"}),
    patch(_ONE, {"model_id": "$model", "status": "LOGGED_MODEL_UPLOAD_FAILED"}),
    patch(_ONE, {"model_id": "$model", "status": "what"}),
    patch(_ONE, {"model_id": "$model", "status": 99}),
    patch(_ONE, {"model_id": "$model", "status": 1}),
    patch(_ONE, {"model_id": "$model", "status": "LOGGED_MODEL_READY"}),
    patch("/logged-models/m-0", {"model_id": "m-0", "status": "LOGGED_MODEL_READY"}),
    patch(f"{_ONE}/tags", {"tags": [*pairs(a="changed", b="1"), *pairs(b="2")]}),
    patch(f"{_ONE}/tags", {"tags": []}),
    patch("/logged-models/m-0/tags", {"tags": pairs(a="1")}),
    delete(f"{_ONE}/tags/z"),
    delete(f"{_ONE}/tags/z"),
    delete("/logged-models/m-0/tags/z"),
    post(f"{_ONE}/params", {"model_id": "$model", "params": pairs(late="1")}),
    post(f"{_ONE}/params", {"model_id": "$model", "params": pairs(late="2")}, own_words=True),
    post("/logged-models/m-0/params", {"model_id": "m-0", "params": pairs(late="1")}),
    get(_ONE),
    post("/runs/outputs", {"run_id": "$run"}),
    post("/runs/outputs", {"models": []}),
    post("/runs/outputs", {"run_id": "nobody", "models": [{"model_id": "$model"}]}),
    post(
        "/runs/outputs",
        {"run_id": "$run", "models": [{"model_id": "$model", "step": 5}, {"model_id": "m-0"}]},
    ),
    get("/runs/get", {"run_id": "$run"}),
    post(f"{_MODELS}/create", {"name": "logged"}),
    post(
        f"{_VERSIONS}/create",
        {"name": "logged", "source": "models:/$model", "run_id": "$run", "model_id": "$model"},
    ),
    post(f"{_VERSIONS}/create", {"name": "logged", "source": "$place", "model_id": "$model"}),
    post(
        f"{_VERSIONS}/create",
        {"name": "logged", "source": "models:/$model", "model_id": "m-0"},
        own_words=True,
    ),
    get(f"{_VERSIONS}/get-download-uri", {"name": "logged", "version": "1"}),
    get(_ONE),
    delete(_ONE),
    get(_ONE),
    get(_ONE, {"allow_deleted": "true"}),
    delete(_ONE),
    delete("/logged-models/m-0"),
]

_METRIC = {"run_id": "$run", "key": "loss", "value": 0.5, "timestamp": 7, "step": 2}

_ON_DATASET = {"dataset_name": "train", "dataset_digest": "d1"}

_METRICS = [
    *_BEGIN,
    post(
        "/logged-models",
        {"experiment_id": "$experiment", "name": "forest"},
        keep={"model": "model.info.model_id"},
    ),
    post("/runs/log-metric", {**_METRIC, "model_id": "$model"}),
    post("/runs/log-metric", {**_METRIC, "model_id": "$model"}),
    post("/runs/log-metric", {**_METRIC, "model_id": "m-0"}, own_words=True),
    post("/runs/log-metric", {**_METRIC, "model_id": "$model", "dataset_name": "train"}),
    post(
        "/runs/log-batch",
        {
            "run_id": "$run",
            "metrics": [
                {**_METRIC, **_ON_DATASET, "key": "a", "model_id": "$model"},
                {**_METRIC, "key": "c", "model_id": "$model", "value": "NaN"},
                {**_METRIC, "key": "d", "model_id": "$model", "value": "Infinity"},
                {**_METRIC, "key": "e", "model_id": "$model", "value": "-Infinity"},
                {**_METRIC, "key": "of the run alone"},
            ],
        },
    ),
    get(_ONE),
    get("/runs/get", {"run_id": "$run"}),
]

_INPUTS = [
    *_BEGIN,
    post("/runs/log-inputs", {}),
    post("/runs/log-inputs", {"run_id": "nobody", "datasets": []}),
    post("/runs/log-inputs", {"run_id": "$run"}),
    get("/runs/get", {"run_id": "$run"}),
    post(
        "/runs/log-inputs",
        {
            "run_id": "$run",
            "datasets": [
                dataset("z", tags=pairs(**{"mlflow.data.context": "train"}), schema="{}"),
                dataset("b", tags=pairs(b="1", a="2"), profile="{}"),
                dataset("b", tags=pairs(c="1")),
            ],
            "models": [{"model_id": "m-1"}],
        },
    ),
    post("/runs/log-inputs", {"run_id": "$run", "datasets": [dataset("b"), dataset("a")]}),
    post("/runs/log-inputs", {"run_id": "$run", "models": [{"model_id": "m-1"}]}),
    post("/runs/log-inputs", {"run_id": "$run", "datasets": [{"dataset": {"name": "bare"}}]}),
    post("/runs/log-inputs", {"run_id": "$run", "datasets": [dataset("x" * 501)]}),
    post("/runs/log-inputs", {"run_id": "$run", "datasets": [dataset("y", digest="x" * 37)]}),
    post(
        "/runs/log-inputs", {"run_id": "$run", "datasets": [dataset("y", tags=pairs(k="x" * 501))]}
    ),
    get("/runs/get", {"run_id": "$run"}),
    post("/runs/delete", {"run_id": "$run"}),
    post("/runs/log-inputs", {"run_id": "$run", "datasets": [dataset("late")]}),
    post("/runs/outputs", {"run_id": "$run", "models": [{"model_id": "m-1"}]}),
]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Api]:
    """Operations on a new database."""
    database = Database(tmp_path / "mlflow.db", str(tmp_path / "mlruns"))
    yield LocalApi(database, _ROUTES)
    database.close()


@pytest.mark.parametrize(
    "steps",
    [_REGISTRY, _PROMPTS, _LOGGED, _METRICS, _INPUTS],
    ids=["registry", "prompts", "logged models", "metrics", "inputs"],
)
def test_answers_are_those_of_a_server(
    steps: list[Step],
    local: Api,
    mlflow_server: str,
) -> None:
    ours, theirs = _Walk(local), _Walk(ServerApi(mlflow_server))
    for step in steps:
        assert ours.go(step) == theirs.go(step), step


class _Walk:
    """Asks one step after the other, and makes answers comparable."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known = {"unique": f"experiment {id(self)}"}

    def go(self, step: Step) -> tuple[int, Any]:
        status, answer = self._api.ask(step.method, self._fill(step.path), self._fill(step.fields))
        for name, path in step.keep.items():
            value: Any = answer
            for part in path.split("."):
                value = value[part]
            self._known[name] = value
        for extra in ("sqlstate", "error_class", *(["message"] if step.own_words else [])):
            answer.pop(extra, None)
        # A column of a later schema than that of new databases.
        answer.get("experiment", {}).pop("workspace", None)
        return status, self._blur(answer, step)

    def _fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._fill(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self._fill(member) for member in value]
        if isinstance(value, str):
            return re.sub(r"\$(\w+)", lambda found: self._known[found[1]], value)
        return value

    def _blur(self, value: Any, step: Step) -> Any:
        if isinstance(value, dict):
            return {
                key: "*"
                if _OTHERS.fullmatch(key) or key in step.unlike
                else self._blur(member, step)
                for key, member in value.items()
            }
        if isinstance(value, list):
            members = [self._blur(member, step) for member in value]
            # Tags, parameters and metrics have no order.
            return sorted(members, key=lambda m: m["key"]) if _have_keys(members) else members
        if isinstance(value, str):
            for name, known in sorted(self._known.items(), key=lambda pair: -len(pair[1])):
                value = value.replace(known, f"${name}") if len(known) > 8 else value
        return value


def _have_keys(members: list[Any]) -> bool:
    return all(isinstance(member, dict) and "key" in member for member in members)
