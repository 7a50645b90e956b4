"""The line with the mark below the place."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.cli.excerpt import excerpt
from mlrun.cli.style import Style
from mlrun.errors import Location, Problem

FILE = Path("MLproject")


def problem(line: int | None, column: int | None, end: int | None = None) -> Problem:
    return Problem("wrong", Location(FILE, line, column, end_column=end))


def test_the_word_is_marked_below() -> None:
    assert excerpt(problem(2, 9, 14), "name: x\nalpha: {flaot}\n") == [
        "2 | alpha: {flaot}",
        "  |         ^~~~~",
    ]


def test_one_character_is_marked_where_the_end_is_not_known() -> None:
    assert excerpt(problem(1, 3), "ab: cd\n")[1] == "  |   ^"


def test_wide_characters_and_tabs_keep_the_mark_in_place() -> None:
    assert excerpt(problem(1, 6, 9), "名前\t: bad\n") == ["1 | 名前 : bad", "  |        ^~~"]


def test_a_long_line_is_cut_around_the_place() -> None:
    text = "a" * 300 + "!" + "b" * 300
    line, mark = excerpt(problem(1, 301, 302), text)
    assert len(line) <= 100
    assert line[mark.index("^")] == "!"
    assert line.count("…") == 2


def columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.category(letter) == "Mn" for letter in text)


@pytest.mark.parametrize("filling", ["a", "数", "e\u0301", "\u200b", "❤\ufe0f"])
@pytest.mark.parametrize(("before", "after"), [(200, 0), (0, 200), (200, 200), (35, 200)])
def test_a_line_takes_no_more_columns_than_there_are(filling: str, before: int, after: int) -> None:
    text = filling * before + "WRONG" + filling * after
    place = problem(1, len(filling) * before + 1, len(filling) * before + 6)
    line, mark = excerpt(place, text, indent=9)
    assert max(columns(line), columns(mark)) <= 100 - 9
    assert columns(line[: line.index("WRONG")]) == mark.index("^")
    assert mark.endswith("^~~~~")


def test_credentials_are_hidden_also_where_the_line_is_cut_through_them() -> None:
    text = "x" * 70 + " https://bob:" + "s3cret" * 20 + "@host/x: wrong"
    for column in (1, 80, 100, len(text) - 5, len(text)):
        line, mark = excerpt(problem(1, column), text)
        assert "s3cret" not in line
        assert "^" in mark
    line, mark = excerpt(problem(1, len(text) - 4, len(text) + 1), text)
    assert line[mark.index("^") :] == "wrong"


@pytest.mark.parametrize(
    "found",
    [
        Problem("wrong"),
        problem(None, None),
        problem(1, None),
        problem(7, 1),
        problem(2, 1),
        Problem("wrong", Location(FILE, 1, 1, source_line="")),
        Problem("wrong", Location(FILE, 1, 1, of="https://host/project.git at 1234567")),
    ],
)
def test_nothing_is_shown_where_there_is_no_line(found: Problem) -> None:
    text = None if found.location is not None and found.location.of else "a: b\n\n"
    assert excerpt(found, text) == []


def test_a_file_that_is_gone_is_nothing() -> None:
    assert excerpt(Problem("wrong", Location(Path("/nowhere/MLproject"), 1, 1))) == []


def test_the_line_of_a_fetched_project_comes_with_the_place() -> None:
    place = Location(FILE, 3, 1, of="https://host/p.git at 1234567", source_line="nmae: x\n")
    assert excerpt(Problem("wrong", place)) == ["3 | nmae: x", "  | ^"]


def test_credentials_and_control_characters_are_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    file.write_text("uri: https://bob:s3cret@host/x \x1b[31m\n")
    line, _ = excerpt(Problem("wrong", Location(file, 1, 6)))
    assert "s3cret" not in line
    assert "\x1b" not in line


def test_colours_change_no_text() -> None:
    plain = excerpt(problem(1, 1, 4), "abc\n")
    coloured = excerpt(problem(1, 1, 4), "abc\n", style=Style(is_coloured=True))
    assert coloured != plain
    assert [re.sub("\x1b\\[[0-9;]*m", "", line) for line in coloured] == plain


@given(st.text(max_size=300), st.integers(1, 400), st.integers(1, 400))
def test_any_line_and_place_is_shown_in_one_line_each(text: str, column: int, end: int) -> None:
    for line in excerpt(problem(1, column, end), text):
        assert "\n" not in line
        assert line.isprintable()
