"""Experiments of a file store: found, made once, and not taken from the trash."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.file_experiments import by_id, by_name, make_default, prepare_root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "mlruns"
    prepare_root(root)
    return root


def bury(root: Path, experiment_id: str) -> None:
    (root / experiment_id).rename(root / ".trash" / experiment_id)


def test_a_new_root_has_the_default_experiment(root: Path) -> None:
    assert make_default(root).name == "Default"
    assert by_name(root, "Default").experiment_id == "0"
    assert sorted(p.name for p in root.iterdir()) == [".trash", "0"]


def test_an_empty_folder_becomes_a_store(tmp_path: Path) -> None:
    prepare_root(tmp_path / "x")
    (tmp_path / "x" / "0" / "meta.yaml").unlink()
    assert make_default(tmp_path / "x").experiment_id == "0"


@pytest.mark.parametrize(
    "name", ["plain", "a: b # c", "null", 'it\'s "q"', "é\n\u2028", "x y " * 99]
)
def test_a_name_leads_to_the_same_experiment(root: Path, name: str) -> None:
    made = by_name(root, name)
    assert by_name(root, name) == made
    assert by_id(root, made.experiment_id) == made
    assert made.name == name
    assert len(made.experiment_id) == 18
    assert made.artifact_location == (root / made.experiment_id).as_uri()


def test_an_experiment_of_a_client_is_found(root: Path) -> None:
    folder = root / "42"
    folder.mkdir()
    fields = {"experiment_id": "42", "name": "theirs", "artifact_location": "s3://bucket/x"}
    (folder / "meta.yaml").write_text(yaml.safe_dump(fields))
    assert by_name(root, "theirs").artifact_location == "s3://bucket/x"


def test_deleted_experiments_are_refused(root: Path) -> None:
    made = by_name(root, "old")
    bury(root, made.experiment_id)
    for find, key in ((by_name, "old"), (by_id, made.experiment_id)):
        with pytest.raises(TrackingRefusedError, match="'old' is deleted") as caught:
            find(root, key)
        assert made.experiment_id in str(caught.value.hint)
    bury(root, "0")
    with pytest.raises(TrackingRefusedError, match="deleted"):
        make_default(root)


@pytest.mark.parametrize("experiment_id", ["7", "", ".", "..", "../mlruns/0", ".trash"])
def test_unknown_ids_are_refused(root: Path, experiment_id: str) -> None:
    with pytest.raises(TrackingRefusedError, match="no experiment"):
        by_id(root, experiment_id)


@pytest.mark.parametrize("name", ["", "  "])
def test_an_experiment_needs_a_name(root: Path, name: str) -> None:
    with pytest.raises(TrackingRefusedError, match="empty"):
        by_name(root, name)


def test_folders_that_are_no_experiments_are_passed_over(root: Path) -> None:
    (root / "models").mkdir()
    (root / "17").mkdir()
    (root / "18").mkdir()
    (root / "18" / "meta.yaml").write_text("name: [\n")
    assert by_name(root, "new").name == "new"
