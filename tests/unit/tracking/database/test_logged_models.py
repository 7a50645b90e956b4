from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.database import logged_models
from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.message import Message
from tests.operations import Json
from tests.unit.tracking.database.registry_store import RUN, Store

PAIRS = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
METRIC = {"key": "loss", "value": 0.5, "timestamp": 7, "step": 2}


def make(store: Store, **fields: Any) -> str:
    answer = store.ask("POST", "/logged-models", experiment_id="0", **fields)
    return str(answer["model"]["info"]["model_id"])


def get(store: Store, model_id: str) -> Json:
    model: Json = store.ask("GET", f"/logged-models/{model_id}")["model"]
    return model


def log(store: Store, *metrics: Json) -> None:
    with store.database.writing() as session:
        run = session.row("SELECT * FROM runs WHERE run_uuid = ?", (RUN,))
        assert run is not None
        logged_models.log_model_metrics(session, run, [Message(metric) for metric in metrics])


def test_a_model_is_found_as_it_was_made(store: Store) -> None:
    model_id = make(
        store, name="forest", model_type="agent", source_run_id=RUN, params=PAIRS, tags=PAIRS
    )
    assert model_id.startswith("m-")
    assert len(model_id) == 34
    model = get(store, model_id)
    created = model["info"].pop("creation_timestamp_ms")
    assert created == model["info"].pop("last_updated_timestamp_ms")
    assert model == {
        "info": {
            "model_id": model_id,
            "experiment_id": "0",
            "name": "forest",
            "artifact_uri": f"/artifacts/0/models/{model_id}/artifacts",
            "status": "LOGGED_MODEL_PENDING",
            "model_type": "agent",
            "source_run_id": RUN,
            "tags": PAIRS,
        },
        "data": {"params": PAIRS},
    }


def test_a_model_without_a_name_gets_one(store: Store) -> None:
    assert get(store, make(store))["info"]["name"]


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"])
def test_no_such_name(store: Store, name: str) -> None:
    code = store.code("POST", "/logged-models", experiment_id="0", name=name)
    assert code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("s3://bucket/a?x=1", "s3://bucket/a/models/{id}/artifacts?x=1"),
        ("mlflow-artifacts:/0", "mlflow-artifacts:/0/models/{id}/artifacts"),
        ("file:///a/b", "file:///a/b/models/{id}/artifacts"),
        ("/a b/ü", "/a b/ü/models/{id}/artifacts"),
        ("relative", "relative/models/{id}/artifacts"),
        ("dbfs:relative", "dbfs:relative/models/{id}/artifacts"),
    ],
)
def test_files_go_below_those_of_the_experiment(store: Store, location: str, place: str) -> None:
    store.change(f"UPDATE experiments SET artifact_location = '{location}'")
    model_id = make(store)
    assert get(store, model_id)["info"]["artifact_uri"] == place.format(id=model_id)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("LOGGED_MODEL_READY", "LOGGED_MODEL_READY"),
        (2, "LOGGED_MODEL_READY"),
        ("LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_UPLOAD_FAILED"),
        ("unknown", "LOGGED_MODEL_STATUS_UNSPECIFIED"),
        (99, "LOGGED_MODEL_STATUS_UNSPECIFIED"),
    ],
)
def test_a_model_is_finished(store: Store, status: str | int, state: str) -> None:
    model_id = make(store)
    answer = store.ask("PATCH", f"/logged-models/{model_id}", status=status)
    assert answer["model"]["info"]["status"] == state
    assert get(store, model_id)["info"]["status"] == state


def test_tags_are_changed_and_deleted(store: Store) -> None:
    model_id = make(store, tags=PAIRS)
    store.ask("PATCH", f"/logged-models/{model_id}/tags", tags=[{"key": "b", "value": "new"}])
    store.ask("DELETE", f"/logged-models/{model_id}/tags/a")
    assert get(store, model_id)["info"]["tags"] == [{"key": "b", "value": "new"}]
    code = store.code("DELETE", f"/logged-models/{model_id}/tags/a")
    assert code == "RESOURCE_DOES_NOT_EXIST"


def test_a_parameter_is_written_once_and_may_be_said_again(store: Store) -> None:
    model_id = make(store, params=PAIRS)
    path = f"/logged-models/{model_id}/params"
    store.ask("POST", path, params=[*PAIRS, {"key": "c", "value": "3"}])
    assert len(get(store, model_id)["data"]["params"]) == 3
    assert store.code("POST", path, params=[{"key": "c", "value": "4"}]) == "BAD_REQUEST"


def test_a_deleted_model_is_found_only_by_who_asks_for_it(store: Store) -> None:
    model_id = make(store)
    path = f"/logged-models/{model_id}"
    store.ask("DELETE", path)
    assert store.code("GET", path) == "RESOURCE_DOES_NOT_EXIST"
    assert store.ask("GET", path, allow_deleted="true")["model"]["info"]["model_id"] == model_id


def test_metrics_belong_to_their_model(store: Store) -> None:
    model_id = make(store)
    dataset = {"dataset_name": "train", "dataset_digest": "d1"}
    log(store, {**METRIC, "model_id": model_id, **dataset}, {**METRIC, "key": "of the run"})
    expected = {**METRIC, **dataset, "model_id": model_id, "run_id": RUN}
    assert get(store, model_id)["data"]["metrics"] == [expected]


@pytest.mark.parametrize(
    ("value", "kept"),
    [("NaN", 0.0), ("Infinity", 1.7976931348623157e308), ("-Infinity", -1.7976931348623157e308)],
)
def test_values_that_the_table_cannot_hold(store: Store, value: str, kept: float) -> None:
    model_id = make(store)
    log(store, {**METRIC, "model_id": model_id, "value": value})
    assert get(store, model_id)["data"]["metrics"][0]["value"] == kept


def test_a_metric_said_again_stays_one(store: Store) -> None:
    model_id = make(store)
    metric = {**METRIC, "model_id": model_id}
    log(store, metric, metric)
    log(store, metric, {**metric, "value": 2.0})
    assert [m["value"] for m in get(store, model_id)["data"]["metrics"]] == [2.0]


def test_no_metric_of_a_model_that_is_not_there(store: Store) -> None:
    with pytest.raises(ApiError, match="Logged model with ID 'm-0' not found") as caught:
        log(store, {**METRIC, "model_id": "m-0"})
    assert caught.value.code == "BAD_REQUEST"


@pytest.mark.parametrize("field", ["dataset_name", "dataset_digest"])
def test_a_dataset_has_a_name_and_a_digest(store: Store, field: str) -> None:
    with pytest.raises(ApiError, match="Both dataset_name and dataset_digest"):
        log(store, {**METRIC, field: "x"})


def test_what_is_not_there_is_said(store: Store) -> None:
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("PATCH", "/tags"),
        ("DELETE", "/tags/k"),
        ("POST", "/params"),
    ):
        code = store.code(method, f"/logged-models/m-0{path}", status=2)
        assert code == "RESOURCE_DOES_NOT_EXIST"
    code = store.code("POST", "/logged-models", experiment_id="17")
    assert code == "RESOURCE_DOES_NOT_EXIST"


def test_an_older_schema_has_no_models_and_says_how_it_could(tmp_path: Path, store: Store) -> None:
    for table in ("tags", "params", "metrics"):
        store.change(f"DROP TABLE logged_model_{table}")
    store.change("DROP TABLE logged_models")
    error = store.error("POST", "/logged-models", experiment_id="0")
    assert f"mlflow db upgrade sqlite:///{tmp_path}/mlflow.db" in error["message"]
    models = [{"model_id": "m-0"}]
    for path in ("/runs/outputs", "/runs/log-inputs"):
        error = store.error("POST", path, run_id=RUN, models=models)
        assert "mlflow db upgrade" in error["message"]
    with pytest.raises(ApiError, match="mlflow db upgrade"):
        log(store, {**METRIC, "model_id": "m-0"})
    log(store, METRIC)
    assert store.code("GET", "/logged-models/m-0") == "RESOURCE_DOES_NOT_EXIST"
