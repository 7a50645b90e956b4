"""Values are made to fit what MLflow takes, and a warning says what became of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.limits import TAG_LENGTH, fit_parameters, fit_tags, is_valid_name


@pytest.mark.parametrize("name", ["lr", "a/b c", "a.b-c_d", "höhe", "a:b", ".hidden", "x" * 250])
def test_names_that_stores_take(name: str) -> None:
    assert is_valid_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "/x", "a//b", "a/../b", "a/", "a?", "a\n", "a\0", "x" * 251, "./a"],
)
def test_names_that_they_do_not_take(name: str) -> None:
    assert not is_valid_name(name)
    fitting, warnings = fit_parameters({name: "1", "ok": "2"})
    assert fitting == {"ok": "2"}
    assert len(warnings) == 1


def test_what_fits_stays_as_it_is() -> None:
    values = {"a": "", "b": "line\nline\r\n\ttab", "c": "ü\U0001f600", "d": "x" * 5000}
    assert fit_parameters(values) == (values, ())
    assert fit_tags(values) == (values, ())


def test_long_values_are_cut_and_marked() -> None:
    fitting, warnings = fit_parameters({"a": "x" * 6001})
    assert len(fitting["a"]) == 6000
    assert fitting["a"].endswith("... (6001 characters)")
    assert "'a'" in warnings[0].message
    assert len(fit_tags({"a": "x" * 9000})[0]["a"]) == TAG_LENGTH
    assert len(fit_parameters({"a": "x" * 501}, longest=250)[0]["a"]) == 250


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=50))
def test_any_text_becomes_text_that_json_and_databases_take(text: str) -> None:
    value = fit_parameters({"a": text})[0]["a"]
    assert "\0" not in value
    assert json.loads(json.dumps(value).encode()) == value
    value.encode("utf-8")


def test_undecodable_bytes_are_replaced() -> None:
    assert fit_tags({"a": b"caf\xe9".decode("utf-8", "surrogateescape")})[0] == {"a": "caf\ufffd"}
