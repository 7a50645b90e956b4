"""The parameter file."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import MlrunError
from mlrun.project.params_file import read_params_file


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
        "f": "[1, 2.5]",
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
