"""Mends of texts that are no YAML."""

from __future__ import annotations

import pytest
import yaml

from mlrun.errors import Edit
from mlrun.project.reading.yaml_mending import apply_edits, space_after, spaces_for_tabs


def test_edits_may_come_in_any_order() -> None:
    assert apply_edits("abc", [Edit(2, 3, ""), Edit(0, 0, "é"), Edit(1, 2, "xy")]) == "éaxy"


@pytest.mark.parametrize("text", ["a:b\nc: 1\n", "a: 1\nb:x\nc: {\n", "é: 1\nb:\n  c:d\n  e: 1\n"])
def test_a_space_after_a_colon(text: str) -> None:
    colon = next(i for i, c in enumerate(text) if c == ":" and text[i + 1].isalpha())
    assert space_after(text, colon) == (Edit(colon + 1, colon + 1, " "),)


@pytest.mark.parametrize("text", ["a:b\n  c: 1\n", "a:b\n" + "c: 1\n" * 20_000])
def test_a_space_that_would_not_help(text: str) -> None:
    assert space_after(text, 1) == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n\tb: 1\n\tc:\n\t\td: 2\n", 3),
        ("a:\r\n\tb: 1\r\n", 4),
        ("a:\n\tb: |\n\t\tx\n\t\t  y\n", 3),
        ("a:\n  b: 1\n\n\t# é\n\t\n", 12),
        ("a:\n \tb: 1\n", 3),
    ],
)
def test_spaces_for_tabs(text: str, line: int) -> None:
    edits = spaces_for_tabs(text, line)
    assert edits
    mended = apply_edits(text, edits)
    assert [part.strip() for part in mended.split("\n")] == [
        part.strip() for part in text.split("\n")
    ]
    assert isinstance(yaml.safe_load(mended)["a"], dict)


def test_a_tab_whose_width_tells_what_belongs_where_is_left() -> None:
    text = "a:\n  b:\n    c: ~\n\td: ~\n"
    assert spaces_for_tabs(text, text.index("\t")) == ()


def test_a_file_with_more_mistakes_than_its_tabs_is_left() -> None:
    assert spaces_for_tabs("a:\n\tb: [\n", 3) == ()


def test_a_tab_within_a_text_is_left() -> None:
    text = "a:\n\tb: |\n\t\tif x:\n\t\t  \ty\n"
    assert spaces_for_tabs(text, 3) == ()


@pytest.mark.parametrize("text", ["a:\n\tb: 1\n" + "c: 1\n" * 20_000])
def test_a_long_file_is_left(text: str) -> None:
    assert spaces_for_tabs(text, 3) == ()
