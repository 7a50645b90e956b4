from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.yaml_text import folded, yaml_text, yaml_value

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_a_text_is_read_as_itself(text: str) -> None:
    written = yaml_text(text)
    for whole in (f"k: {written}", f"k: {{a: {written}, b: [{written}]}}", f"? {written}\n: 1"):
        assert yaml.safe_load(whole) in (
            {"k": text}, {"k": {"a": text, "b": [text]}}, {text: 1},
        )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["no", "1e5", "0x10", "", "null", "~", "a: b", "a #b", "- a", "'", '"', "a\nb", "{x}", "1_000",
     "2020-01-01", "=", "<<", "!x", "&x", "*x", "%x", "@x", "`x`", " a", "a ", "\x85", "\ufeff"],
)  # fmt: skip
def test_what_yaml_would_misread_is_quoted(text: str) -> None:
    assert yaml_text(text).startswith('"')
    assert yaml.safe_load(yaml_text(text)) == text


@given(st.text(alphabet="abc:#'\"-{}[] \u00e4", min_size=1).map(lambda t: " ".join(t.split())))
def test_a_folded_text_is_read_as_itself(text: str) -> None:
    lines = folded(text, "    ", 30)
    assert (yaml.safe_load("\n".join(["k: >-", *lines])) or {})["k"] == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.booleans())
def test_values_have_the_text_of_python(number: float, whole: int, truth: bool) -> None:
    for value, kind in ((number, "float"), (whole, "int"), (truth, "bool")):
        written = yaml_value(str(value), ParameterType(kind))
        assert str(yaml.safe_load(written)) == str(value)


@pytest.mark.parametrize("text", ["0.5", "3", "-1", "1e-5", "100"])
def test_numbers_stand_as_they_are_written(text: str) -> None:
    assert yaml_value(text, ParameterType.FLOAT) == text
