"""Each address of artifacts leads to what MLflow's own client downloads by it, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import InputError, TrackingRefusedError
from mlrun.tracking.remote_artifacts import resolve_artifacts
from mlrun.tracking.target import resolve_target
from tests.artifact_scripts import LOG, downloaded, gathered
from tests.mlflow_fixtures import MlflowClient, MlflowServer

ADDRESSES = (
    "runs:/{run_id}/data",
    "runs:/{run_id}/data/",
    "runs:/{run_id}/data/deep",
    "runs:/{run_id}/data/deep/deep",
    "runs:/{run_id}/data/big.bin",
    "runs:/{run_id}/data/empty.txt",
    "runs:/{run_id}/data/deep/with space, and ü.txt",
    "runs:/{run_id}/100%.txt",
    "runs:/{run_id}/alone",
    "runs:/{run_id}/single.csv",
    "runs:/{run_id}/model",
    "runs:/{run_id}/model/MLmodel",
    "models:/churn/1",
    "models:/churn/1/MLmodel",
    "models:/churn/2/deep",
    "models:/churn/latest",
    "models:/churn/Production",
    "models:/churn/production/deep/deep",
    "models:/churn@champion",
    "models:/churn@champion/MLmodel",
)


@dataclass(frozen=True)
class Logged:
    """A store with artifacts in it.

    Attributes:
        target: The store.
        variables: For MLflow's client.
        said: The ids of what is in it.
    """

    client: MlflowClient
    target: str
    variables: dict[str, str]
    said: dict[str, Any]

    def address(self, form: str) -> str:
        return form.format(**self.said)

    def resolve(self, form: str, **environ: str) -> Any:
        return resolve_artifacts(self.address(form), self.target, {**os.environ, **environ})


@pytest.fixture(scope="session", params=["server", "database", "file store"])
def store(
    request: pytest.FixtureRequest,
    mlflow_client: MlflowClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Logged]:
    """Stores of each kind, made by MLflow 2 and 3."""
    folder = tmp_path_factory.mktemp("logged")
    server = None
    if request.param == "server":
        server = MlflowServer(mlflow_client, folder)
        server.start()
        target = server.address
    elif request.param == "database":
        target = f"sqlite:///{folder}/mlflow.db"
    else:
        target = (folder / "mlruns").as_uri()
    variables = {"MLFLOW_TRACKING_URI": target, "MLFLOW_ALLOW_FILE_STORE": "true"}
    script = f"import os; os.chdir({str(folder)!r})\n{LOG}"
    yield Logged(mlflow_client, target, variables, mlflow_client.run(script, variables))
    if server is not None:
        server.stop()


def test_each_address_leads_to_what_mlflow_downloads(store: Logged) -> None:
    forms = [*ADDRESSES, *(["models:/{model_id}"] if store.said["model_id"] else [])]
    addresses = [store.address(form) for form in forms]
    expected = downloaded(store.client, store.variables, *addresses)
    for address, form in zip(addresses, forms, strict=True):
        assert gathered(store.resolve(form)) == expected[address], address
    assert all(expected.values())


@pytest.mark.parametrize(
    ("form", "message", "hint"),
    [
        ("runs:/" + "0" * 32, "there is no run 000", "of another tracking store"),
        ("runs:/{run_id}f/x", "there is no run", "have 32 digits from 0 to f, and this has 33"),
        ("runs:/{gone}/single.csv", "is deleted", "mlflow runs restore --run-id"),
        ("runs:/{run_id}/date", "there is nothing at runs:/", "did you mean data? there are: 100%"),
        ("runs:/{run_id}/data/deep/x", "there is nothing at", "there are: deep, with space, and ü"),
        ("runs:/{run_id}/alone/single.csv/x", "there are no artifacts at", ""),
        ("models:/chrun/1", "there is no registered model 'chrun'", "did you mean churn?"),
        ("models:/churn/7", "has no version 7", "its versions: 1, 2, 3"),
        ("models:/churn@chamption", "no alias 'chamption'", "did you mean champion? its aliases"),
        ("models:/churn/Productoin", "no version in the stage", "did you mean Production?"),
        ("models:/churn/Archived", "no version in the stage 'Archived'", "its stages: Production"),
        ("models:/m-" + "0" * 32, "there is no logged model m-000", "came with MLflow 3"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(
    store: Logged, form: str, message: str, hint: str
) -> None:
    with pytest.raises((TrackingRefusedError, InputError)) as refusal:
        gathered(store.resolve(form))
    assert message in refusal.value.message
    assert hint in (refusal.value.hint or "")


def test_a_run_without_artifacts_says_so(store: Logged) -> None:
    if store.target.startswith("file:"):
        assert gathered(store.resolve("runs:/{empty}")) == {}
        return
    with pytest.raises((TrackingRefusedError, InputError), match="there are no artifacts at runs"):
        gathered(store.resolve("runs:/{empty}"))


def test_a_whole_run_is_an_address_too(store: Logged) -> None:
    found = gathered(store.resolve("runs:/{run_id}"))
    assert {"100%.txt", "alone/single.csv", "data/deep/deep"} <= set(found)


def test_an_address_of_the_servers_own_files(store: Logged) -> None:
    if not store.said["artifact_uri"].startswith("mlflow-artifacts:"):
        with pytest.raises(TrackingRefusedError, match="is what an MLflow server passes on"):
            store.resolve("mlflow-artifacts:/0/x")
        return
    found = store.resolve("{artifact_uri}/data")
    assert gathered(found) == gathered(store.resolve("runs:/{run_id}/data"))
    assert {file.version for file in found.files()} == {None}


def test_what_has_ended_has_a_version_that_stays(store: Logged) -> None:
    forms = ("runs:/{run_id}/data", "models:/churn/1", "models:/churn/2", "models:/churn@champion")
    found = [store.resolve(form) for form in forms]
    if any(isinstance(data, Path) for data in found):
        return
    versions = [{file.version for file in data.files()} for data in found]
    assert all(len(of_one) == 1 for of_one in versions)
    assert len({next(iter(of_one)) for of_one in versions}) == 3
    assert found[1].key == found[3].key
    assert versions[1] == versions[3]
    assert [data.name for data in found] == ["data", "churn", "churn", "churn"]


def test_the_registry_may_be_another_store_than_the_runs(store: Logged, tmp_path: Path) -> None:
    elsewhere = f"sqlite:///{tmp_path}/other.db"
    # What the server passes on is asked of the tracking server.
    if store.target.startswith("http"):
        return
    environ = {**os.environ, "MLFLOW_REGISTRY_URI": store.target}
    found = resolve_artifacts("models:/churn/2/deep", elsewhere, environ)
    assert gathered(found) == gathered(store.resolve("models:/churn/2/deep"))
    assert not (tmp_path / "other.db").exists()


def test_a_database_is_not_made_only_to_find_nothing_in_it(tmp_path: Path) -> None:
    target = resolve_target(f"sqlite:///{tmp_path}/none.db", tmp_path, {})
    with pytest.raises(TrackingRefusedError, match="there is no run 0000"):
        resolve_artifacts(f"runs:/{'0' * 32}/x", target, os.environ)
    assert list(tmp_path.glob("*.db")) == []
