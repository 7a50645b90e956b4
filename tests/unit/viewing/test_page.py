"""Which page shows a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun import run_folder
from mlrun.errors import RunNotFoundError
from mlrun.viewing.page import find_run, page_of
from mlrun.viewing.place import Place
from tests.unit.viewing.databases import RUN_ID, make_database

BASE = "http://127.0.0.1:5000"


def make_run(uri: str, run_id: str = RUN_ID) -> None:
    plan = {"delivery": {"tracking_uri": uri}}
    folder = run_folder.name(run_folder.create(plan), run_id)
    folder.write("outcome.json", {"experiment_id": "12"})


def test_without_a_run_all_are_shown(tmp_path: Path) -> None:
    assert page_of(Place(f"sqlite:///{tmp_path}/mlflow.db"), BASE, None) == BASE


def test_a_run_in_a_database(tmp_path: Path) -> None:
    place = Place(f"sqlite:///{make_database(tmp_path / 'mlflow.db')}")
    assert page_of(place, BASE, RUN_ID) == f"{BASE}/#/experiments/7/runs/{RUN_ID}"
    with pytest.raises(RunNotFoundError, match=r"there is no run b{32} in .*mlflow\.db"):
        page_of(place, BASE, "b" * 32)


def test_a_run_in_a_file_store(tmp_path: Path) -> None:
    (tmp_path / "3" / RUN_ID).mkdir(parents=True)
    place = Place(tmp_path.as_uri())
    assert page_of(place, BASE, RUN_ID) == f"{BASE}/#/experiments/3/runs/{RUN_ID}"
    with pytest.raises(RunNotFoundError, match="there is no run"):
        page_of(place, BASE, "b" * 32)


def test_a_run_in_a_server_that_was_recorded_from_here() -> None:
    make_run("https://example.org")
    place = Place("https://example.org")
    page = page_of(place, "https://example.org", RUN_ID)
    assert page == f"https://example.org/#/experiments/12/runs/{RUN_ID}"


def test_a_run_in_a_server_that_was_recorded_from_elsewhere() -> None:
    page = page_of(Place("https://example.org"), "https://example.org", RUN_ID)
    assert page == f"https://example.org/#/runs/{RUN_ID}"


def test_runs_of_this_machine_are_found_by_short_names() -> None:
    make_run("https://example.org")
    assert find_run("last") == find_run("aaa") == (RUN_ID, "https://example.org")


def test_other_runs_are_named_by_their_whole_id() -> None:
    assert find_run("b" * 32) == ("b" * 32, None)
    with pytest.raises(RunNotFoundError):
        find_run("bbb")
