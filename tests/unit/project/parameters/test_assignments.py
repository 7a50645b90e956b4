"""Words of the form NAME=VALUE."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import UsageError
from mlrun.project.parameters.assignments import parse_assignment, parse_assignments

names = st.text(min_size=1).filter(lambda name: "=" not in name and name.strip() != "")


@given(names, st.text())
def test_a_word_splits_at_its_first_equals_sign(name: str, value: str) -> None:
    assert parse_assignment(f"{name}={value}", "-P") == (name, value)


@given(st.dictionaries(names, st.text()))
def test_words_become_values_by_name(values: dict[str, str]) -> None:
    words = [f"{name}={value}" for name, value in values.items()]
    assert parse_assignments(words, "-P") == values


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["alpha"], "-P alpha: a value is missing"),
        (["=1"], "a name is missing"),
        (["a=1", "a=2"], "gives 'a' twice$"),
    ],
)
def test_malformed_words(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_assignments(words, "-P")


@pytest.mark.parametrize(
    ("word", "hint"),
    [("a:1", "write -P a=1"), ("a", "write -P a=VALUE"), (":1", "write -P :1=VALUE")],
)
def test_what_is_to_be_written(word: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_assignments([word], "-P")
    assert raised.value.hint == hint


def test_commas_are_literal_and_nothing_is_the_empty_text() -> None:
    assert parse_assignments(["a=1,b=2", "c="], "-P") == {"a": "1,b=2", "c": ""}


@pytest.mark.parametrize(
    "word", ["https://me:hunter2@host/x", "=https://me:hunter2@host/x?sig=hunter2"]
)
def test_a_password_in_an_address_is_not_shown(word: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_assignment(word, "-P")
    (problem,) = raised.value.problems
    assert "***@host" in problem.message
    assert "hunter2" not in f"{problem.message} {problem.hint}"
