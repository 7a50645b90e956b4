"""Words of the form NAME=VALUE."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import UsageError
from mlrun.project.assignments import parse_assignment, parse_assignments

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


def test_commas_are_literal_and_nothing_is_the_empty_text() -> None:
    assert parse_assignments(["a=1,b=2", "c="], "-P") == {"a": "1,b=2", "c": ""}
