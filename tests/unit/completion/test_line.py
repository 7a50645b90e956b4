"""A line that is being typed, told into words."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.completion.line import read_line


@pytest.mark.parametrize(
    ("line", "words", "current"),
    [
        ("mlrun ru", ("mlrun",), "ru"),
        ("mlrun run ", ("mlrun", "run"), ""),
        ("cd /tmp && mlrun run -e tr", ("mlrun", "run", "-e"), "tr"),
        ("echo; mlrun ", ("mlrun",), ""),
        ("mlrun run 'a b' -P x=", ("mlrun", "run", "a b", "-P"), "x="),
        (r"mlrun run a\ b", ("mlrun", "run"), "a b"),
        ('mlrun run "a\\"b\\c" x', ("mlrun", "run", 'a"b\\c'), "x"),
        ("mlrun run '' ", ("mlrun", "run", ""), ""),
        ("mlrun run \\", ("mlrun", "run"), ""),
    ],
)
def test_words_are_told_apart(line: str, words: tuple[str, ...], current: str) -> None:
    assert read_line(line) == (words, current, "")


@pytest.mark.parametrize(
    ("line", "quote"),
    [("mlrun run 'a", "'"), ('mlrun run "a', '"'), ('mlrun run -P "x=', '"'), ("mlrun a\"'", '"')],
)
def test_an_open_quote_is_seen(line: str, quote: str) -> None:
    assert read_line(line)[2] == quote


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_quoted_words_come_back(words: list[str]) -> None:
    assert read_line("".join(f"{shlex.quote(word)} " for word in words)) == (
        tuple(words), "", ""
    )  # fmt: skip


@given(st.text(max_size=100))
def test_no_line_is_too_odd(line: str) -> None:
    read_line(line)
