"""Which texts are values of which types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.project.parameters.types import ParameterType as T
from mlrun.project.parameters.values import is_remote, misfit


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (T.STRING, ["", "x y", "-", "🙂\n"]),
        (T.FLOAT, ["0.1", "3", "1e-5", ".5", "-inf", "nan", "+2."]),
        (T.INT, ["3", "-3", "+3", "1_000", "007"]),
        (T.BOOL, ["true", "False", "YES", "0", "off"]),
        (T.LIST, ["[1, 2]", "['a', \"b\"]", "(1,)", "a,b", "1", '["a", null]']),
        (T.JSON, ['{"a": [1, null]}', "3", '"x"', "[]"]),
        (T.URI, ["s3://b/k", "mailto:x", "C:\\x", "models:/m/1"]),
    ],
)
def test_fits(kind: T, texts: list[str]) -> None:
    for text in texts:
        assert misfit(kind, text) is None, text


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (T.FLOAT, "x", "not a float"),
        (T.FLOAT, "0,5", "comma as a point"),
        (T.FLOAT, " 1", "space around it"),
        (T.FLOAT, "", "not a float"),
        (T.FLOAT, "\u0663", "digits 0 to 9"),
        (T.INT, "notanint", "not an int"),
        (T.INT, "1.5", "but a float"),
        (T.INT, "1e5", "but a float"),
        (T.INT, "\u0663", "not an int"),
        (T.BOOL, "maybe", "true or false"),
        (T.LIST, "[1, 2", "not a list"),
        (T.LIST, '{"a": 1}', "not a list"),
        (T.LIST, "", "not a list"),
        (T.JSON, "{'a': 1}", "Python's form"),
        (T.JSON, "{", "not JSON"),
        (T.JSON, "[" * 100_000, "not JSON"),
        (T.LIST, "[" * 100_000, "not a list"),
        (T.URI, "no scheme", "not a URI"),
        (T.STRING, "a\0b", "NUL"),
    ],
)
def test_does_not_fit(kind: T, text: str, said: str) -> None:
    assert said in str(misfit(kind, text))


@given(st.sampled_from(list(T)), st.text())
def test_no_text_breaks_a_check(kind: T, text: str) -> None:
    misfit(kind, text)


@given(st.floats())
def test_every_float_of_pythons_fits(number: float) -> None:
    assert misfit(T.FLOAT, repr(number)) is None


@given(st.integers())
def test_every_int_of_pythons_fits(number: int) -> None:
    assert misfit(T.INT, str(number)) is None


def test_remote_paths() -> None:
    for text in ("s3://b/k", "http://h/x", "runs:/1/a", "dbfs:/x", "models:/m/1"):
        assert is_remote(text)
    for text in ("data/x", "/data", "file:///x", "C:/x", "a:b", "~/x", ""):
        assert not is_remote(text)


def test_half_a_character_fits_nothing_but_an_undecodable_byte_does() -> None:
    assert "U+D800" in str(misfit(T.STRING, "a\ud800"))
    assert misfit(T.STRING, "a\udcff") is None


def test_backslashes_in_a_list_are_nobodys_warning() -> None:
    assert misfit(T.LIST, r"['\d']") is None


def test_numbers_of_any_length_are_json() -> None:
    assert misfit(T.JSON, "1" * 5000) is None
    assert misfit(T.LIST, f"[{'1' * 5000}]") is None


def test_file_of_another_host_is_remote() -> None:
    assert is_remote("file://host/x")
    assert not is_remote("file://localhost/x")
