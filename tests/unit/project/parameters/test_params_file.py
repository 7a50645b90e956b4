"""The parameter file."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlrun.cli.excerpt import excerpt
from mlrun.errors import MlrunError, Problem
from mlrun.project.parameters.params_file import read_params_file

# PyYAML leaves the text '1e5' without quotes, by which it is a number here and in YAML 1.2.
plain_texts = st.text().filter(lambda text: not re.fullmatch("-?[0-9.]+[eE][-+]?[0-9]+", text))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | plain_texts,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def texts(folder: Path, name: str, content: str) -> dict[str, str]:
    (folder / name).write_text(content, encoding="utf-8")
    return {key: value.text for key, value in read_params_file(folder / name).items()}


def test_yaml_values_are_passed_as_they_are_written(tmp_path: Path) -> None:
    content = "a: 0.10\nb: 1e-5\nc: yes\nd: 'x: y'\ne:\nf: [1, 2.50]\ng: {k: v}\nh: 2024-01-01\n"
    assert texts(tmp_path, "p.yaml", content) == {
        "a": "0.10",
        "b": "1e-5",
        "c": "yes",
        "d": "x: y",
        "f": "[1, 2.50]",
        "g": '{"k": "v"}',
        "h": "2024-01-01",
    }


def test_json_values_are_passed_as_they_are_written(tmp_path: Path) -> None:
    content = '{\n\t"a": 0.10, "b": 1E5, "c": true, "d": "x", "e": null, "f": [0.50, {"g": "ä"}]}'
    assert texts(tmp_path, "p.json", content) == {
        "a": "0.10",
        "b": "1E5",
        "c": "true",
        "d": "x",
        "f": '[0.50, {"g": "ä"}]',
    }


def test_values_of_a_json_file_have_their_places(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(
        '\ufeff {\r\n "a": 1 ,\n\t"ü\\"}": "x, y:",\n"c" :\n  [1,\n 2], "d": {}\n}\n', "utf-8"
    )
    places = {name: found.location for name, found in read_params_file(file).items()}
    found = {name: (p.line, p.column, p.end_column, p.source_line) for name, p in places.items()}
    assert found == {
        "a": (2, 7, 8, None),
        'ü"}': (3, 10, 17, None),
        "c": (5, 3, None, None),
        "d": (6, 11, 13, None),
    }


def test_one_line_of_json_that_may_hold_a_secret_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"rate": 5, "token": "hunter2"}\n')
    (rate, token) = (found.location for found in read_params_file(file).values())
    assert (rate.column, token.column) == (10, 22)
    assert excerpt(Problem("wrong", rate)) == []


@given(
    st.dictionaries(st.text(), json_values, max_size=4),
    st.none() | st.integers(0, 3),
)
def test_every_value_of_json_stands_where_it_is_said(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object], indent: int | None
) -> None:
    file = tmp_path_factory.mktemp("p") / "p.json"
    text = json.dumps(values, indent=indent)
    file.write_text(text)
    lines = text.split("\n")
    for name, found in read_params_file(file, with_null=True).items():
        place = found.location
        assert place.line is not None
        assert place.column is not None
        rest = "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        assert repr(json.JSONDecoder().raw_decode(rest)[0]) == repr(values[name])


@pytest.mark.parametrize(
    "content", ['{"a": null, "b": "null"}', "a:\nb: 'null'", "a: ~\nb: 'null'"]
)
def test_null_is_a_value_to_whoever_asks_for_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / ("p.json" if content.startswith("{") else "p.yaml")
    file.write_text(content)
    found = read_params_file(file, with_null=True)
    assert {name: value.is_null for name, value in found.items()} == {"a": True, "b": False}
    assert list(read_params_file(file)) == ["b"]


@given(st.dictionaries(st.text(), st.text()))
def test_texts_of_a_json_file_are_themselves(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("p")
    assert texts(folder, "p.json", json.dumps(values)) == values


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
@given(content=st.binary())
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("p") / name
    file.write_bytes(content)
    with contextlib.suppress(MlrunError):
        assert isinstance(read_params_file(file), dict)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.yaml", "- a\n- b\n", "must be a mapping"),
        ("p.yaml", "a: 1\na: 2\n", "given twice"),
        ("p.json", "[1]", "must be a mapping"),
        ("p.json", '{"a": 1, "a": 2}', "given twice"),
        ("p.json", '{"a": }', "not JSON"),
        ("p.json", "[" * 100_000, "nested too deeply"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(MlrunError, match=said):
        texts(tmp_path, name, content)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MlrunError) as raised:
        read_params_file(tmp_path / "nope.yaml")
    assert "nope.yaml" in str(raised.value.location)


@pytest.mark.parametrize(
    ("written", "passed"),
    [
        ("[0.10, 1e-5, 1E+400, -0, 12345678901234567890.0]", None),
        ("[0x1F, 1_000, +3, .5, 1.]", "[31, 1000, 3, 0.5, 1.0]"),
        ("[.inf, -.INF, .nan]", "[Infinity, -Infinity, NaN]"),
        ("[007, 1:30, 2024-13-45, !!int abc]", '["007", "1:30", "2024-13-45", "abc"]'),
        ("['1', \"2\", yes, Off, ~, ä]", '["1", "2", true, false, null, "ä"]'),
        ("{2024-01-01: {1: [x]}}", '{"2024-01-01": {"1": ["x"]}}'),
    ],
)
def test_yaml_collections_become_json(tmp_path: Path, written: str, passed: str | None) -> None:
    text = texts(tmp_path, "p.yaml", f"a: {written}\n")["a"]
    assert text == (passed or written)
    json.loads(text)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.yaml", "a: {b: 1, b: 2}\n", "'b' is given twice"),
        ("p.yaml", "a: {? [x] : y}\n", "must be plain text"),
        ("p.yaml", "a: !foo [1]\n", "tag '!foo'"),
        ("p.yaml", "a: &a [*a]\n", "contains itself"),
        ("p.json", '{"a": {"b": 1, "b": 2}}', "'b' is given twice"),
    ],
)
def test_wrong_collections_are_refused(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(MlrunError, match=said):
        texts(tmp_path, name, content)


def test_what_a_yaml_file_repeats_by_alias_is_written_out(tmp_path: Path) -> None:
    content = "a: &a {k: 0.10}\nb: {<<: *a, m: [*a]}\n"
    assert texts(tmp_path, "p.yaml", content)["b"] == '{"k": 0.10, "m": [{"k": 0.10}]}'


@given(st.lists(json_values) | st.dictionaries(st.text(), json_values))
def test_collections_of_a_yaml_file_keep_their_meaning(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    content = yaml.safe_dump({"a": value}, allow_unicode=False)
    text = texts(tmp_path_factory.mktemp("p"), "p.yaml", content)["a"]
    assert json.loads(text) == value
