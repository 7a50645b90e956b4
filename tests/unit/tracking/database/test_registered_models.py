from __future__ import annotations

import pytest

from tests.unit.tracking.database.registry_store import Store

TAGS = [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]
PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]


def test_a_model_is_found_as_it_was_made(store: Store) -> None:
    store.model("m", tags=TAGS, description="what it is")
    model = store.get("m")
    assert model.pop("creation_timestamp") == model.pop("last_updated_timestamp")
    tags = sorted(TAGS, key=lambda tag: tag["key"])
    assert model == {"name": "m", "description": "what it is", "tags": tags}


def test_a_name_is_given_once(store: Store) -> None:
    store.model("m")
    error = store.error("POST", "/registered-models/create", name="m")
    assert error["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert error["message"] == "Registered Model (name=m) already exists."


def test_a_prompt_and_a_model_cannot_have_one_name(store: Store) -> None:
    store.model("p", tags=PROMPT)
    error = store.error("POST", "/registered-models/create", name="p")
    assert error["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert "already taken by a prompt" in error["message"]
    again = store.error("POST", "/registered-models/create", name="p", tags=PROMPT)
    assert again["message"] == "Prompt (name=p) already exists."


def test_a_renamed_model_keeps_all_it_has(store: Store) -> None:
    store.model("old", tags=TAGS)
    store.version("old", tags=TAGS)
    store.ask("POST", "/registered-models/alias", name="old", alias="best", version="1")
    store.ask("POST", "/registered-models/rename", name="old", new_name="new")
    model = store.get("new")
    assert model["aliases"] == [{"alias": "best", "version": "1"}]
    assert len(model["tags"]) == len(model["latest_versions"][0]["tags"]) == 2
    assert store.code("GET", "/registered-models/get", name="old") == "RESOURCE_DOES_NOT_EXIST"
    tables = ("registered_models", "model_versions", "registered_model_tags", "model_version_tags")
    for table in (*tables, "registered_model_aliases"):
        assert store.rows(f"SELECT DISTINCT name FROM {table}") == [("new",)]


def test_no_model_is_renamed_to_one_that_there_is(store: Store) -> None:
    store.model("a")
    store.model("b")
    code = store.code("POST", "/registered-models/rename", name="a", new_name="b")
    assert code == "RESOURCE_ALREADY_EXISTS"


def test_nothing_is_left_of_a_deleted_model(store: Store) -> None:
    store.model("m", tags=TAGS)
    store.version("m", tags=TAGS)
    store.ask("POST", "/registered-models/alias", name="m", alias="best", version="1")
    store.ask("DELETE", "/registered-models/delete", name="m")
    tables = ("registered_models", "model_versions", "registered_model_tags", "model_version_tags")
    for table in (*tables, "registered_model_aliases"):
        assert store.rows(f"SELECT * FROM {table}") == []
    store.model("m")
    assert store.version("m")["version"] == "1"


def test_tags_are_changed_and_deleted(store: Store) -> None:
    store.model("m", tags=TAGS)
    store.ask("POST", "/registered-models/set-tag", name="m", key="a", value="new")
    store.ask("DELETE", "/registered-models/delete-tag", name="m", key="b")
    store.ask("DELETE", "/registered-models/delete-tag", name="m", key="never there")
    assert store.get("m")["tags"] == [{"key": "a", "value": "new"}]


def test_an_alias_moves(store: Store) -> None:
    store.model("m")
    store.version("m")
    store.version("m")
    for version in ("1", "2"):
        store.ask("POST", "/registered-models/alias", name="m", alias="best", version=version)
        found = store.ask("GET", "/registered-models/alias", name="m", alias="best")
        assert found["model_version"]["version"] == version
        assert found["model_version"]["aliases"] == ["best"]
    store.ask("DELETE", "/registered-models/alias", name="m", alias="best")
    code = store.code("GET", "/registered-models/alias", name="m", alias="best")
    assert code == "INVALID_PARAMETER_VALUE"


def test_latest_needs_no_alias(store: Store) -> None:
    store.model("m")
    code = store.code("GET", "/registered-models/alias", name="m", alias="latest")
    assert code == "RESOURCE_DOES_NOT_EXIST"
    for _ in range(11):
        store.version("m")
    store.ask("POST", "/model-versions/transition-stage", name="m", version="3", stage="Staging")
    found = store.ask("GET", "/registered-models/alias", name="m", alias="Latest")
    assert found["model_version"]["version"] == "11"


def test_the_newest_version_of_each_stage(store: Store) -> None:
    store.model("m")
    for _ in range(4):
        store.version("m")
    for version, stage in (("2", "Staging"), ("1", "Production")):
        path = "/model-versions/transition-stage"
        store.ask("POST", path, name="m", version=version, stage=stage)
    found = store.ask("POST", "/registered-models/get-latest-versions", name="m")
    stages = {v["current_stage"]: v["version"] for v in found["model_versions"]}
    assert stages == {"Production": "1", "Staging": "2", "None": "4"}
    found = store.ask("GET", "/registered-models/get-latest-versions", name="m", stages="staging")
    assert [version["version"] for version in found["model_versions"]] == ["2"]
    assert (
        store.ask("GET", "/registered-models/get-latest-versions", name="m", stages=["archived"])
        == {}
    )


def test_the_first_clients_find_the_latest_version(store: Store) -> None:
    store.model("m")
    store.version("m")
    store.version("m")
    store.ask("POST", "/model-versions/transition-stage", name="m", version="1", stage="Staging")
    path = "/registered-models/get-latest-versions"
    found = store.ask("GET", path, name="m", stages="latest")
    assert [version["version"] for version in found["model_versions"]] == ["2"]


def test_the_first_clients_list_models_and_no_prompts(store: Store) -> None:
    assert store.ask("GET", "/registered-models/list", max_results="2") == {}
    store.model("prompt", tags=PROMPT)
    for name in "cab":
        store.model(name)
    page = store.ask("GET", "/registered-models/list", max_results="2")
    assert [model["name"] for model in page["registered_models"]] == ["a", "b"]
    token = page["next_page_token"]
    page = store.ask("GET", "/registered-models/list", max_results="2", page_token=token)
    assert [model["name"] for model in page["registered_models"]] == ["c"]
    assert "next_page_token" not in page


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "get", {}),
        ("PATCH", "update", {"description": "new"}),
        ("POST", "rename", {"new_name": "other"}),
        ("DELETE", "delete", {}),
        ("GET", "get-latest-versions", {}),
        ("POST", "set-tag", {"key": "k", "value": "v"}),
        ("DELETE", "delete-tag", {"key": "k"}),
        ("POST", "alias", {"alias": "best", "version": "1"}),
        ("DELETE", "alias", {"alias": "best"}),
        ("GET", "alias", {"alias": "best"}),
    ],
)
def test_what_is_not_there_is_said(
    store: Store, method: str, path: str, fields: dict[str, str]
) -> None:
    code = store.code(method, f"/registered-models/{path}", name="nobody", **fields)
    assert code == "RESOURCE_DOES_NOT_EXIST"
