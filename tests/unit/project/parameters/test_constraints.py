"""Values held to what their parameters allow."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlrun.errors import Location
from mlrun.project.model import Parameter
from mlrun.project.parameters.constraints import list_items, violation
from mlrun.project.parameters.types import ParameterType as T

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


def declared(kind: T, **constraints: Any) -> Parameter:
    return Parameter("p", kind, None, Location(Path("MLproject")), **constraints)


@pytest.mark.parametrize(
    ("kind", "constraints", "text", "said"),
    [
        (T.STRING, {"choices": ("adam", "sgd")}, "adam", None),
        (T.STRING, {"choices": ("ab", "cd", "adam")}, "adm", "is none.*; did you mean adam?"),
        (T.STRING, {"choices": ("adam", "sgd")}, "x", "is none of: adam, sgd"),
        (T.STRING, {"choices": ("a b", "")}, "x", "is none of: 'a b', ''"),
        (T.STRING, {"choices": ("1.0",)}, "1", "is none of: 1.0"),
        (T.FLOAT, {"choices": ("1.0", "6e-05")}, "1", None),
        (T.FLOAT, {"choices": ("1.0", "6e-05")}, "0.00006", None),
        (T.INT, {"choices": ("16",)}, "0_16", None),
        (T.INT, {"choices": ("9007199254740993",)}, "9007199254740992", "is none of"),
        (T.INT, {"minimum": "0"}, "0", None),
        (T.INT, {"minimum": "0"}, "-1", "must be at least 0"),
        (T.INT, {"maximum": "1e3"}, "1001", "must be at most 1e3"),
        (T.FLOAT, {"minimum": "0", "maximum": "1"}, "1.5", "must be from 0 to 1"),
        (T.FLOAT, {"minimum": "0", "maximum": "1"}, "1", None),
        (T.FLOAT, {"minimum": "0"}, "nan", "must be at least 0"),
        (T.FLOAT, {"maximum": "inf"}, "inf", None),
        (T.INT, {"minimum": "9007199254740993"}, "9007199254740992", "must be at least"),
        (T.INT, {"minimum": "0"}, "9" * 6000, None),
        (T.STRING, {"pattern": "[a-z]+"}, "abc", None),
        (T.STRING, {"pattern": "[a-z]+"}, "abc1", r"does not match the pattern \[a-z\]\+"),
        (T.STRING, {"pattern": "a|b"}, "b", None),
        (T.STRING, {"pattern": "a"}, "a\n", "does not match"),
        (T.STRING, {"pattern": "[[a]"}, "a", None),
        (T.LIST, {"minimum": "0"}, "[1, 2.50]", None),
        (T.LIST, {"minimum": "0"}, "[]", None),
        (T.LIST, {"minimum": "0"}, "[1, -2.50]", "has the item '-2.50', which must be at least 0"),
        (T.LIST, {"minimum": "0"}, "1,two", "has the item 'two', which is no number"),
        (T.LIST, {"maximum": "1"}, "(0, 2)", "has the item '2', which must be at most 1"),
        (T.LIST, {"choices": ("a", "1")}, "['a', 1.0]", None),
        (T.LIST, {"choices": ("a", "1")}, "a,b", "has the item 'b', which is none of: a, 1"),
        (T.LIST, {"pattern": "[a-z]"}, '["a", "bb"]', "has the item 'bb'"),
    ],
)  # fmt: skip
def test_what_is_said(kind: T, constraints: dict[str, Any], text: str, said: str | None) -> None:
    found = violation(declared(kind, **constraints), text)
    assert (found is None) == (said is None)
    assert said is None or re.match(said.replace("?", r"\?"), str(found))


def test_of_many_choices_some_are_named() -> None:
    choices = tuple(f"choice-{letter}{letter}{letter}" for letter in "abcdefghijkl")
    found = str(violation(declared(T.STRING, choices=choices), "choice-kkl"))
    assert "choice-hhh and 4 more; did you mean choice-kkk?" in found
    assert "choice-iii" not in found


@given(st.lists(WORDS, min_size=1), WORDS)
def test_a_choice_is_taken_and_nothing_else(choices: list[str], other: str) -> None:
    parameter = declared(T.STRING, choices=tuple(choices))
    assert all(violation(parameter, choice) is None for choice in choices)
    assert (violation(parameter, other) is None) == (other in choices)


@given(*[st.one_of(st.integers(), st.floats(allow_nan=False))] * 3)
def test_limits_are_where_numbers_are_equal_or_between(
    value: float, low: float, high: float
) -> None:
    parameter = declared(T.FLOAT, minimum=str(low), maximum=str(high))
    assert (violation(parameter, str(value)) is None) == (low <= value <= high)


@given(WORDS, WORDS)
def test_a_pattern_holds_for_the_whole_text(text: str, more: str) -> None:
    parameter = declared(T.STRING, pattern=re.escape(text))
    assert violation(parameter, text) is None
    assert violation(parameter, text + more) is not None


@given(st.lists(WORDS))
def test_items_of_a_list_are_its_texts(items: list[str]) -> None:
    assert list_items(json.dumps(items)) == tuple(items)
    assert list_items(repr(items)) == tuple(items)


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\0,[({")), min_size=1))
def test_items_may_be_words_between_commas(items: list[str]) -> None:
    assume(any(items))
    assert list_items(",".join(items)) == tuple(items)
