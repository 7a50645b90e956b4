"""Experiments on a real database; their answers are compared with a real server's elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.database import experiments, runs
from mlrun.tracking.database.session import Database
from tests.operations import Json, LocalApi


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LocalApi]:
    database = Database(tmp_path / "mlflow.db", "/artifacts")
    yield LocalApi(database, [*experiments.ROUTES, *runs.ROUTES])
    database.close()


def ask(api: LocalApi, method: str, path: str, **fields: Any) -> Json:
    status, answer = api.ask(method, path, fields)
    assert status == 200, answer
    return answer


def make(api: LocalApi, name: str, **fields: Any) -> str:
    return str(ask(api, "POST", "/experiments/create", name=name, **fields)["experiment_id"])


def test_ids_count_up_and_locations_follow(api: LocalApi) -> None:
    assert [make(api, name) for name in ("a", "b")] == ["1", "2"]
    found = ask(api, "GET", "/experiments/get-by-name", experiment_name="b")["experiment"]
    assert found["artifact_location"] == "/artifacts/2"
    assert found["lifecycle_stage"] == "active"
    assert found["creation_time"] == found["last_update_time"]


def test_relative_location_is_beside_the_user(
    api: LocalApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    number = make(api, "a", artifact_location="./here")
    found = ask(api, "GET", "/experiments/get", experiment_id=number)["experiment"]
    assert found["artifact_location"] == f"{tmp_path}/here"


def test_name_of_a_deleted_experiment_stays_taken(api: LocalApi) -> None:
    number = make(api, "a")
    ask(api, "POST", "/experiments/delete", experiment_id=number)
    status, answer = api.ask("POST", "/experiments/create", {"name": "a"})
    assert (status, answer["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "deleted" in answer["message"]
    status, answer = api.ask("POST", "/experiments/update", {"experiment_id": "0", "new_name": "a"})
    assert (status, answer["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")


def test_runs_share_the_fate_of_their_experiment(api: LocalApi) -> None:
    number = make(api, "a")
    run = ask(api, "POST", "/runs/create", experiment_id=number)["run"]["info"]["run_id"]
    for what, stage in (("delete", "deleted"), ("restore", "active")):
        ask(api, "POST", f"/experiments/{what}", experiment_id=number)
        info = ask(api, "GET", "/runs/get", run_id=run)["run"]["info"]
        assert info["lifecycle_stage"] == stage


@pytest.mark.parametrize(
    ("view", "expected"),
    [("", ["0", "2"]), ("DELETED_ONLY", ["1"]), ("ALL", ["0", "1", "2"])],
)
def test_list_of_clients_of_mlflow_1(api: LocalApi, view: str, expected: list[str]) -> None:
    make(api, "a", tags=[{"key": "k", "value": "v"}])
    make(api, "b")
    ask(api, "POST", "/experiments/delete", experiment_id="1")
    fields = {"view_type": view} if view else {}
    found = ask(api, "GET", "/experiments/list", **fields)["experiments"]
    assert [experiment["experiment_id"] for experiment in found] == expected
    tags = [experiment.get("tags") for experiment in found if experiment["experiment_id"] == "1"]
    assert all(tag == [{"key": "k", "value": "v"}] for tag in tags)
    assert api.ask("GET", "/experiments/list", {"view_type": "SOME"})[0] == 400


def test_id_beyond_what_a_database_counts(api: LocalApi) -> None:
    status, answer = api.ask("GET", "/experiments/get", {"experiment_id": "9" * 30})
    assert (status, answer["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
