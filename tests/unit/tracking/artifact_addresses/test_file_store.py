"""What a file store says, read from files as MLflow writes them, and from damaged ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.artifact_addresses.file_store import FileCatalog
from mlrun.tracking.metafile import dump
from mlrun.tracking.remote_artifacts import resolve_artifacts

RUN = "0123456789abcdef" * 2


def write(folder: Path, **fields: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meta.yaml").write_text(dump(fields))
    return folder


def version(root: Path, number: int, stage: str = "None", **fields: Any) -> None:
    folder = root / "models" / "churn" / f"version-{number}"
    given = {"version": number, "current_stage": stage, "source": f"s3://b/{number}"}
    write(folder, **{**given, **fields})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "0", name="Default")
    write(tmp_path / "models" / "churn", name="churn")
    return tmp_path


def resolve(root: Path, uri: str) -> Any:
    return resolve_artifacts(uri, root.as_uri(), {})


def test_the_newest_version_has_the_greatest_number(root: Path) -> None:
    for number, stage in ((9, "Staging"), (10, "Staging"), (2, "None"), (11, "Deleted_Internal")):
        version(root, number, stage)
    assert resolve(root, "models:/churn/staging") == "s3://b/10"
    assert resolve(root, "models:/churn/latest/x") == "s3://b/10/x"
    with pytest.raises(TrackingRefusedError, match="no version 11") as refusal:
        resolve(root, "models:/churn/11")
    assert refusal.value.hint == "its versions: 2, 9, 10"


def test_where_a_version_is_stored_counts_before_where_it_came_from(root: Path) -> None:
    version(root, 1, storage_location="s3://kept/1")
    aliases = root / "models" / "churn" / "aliases"
    aliases.mkdir()
    (aliases / "best").write_text("1\n")
    assert resolve(root, "models:/churn@best") == "s3://kept/1"
    (aliases / "best").write_text("4")
    with pytest.raises(TrackingRefusedError, match="has no version 4"):
        resolve(root, "models:/churn@best")


def test_a_run_of_a_deleted_experiment_is_deleted(root: Path) -> None:
    write(root / ".trash" / "7" / RUN, artifact_uri="s3://b", lifecycle_stage="active", status=3)
    with pytest.raises(TrackingRefusedError, match="is deleted"):
        resolve(root, f"runs:/{RUN}/a")


def test_a_run_that_goes_on_has_no_identity(root: Path) -> None:
    for status, end, identity in ((1, None, None), (3, 17, f"run {RUN} 17"), (3, None, None)):
        write(root / "0" / RUN, artifact_uri="s3://b", status=status, end_time=end)
        owner = FileCatalog(root).run(RUN)
        assert owner is not None
        assert owner.identity == identity


def test_the_newest_logged_model_of_a_run_counts(root: Path) -> None:
    write(root / "0" / RUN, artifact_uri=(root / "0" / RUN / "artifacts").as_uri(), status=3)
    (root / "0" / RUN / "artifacts").mkdir()
    for model_id, made, source, stage in (
        ("m-1", 1, RUN, "active"),
        ("m-2", 2, RUN, "active"),
        ("m-3", 3, RUN, "deleted"),
        ("m-4", 4, "another", "active"),
    ):
        fields = {"name": "model", "source_run_id": source, "creation_timestamp": made}
        place = {"artifact_location": f"s3://b/{model_id}", "lifecycle_stage": stage}
        write(root / "0" / "models" / model_id, **fields, **place)
    assert resolve(root, f"runs:/{RUN}/model/MLmodel") == "s3://b/m-2/MLmodel"
    assert resolve(root, "models:/m-1") == "s3://b/m-1"
    with pytest.raises(TrackingRefusedError, match="no logged model m-3"):
        resolve(root, "models:/m-3")


def test_a_damaged_file_is_named(root: Path) -> None:
    (root / "0" / RUN).mkdir()
    (root / "0" / RUN / "meta.yaml").write_text("[")
    with pytest.raises(TrackingRefusedError, match=r"meta\.yaml is damaged"):
        resolve(root, f"runs:/{RUN}/a")


def test_a_store_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    with pytest.raises(TrackingRefusedError, match="there is no run"):
        resolve(tmp_path / "none", f"runs:/{RUN}/a")
    with pytest.raises(TrackingRefusedError, match="no registered model") as refusal:
        resolve(tmp_path / "none", "models:/churn/1")
    assert refusal.value.hint == "no model is registered"


def test_a_relative_place_is_relative_to_where_the_user_stands_or_the_store_is(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.parent / "arts").mkdir()
    (root.parent / "arts" / "a").write_text("1")
    write(root / "0" / RUN, artifact_uri="./arts", status=3)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert resolve(root, f"runs:/{RUN}/a") == root.parent / "arts" / "a"
    Path("arts").mkdir()
    Path("arts/a").write_text("2")
    assert resolve(root, f"runs:/{RUN}/a") == Path.cwd() / "arts" / "a"
