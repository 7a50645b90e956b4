from __future__ import annotations

import math
from typing import Any

import pytest

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Message


def refused(read: Any, *values: Any) -> str:
    with pytest.raises(ApiError) as caught:
        read(*values)
    assert caught.value.code == INVALID
    return caught.value.message


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), ("", ""), (7, "7"), (0.5, "0.5"), ("ü", "ü")]
)
def test_texts(value: object, text: str) -> None:
    assert Message({"a": value}).text("a") == text


def test_an_absent_field_is_like_null() -> None:
    for message in (Message({}), Message({"a": None})):
        assert "a" not in message
        assert message.text("a", "b") == "b"
        assert message.integer("a", 5) == 5
        assert message.flag("a", default=True)
        assert message.texts("a") == []
        assert message.messages("a") == []
        assert message.message("a").fields == {}


@pytest.mark.parametrize("value", [True, [], {}, "\ud800", "a\udfffb"])
def test_no_texts(value: object) -> None:
    assert "it must be a text" in refused(Message({"a": value}).text, "a")


@pytest.mark.parametrize("value", [None, ""])
def test_a_needed_text_must_be_there(value: str | None) -> None:
    text = refused(Message({"a": value}, "metrics[3].").needed_text, "a")
    assert text.startswith("Missing value for required parameter 'metrics[3].a'.")


@pytest.mark.parametrize(("value", "number"), [(5, 5), ("5", 5), (5.0, 5), ("", 0), ("-7", -7)])
def test_integers(value: object, number: int) -> None:
    assert Message({"a": value}).integer("a") == number


@pytest.mark.parametrize("value", ["five", 5.5, True, 2**63, [], math.inf, math.nan])
def test_no_integers(value: object) -> None:
    assert "an integer" in refused(Message({"a": value}).integer, "a")


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), ("0.5", 0.5), ("Infinity", math.inf), (10**400, math.inf)],
    ids=["integer", "text", "infinity", "too large"],
)
def test_numbers(value: object, number: float) -> None:
    assert Message({"a": value}).number("a") == number


def test_not_a_number() -> None:
    assert math.isnan(Message({"a": "NaN"}).number("a"))


@pytest.mark.parametrize("value", [None, True, "many", []])
def test_no_numbers(value: object) -> None:
    assert "a number" in refused(Message({"a": value}).number, "a")


@pytest.mark.parametrize(("value", "flag"), [(True, True), ("TRUE", True), ("false", False)])
def test_flags(value: object, flag: bool) -> None:
    assert Message({"a": value}).flag("a") is flag


@pytest.mark.parametrize("value", [1, "yes"])
def test_no_flags(value: object) -> None:
    assert "true or false" in refused(Message({"a": value}).flag, "a")


def test_one_member_of_a_query_is_a_list() -> None:
    assert Message({"a": "b"}).texts("a") == ["b"]
    assert Message({"a": ["b", 1]}).texts("a") == ["b", "1"]
    refused(Message({"a": [{}]}).texts, "a")


def test_parts_know_where_they_stand() -> None:
    message = Message({"a": [{}, {"b": True}]})
    assert "'a[1].b'" in refused(message.messages("a")[1].text, "b")
    assert "'c.b'" in refused(Message({"c": {"b": []}}).message("c").text, "b")
    refused(Message({"a": ["text"]}).messages, "a")
    refused(Message({"c": []}).message, "c")
