"""Places in a text as they were before some edits."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import Edit, Location, Problem
from mlrun.lint.moved_places import moved_back
from mlrun.project.reading.yaml_mending import apply_edits

FILE = Path("MLproject")
BEFORE = "é:b\n\tc: 1\n"
EDITS = (Edit(2, 2, " "), Edit(4, 5, "  "))
AFTER = "é: b\n  c: 1\n"


def test_the_edits_of_this_test() -> None:
    assert apply_edits(BEFORE, EDITS) == AFTER


@pytest.mark.parametrize(
    ("after", "before"),
    [((1, 1), (1, 1)), ((1, 2), (1, 2)), ((1, 4), (1, 3)), ((2, 3), (2, 2)), ((2, 6), (2, 5)),
     ((2, 2), (2, 1))],
)  # fmt: skip
def test_a_place_is_where_its_character_was(
    after: tuple[int, int], before: tuple[int, int]
) -> None:
    place = Location(FILE, *after, end_column=after[1] + 1, source_line="")
    problem = Problem("x", place, "hint", "rule", EDITS)
    moved = moved_back(problem, BEFORE, AFTER, EDITS)
    assert moved == Problem("x", Location(FILE, *before), "hint")
    assert (moved.rule, moved.edits) == ("rule", ())
    assert moved.location is not None
    assert (moved.location.end_column, moved.location.source_line) == (before[1] + 1, "")


@pytest.mark.parametrize("place", [None, Location(FILE), Location(FILE, 2)])
def test_a_place_that_is_no_character_stays(place: Location | None) -> None:
    assert moved_back(Problem("x", place), BEFORE, AFTER, EDITS).location == place
