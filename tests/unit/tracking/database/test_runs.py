"""Runs on a real database; their answers are compared with a real server's elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.tracking.database import runs
from mlrun.tracking.database.session import Database
from tests.operations import Json, LocalApi


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "mlflow.db", "/artifacts")
    yield database
    database.close()


@pytest.fixture
def api(database: Database) -> LocalApi:
    return LocalApi(database, runs.ROUTES)


def make(api: LocalApi, **fields: object) -> Json:
    status, answer = api.ask("POST", "/runs/create", fields)
    assert status == 200, answer
    run: Json = answer["run"]
    return run


def test_run_says_its_id_in_the_words_of_all_versions(api: LocalApi) -> None:
    info = make(api, start_time="123", user_id="ada")["info"]
    assert info["run_id"] == info["run_uuid"]
    assert info["artifact_uri"] == f"/artifacts/0/{info['run_id']}/artifacts"
    assert (info["status"], info["start_time"], info["user_id"]) == ("RUNNING", 123, "ada")
    assert "end_time" not in info


def test_run_without_a_name_is_given_one_in_row_and_tag(api: LocalApi) -> None:
    run = make(api)
    assert run["info"]["run_name"]
    assert run["data"]["tags"] == [{"key": "mlflow.runName", "value": run["info"]["run_name"]}]


def test_whole_runs_come_in_the_order_asked_for(api: LocalApi, database: Database) -> None:
    ids = [make(api, tags=[{"key": "n", "value": str(n)}])["info"]["run_id"] for n in range(5)]
    asked = [ids[3], "unknown", ids[0], ids[4]]
    with database.reading() as session:
        found = runs.run_json(session, asked)
        assert runs.run_json(session, []) == []
    assert [run["info"]["run_id"] for run in found] == [ids[3], ids[0], ids[4]]
    assert [run["data"]["tags"][0]["value"] for run in found] == ["3", "0", "4"]


@pytest.mark.parametrize(
    ("given", "expected"), [("KILLED", "KILLED"), (3, "FINISHED"), ("4", "FAILED")]
)
def test_status_by_name_and_by_number(api: LocalApi, given: object, expected: str) -> None:
    run_id = make(api)["info"]["run_id"]
    fields = {"run_id": run_id, "status": given, "end_time": "9"}
    status, answer = api.ask("POST", "/runs/update", fields)
    assert status == 200
    assert (answer["run_info"]["status"], answer["run_info"]["end_time"]) == (expected, 9)
    fields["status"] = "DANCING"
    assert api.ask("POST", "/runs/update", fields)[0] == 400


def test_two_names_that_differ_are_refused(api: LocalApi) -> None:
    fields = {"run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]}
    status, answer = api.ask("POST", "/runs/create", fields)
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
