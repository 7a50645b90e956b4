from __future__ import annotations

import json

import pytest

from tests.unit.tracking.database.registry_store import RUN, Store

TAGS = [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]
PATH = "/model-versions"


@pytest.fixture
def named(store: Store) -> Store:
    store.model("m")
    return store


def test_a_version_is_ready_at_once(named: Store) -> None:
    version = named.version("m", "s3://bucket/m", run_id=RUN, tags=TAGS, description="first")
    assert version.pop("creation_timestamp") == version.pop("last_updated_timestamp")
    assert version == {
        "name": "m",
        "version": "1",
        "current_stage": "None",
        "description": "first",
        "source": "s3://bucket/m",
        "run_id": RUN,
        "run_link": "",
        "status": "READY",
        "tags": sorted(TAGS, key=lambda tag: tag["key"]),
    }


def test_a_version_changes_its_model(named: Store) -> None:
    named.change("UPDATE registered_models SET last_updated_time = 1")
    named.version("m")
    assert named.get("m")["last_updated_timestamp"] > 1


def test_a_deleted_version_tells_nothing_and_keeps_its_number(named: Store) -> None:
    named.version("m", run_id=RUN, description="secret", run_link="http://secret")
    named.ask("POST", "/registered-models/alias", name="m", alias="best", version="1")
    named.ask("DELETE", f"{PATH}/delete", name="m", version="1")
    assert named.code("GET", f"{PATH}/get", name="m", version="1") == "RESOURCE_DOES_NOT_EXIST"
    assert "secret" not in str(named.rows("SELECT * FROM model_versions"))
    assert RUN not in str(named.rows("SELECT * FROM model_versions"))
    assert "aliases" not in named.get("m")
    assert "latest_versions" not in named.get("m")
    assert named.version("m")["version"] == "2"


def test_a_version_archives_those_in_its_stage(named: Store) -> None:
    for _ in range(3):
        named.version("m")
    path = f"{PATH}/transition-stage"
    named.ask("POST", path, name="m", version="1", stage="Production")
    named.ask("POST", path, name="m", version="3", stage="Staging")
    named.ask(
        "POST", path, name="m", version="2", stage="production", archive_existing_versions=True
    )
    stages = named.rows("SELECT current_stage FROM model_versions ORDER BY version")
    assert stages == [("Archived",), ("Production",), ("Staging",)]


@pytest.mark.parametrize("stage", ["None", "Archived"])
def test_nothing_is_archived_for_a_stage_that_is_not_active(named: Store, stage: str) -> None:
    named.version("m")
    path = f"{PATH}/transition-stage"
    fields = {"name": "m", "version": "1", "stage": stage, "archive_existing_versions": True}
    assert "is not an Active stage" in named.error("POST", path, **fields)["message"]


def test_tags_are_changed_and_deleted(named: Store) -> None:
    named.version("m", tags=TAGS)
    named.version("m", tags=TAGS)
    named.ask("POST", f"{PATH}/set-tag", name="m", version="1", key="a", value="new")
    named.ask("DELETE", f"{PATH}/delete-tag", name="m", version="1", key="b")
    first = named.ask("GET", f"{PATH}/get", name="m", version="1")["model_version"]
    assert first["tags"] == [{"key": "a", "value": "new"}]
    second = named.ask("GET", f"{PATH}/get", name="m", version="2")["model_version"]
    assert len(second["tags"]) == 2


def test_a_description_is_changed_and_taken_away(named: Store) -> None:
    named.version("m", description="first")
    path = f"{PATH}/update"
    changed = named.ask("PATCH", path, name="m", version="1", description="second")
    assert changed["model_version"]["description"] == "second"
    assert "description" not in named.ask("PATCH", path, name="m", version="1")["model_version"]


def test_a_logged_model_knows_its_versions(named: Store) -> None:
    logged = named.ask("POST", "/logged-models", experiment_id="0", source_run_id=RUN)
    info = logged["model"]["info"]
    model_id = info["model_id"]
    first = named.version("m", f"models:/{model_id}", model_id=model_id)
    assert first["run_id"] == RUN
    named.version("m", info["artifact_uri"], model_id=model_id)
    found = named.ask("GET", f"/logged-models/{model_id}")["model"]["info"]
    tags = {tag["key"]: tag["value"] for tag in found["tags"]}
    noted = [{"name": "m", "version": 1}, {"name": "m", "version": 2}]
    assert json.loads(tags["mlflow.modelVersions"]) == noted


@pytest.mark.parametrize("text", ["no JSON", "{}"])
def test_what_others_wrote_there_is_replaced(named: Store, text: str) -> None:
    tags = [{"key": "mlflow.modelVersions", "value": text}]
    logged = named.ask("POST", "/logged-models", experiment_id="0", tags=tags)["model"]["info"]
    model_id = logged["model_id"]
    named.version("m", f"models:/{model_id}", model_id=model_id)
    found = named.ask("GET", f"/logged-models/{model_id}")["model"]["info"]["tags"]
    assert json.loads(found[0]["value"]) == [{"name": "m", "version": 1}]


def test_no_version_of_a_logged_model_that_is_not_there(named: Store) -> None:
    fields = {"name": "m", "source": "s3://bucket/m", "run_id": RUN, "model_id": "m-0"}
    assert named.code("POST", f"{PATH}/create", **fields) == "RESOURCE_DOES_NOT_EXIST"
    assert named.rows("SELECT * FROM model_versions") == []


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "get", {}),
        ("PATCH", "update", {"description": "new"}),
        ("DELETE", "delete", {}),
        ("POST", "transition-stage", {"stage": "Staging"}),
        ("POST", "set-tag", {"key": "k", "value": "v"}),
        ("DELETE", "delete-tag", {"key": "k"}),
        ("GET", "get-download-uri", {}),
    ],
)
def test_what_is_not_there_is_said(
    named: Store, method: str, path: str, fields: dict[str, str]
) -> None:
    code = named.code(method, f"{PATH}/{path}", name="m", version="9", **fields)
    assert code == "RESOURCE_DOES_NOT_EXIST"
