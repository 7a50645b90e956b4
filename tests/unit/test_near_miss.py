from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.near_miss import near_miss, nearest_file, nearest_path

KEYS = ("name", "entry_points", "python_env", "conda_env", "docker_env")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("entrypoints", "entry_points"),
        ("entry-points", "entry_points"),
        ("Entry_Points", "entry_points"),
        ("docker-env", "docker_env"),
        ("condaenv", "conda_env"),
    ],
)
def test_a_slip_is_near(written: str, meant: str) -> None:
    assert near_miss(written, KEYS) == meant


@pytest.mark.parametrize("written", ["renv_env", "uv_env", "hooks", "rocket", "environment", ""])
def test_other_tools_keys_are_not(written: str) -> None:
    assert near_miss(written, KEYS) is None


def test_nothing_is_near_nothing() -> None:
    assert near_miss("main", []) is None


def test_a_file_that_is_not_there_has_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").touch()
    (tmp_path / "conda.yamls").mkdir()
    assert nearest_file(tmp_path / "conda.yaml") == "conda.yml"
    assert nearest_file(tmp_path / "README") is None
    (tmp_path / "environment.yml").touch()
    assert nearest_file(tmp_path / "env.yml") == "environment.yml"
    assert nearest_file(tmp_path / "e.yml") is None
    (tmp_path / "environs.yml").touch()
    assert nearest_file(tmp_path / "env.yml") is None
    assert nearest_file(tmp_path / "none" / "conda.yaml") is None


def test_one_name_of_a_path_may_be_misspelt(tmp_path: Path) -> None:
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "data" / "raw" / "train.csv").touch()
    meant = tmp_path / "data" / "raw" / "train.csv"
    assert nearest_path(tmp_path / "data" / "raw" / "trian.csv") == meant
    assert nearest_path(tmp_path / "dta" / "raw" / "train.csv") == meant
    assert nearest_path(tmp_path / "data" / "rw") == meant.parent
    assert nearest_path(tmp_path / "dta" / "rw" / "train.csv") is None
    assert nearest_path(tmp_path / "data" / "raw" / "train.csv" / "rows") is None
    assert nearest_path(tmp_path / "other") is None
    assert nearest_path(Path("/no-such-folder/a/b")) is None
