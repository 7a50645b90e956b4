from __future__ import annotations

from typing import Any

import pytest

from mlrun.tracking.database import inputs
from tests.operations import Json
from tests.unit.tracking.database.registry_store import RUN, Store

TRAIN = [{"key": "mlflow.data.context", "value": "train"}]


def dataset(name: str, **fields: Any) -> Json:
    return {"name": name, "digest": "d1", "source_type": "local", "source": "{}", **fields}


def log(store: Store, *entries: Json, run: str = RUN) -> None:
    store.ask("POST", "/runs/log-inputs", run_id=run, datasets=list(entries))


def read(store: Store, *run_ids: str, with_models: bool = True) -> dict[str, Json]:
    with store.database.reading() as session:
        return inputs.inputs_json(session, run_ids or (RUN,), with_models=with_models)


def made(store: Store, *run_ids: str) -> dict[str, Json]:
    with store.database.reading() as session:
        return inputs.outputs_json(session, run_ids or (RUN,))


def add_run(store: Store, run_id: str, experiment: int = 0) -> None:
    store.change(
        "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage, status, source_type) "
        f"VALUES ('{run_id}', {experiment}, 'active', 'RUNNING', 'LOCAL')"
    )


def test_a_run_without_inputs(store: Store) -> None:
    assert read(store, RUN, "other") == {RUN: {}, "other": {}}
    assert made(store, RUN, "other") == {RUN: {}, "other": {}}


def test_datasets_are_read_as_they_were_logged(store: Store) -> None:
    full = dataset("z", schema="{}", profile="[]")
    log(store, {"dataset": full, "tags": TRAIN}, {"dataset": dataset("a")})
    entries = [{"dataset": full, "tags": TRAIN}, {"dataset": dataset("a")}]
    assert read(store) == {RUN: {"dataset_inputs": entries}}


def test_a_dataset_is_connected_once_with_its_first_tags(store: Store) -> None:
    log(store, {"dataset": dataset("a"), "tags": TRAIN}, {"dataset": dataset("a")})
    log(store, {"dataset": dataset("a", source="changed"), "tags": [{"key": "k", "value": "v"}]})
    assert read(store)[RUN]["dataset_inputs"] == [{"dataset": dataset("a"), "tags": TRAIN}]


def test_another_digest_is_another_dataset(store: Store) -> None:
    log(store, {"dataset": dataset("a")}, {"dataset": dataset("a", digest="d2")})
    assert len(read(store)[RUN]["dataset_inputs"]) == 2


def test_runs_of_an_experiment_share_a_dataset(store: Store) -> None:
    store.change(
        "INSERT INTO experiments (experiment_id, name, artifact_location, "
        "lifecycle_stage) VALUES (5, 'five', '/five', 'active')"
    )
    for run_id, experiment in (("second", 0), ("third", 5)):
        add_run(store, run_id, experiment)
    for run_id in (RUN, "second", "third"):
        log(store, {"dataset": dataset("a")}, run=run_id)
    counted = store.rows("SELECT experiment_id, COUNT(*) FROM datasets GROUP BY 1 ORDER BY 1")
    assert counted == [(0, 1), (5, 1)]
    found = read(store, RUN, "second", "third")
    assert {str(entry) for entry in found.values()} == {
        str({"dataset_inputs": [{"dataset": dataset("a")}]})
    }


@pytest.mark.parametrize(
    ("field", "longest"), [("name", 500), ("digest", 36), ("source", 65535), ("schema", 1048575)]
)
def test_longest_texts(store: Store, field: str, longest: int) -> None:
    log(
        store,
        {"dataset": dataset("a", **{field: "x" * longest})}
        if field != "name"
        else {"dataset": {**dataset("a"), "name": "x" * longest}},
    )
    entry = {"dataset": {**dataset("a"), field: "x" * (longest + 1)}}
    code = store.code("POST", "/runs/log-inputs", run_id=RUN, datasets=[entry])
    assert code == "INVALID_PARAMETER_VALUE"


def test_longest_tags(store: Store) -> None:
    for tag in ({"key": "k" * 256, "value": "v"}, {"key": "k", "value": "v" * 501}):
        entry = {"dataset": dataset("a"), "tags": [tag]}
        code = store.code("POST", "/runs/log-inputs", run_id=RUN, datasets=[entry])
        assert code == "INVALID_PARAMETER_VALUE"


def test_models_that_a_run_read(store: Store) -> None:
    for _ in range(2):
        store.ask("POST", "/runs/log-inputs", run_id=RUN, models=[{"model_id": "m-1"}])
    assert read(store) == {RUN: {"model_inputs": [{"model_id": "m-1"}]}}
    assert read(store, with_models=False) == {RUN: {}}
    assert made(store) == {RUN: {}}


def test_models_that_a_run_made(store: Store) -> None:
    models = [{"model_id": "m-1", "step": 3}, {"model_id": "m-2"}]
    for _ in range(2):
        store.ask("POST", "/runs/outputs", run_id=RUN, models=models)
    expected = [{"model_id": "m-1", "step": 3}, {"model_id": "m-2", "step": 0}]
    assert made(store) == {RUN: {"model_outputs": expected}}
    assert read(store) == {RUN: {}}


def test_many_runs_are_read_at_once(store: Store) -> None:
    run_ids = [f"run{number}" for number in range(40_000)]
    assert len(read(store, *run_ids)) == len(made(store, *run_ids)) == 40_000


@pytest.mark.parametrize("path", ["/runs/log-inputs", "/runs/outputs"])
def test_only_an_active_run_has_inputs_and_outputs(store: Store, path: str) -> None:
    models = [{"model_id": "m-1"}]
    code = store.code("POST", path, run_id="nobody", models=models)
    assert code == "RESOURCE_DOES_NOT_EXIST"
    store.change("UPDATE runs SET lifecycle_stage = 'deleted'")
    assert store.code("POST", path, run_id=RUN, models=models) == "INVALID_PARAMETER_VALUE"


def test_an_older_schema_has_no_datasets_and_says_how_it_could(store: Store) -> None:
    for table in ("input_tags", "inputs", "datasets"):
        store.change(f"DROP TABLE {table}")
    assert read(store) == made(store) == {RUN: {}}
    entries = [{"dataset": dataset("a")}]
    error = store.error("POST", "/runs/log-inputs", run_id=RUN, datasets=entries)
    assert "mlflow db upgrade" in error["message"]
    log(store)
