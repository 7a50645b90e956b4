"""Problems of a fetched project are named by its address."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import Location, Problem, ProjectError
from mlrun.sources.base import Checkout, Provenance
from mlrun.sources.naming import named_by_address, renamed
from mlrun.sources.own_folder import make_own_folder

URI = "https://git.example.org/team/name.git"


@pytest.fixture
def checkout() -> Checkout:
    own = make_own_folder("name", URI)
    provenance = Provenance(own.path, "3f9c2d1a7b40" + "0" * 28)
    return Checkout(own.path / "train", f"{URI}#train", provenance, own=own)


def test_a_place_says_what_it_is_of(checkout: Checkout) -> None:
    location = Location(checkout.path / "MLproject", 6, 5)
    place = renamed(Problem("no", location), checkout).location
    assert str(place) == f"train/MLproject:6:5 of {URI} at 3f9c2d1"


def test_a_line_that_must_not_be_shown_stays_away(checkout: Checkout) -> None:
    file = checkout.path / "MLproject"
    file.parent.mkdir(exist_ok=True)
    file.write_text("default: hunter2\n")
    for given, kept in ((None, "default: hunter2\n"), ("", "")):
        place = renamed(Problem("no", Location(file, 1, 10, source_line=given)), checkout).location
        assert place is not None
        assert place.source_line == kept


def test_a_place_in_an_archive_says_which(checkout: Checkout) -> None:
    unpacked = Checkout(checkout.path, "https://files.example/p.zip#train", own=checkout.own)
    place = renamed(Problem("no", Location(checkout.path / "a.yaml", 2)), unpacked).location
    assert str(place) == "train/a.yaml:2 of https://files.example/p.zip"


def test_a_path_in_a_sentence_becomes_an_address(checkout: Checkout) -> None:
    assert checkout.own is not None
    problem = Problem(f"nothing in '{checkout.own.path}'", hint=f"see {checkout.path}/deep")
    assert renamed(problem, checkout) == Problem(
        f"nothing in '{URI}'", hint=f"see {URI}#train/deep"
    )


def test_what_it_is_of_is_said_once(checkout: Checkout) -> None:
    place = Location(checkout.path / "MLproject", 2)
    problem = renamed(Problem(f"no file '{checkout.path}/a.yaml'", place), checkout)
    assert problem.message == "no file 'train/a.yaml'"


def test_a_place_elsewhere_stays(checkout: Checkout, tmp_path: Path) -> None:
    problem = Problem("no", Location(tmp_path / "values.yaml", 1))
    assert renamed(problem, checkout) == problem


def test_a_project_in_place_keeps_its_paths(tmp_path: Path) -> None:
    problem = Problem(f"nothing in {tmp_path}", Location(tmp_path / "MLproject", 1))
    assert renamed(problem, Checkout(tmp_path, tmp_path.as_uri())) == problem


def test_errors_are_renamed_on_their_way(checkout: Checkout) -> None:
    location = Location(checkout.path / "MLproject")
    with pytest.raises(ProjectError) as raised, named_by_address(checkout):
        raise ProjectError(f"nothing in {checkout.path}", location=location)
    assert str(raised.value) == raised.value.message == "nothing in train"
    assert str(raised.value.location) == f"train/MLproject of {URI} at 3f9c2d1"
