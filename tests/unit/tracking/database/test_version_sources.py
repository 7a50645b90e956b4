from __future__ import annotations

import pytest

from tests.unit.tracking.database.registry_store import RUN, Store


@pytest.fixture
def versions(store: Store) -> Store:
    """Model `m` with three versions, the second in production and called best."""
    store.model("m")
    store.model("copy")
    for number in (1, 2, 3):
        store.version("m", f"s3://bucket/{number}", run_id=f"run {number}")
    path = "/model-versions/transition-stage"
    store.ask("POST", path, name="m", version="2", stage="Production")
    store.ask("POST", "/registered-models/alias", name="m", alias="best", version="2")
    return store


def download_uri(store: Store, version: str) -> str:
    path = "/model-versions/get-download-uri"
    return str(store.ask("GET", path, name="copy", version=version)["artifact_uri"])


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("models:/m/1", 1),
        ("models:/m/production", 2),
        ("models:/m@best", 2),
        ("models:/m/latest", 3),
        ("models:/m@latest", 3),
    ],
)
def test_a_version_is_copied_with_its_files_and_its_run(
    versions: Store, source: str, number: int
) -> None:
    copied = versions.version("copy", source)
    assert copied["source"] == f"models:/m/{number}"
    assert copied["run_id"] == f"run {number}"
    assert download_uri(versions, "1") == f"s3://bucket/{number}"


def test_a_copy_of_a_copy_has_the_files_of_the_first(versions: Store) -> None:
    versions.version("copy", "models:/m/1")
    versions.version("copy", "models:/copy/1")
    assert download_uri(versions, "2") == "s3://bucket/1"


@pytest.mark.parametrize(
    "source", ["models:/m/9", "models:/nobody/1", "models:/m/archived", "models:/m-0123"]
)
def test_no_version_of_what_is_not_there(versions: Store, source: str) -> None:
    code = versions.code("POST", "/model-versions/create", name="copy", source=source)
    assert code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    "source",
    ["models:", "models:/", "models:/m/1/2", "s3://bucket/../1", "s3://bucket/%2e%2e/1"],
)
def test_no_version_of_a_source_that_means_nothing(versions: Store, source: str) -> None:
    code = versions.code("POST", "/model-versions/create", name="copy", source=source)
    assert code == "INVALID_PARAMETER_VALUE"


def test_a_source_belongs_to_the_run_that_is_named(versions: Store) -> None:
    path = "/model-versions/create"
    assert (
        versions.code("POST", path, name="copy", source="models:/m/1", run_id="run 2")
        == "INVALID_PARAMETER_VALUE"
    )


def test_a_logged_model_brings_its_run(store: Store) -> None:
    store.model("copy")
    made = store.ask("POST", "/logged-models", experiment_id="0", source_run_id=RUN)
    info = made["model"]["info"]
    version = store.version("copy", f"models:/{info['model_id']}")
    assert version["run_id"] == RUN
    assert download_uri(store, "1") == info["artifact_uri"]


def test_a_local_path_is_taken_as_it_is(versions: Store) -> None:
    versions.version("copy", "/home/me/model")
    assert download_uri(versions, "1") == "/home/me/model"


def test_the_source_of_a_prompt_is_no_place(versions: Store) -> None:
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    assert versions.version("copy", "models:/whatever", tags=tags)["source"] == "models:/whatever"
