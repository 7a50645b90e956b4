"""Project files as texts, in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlrun.completion.document import read_document

TEXTS = st.text(max_size=8)
DOCUMENTS = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "MLproject"


def read(file: Path, text: str) -> Any:
    file.write_text(text, encoding="utf-8")
    return read_document(str(file))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DOCUMENTS, st.booleans())
def test_reads_what_a_loader_of_texts_does(file: Path, document: object, flow: bool) -> None:
    written = yaml.safe_dump(document, default_flow_style=flow)
    assert read(file, written) == yaml.load(written, Loader=yaml.BaseLoader)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a: &x {b: 1}, c: *x}", {"a": {"b": "1"}, "c": {"b": "1"}}),
        ("[&x one, *x]", ["one", "one"]),
        ("&x [*x]", [None]),
        ("[*x]", [None]),
        ("{[a]: b, c: d, {e: f}: g}", {"c": "d"}),
        ("{on: yes, 1: ~, e: }", {"on": "yes", "1": "~", "e": ""}),
        ("a: 1\n---\nb: 2", {"a": "1"}),
        ("", None),
        ("# nothing", None),
        ("[" * 40 + "]" * 40, []),
        ("[" * 41 + "]" * 41, None),
        ("{a: " * 100_000, None),
    ],
)
def test_reads_what_is_written(file: Path, text: str, expected: Any) -> None:
    found = read(file, text)
    while expected == [] and found:
        [found] = found
    assert found == expected


def test_repeats_nothing_that_aliases_repeat(file: Path) -> None:
    lines = [f"- &l{n} [*l{n - 1}, *l{n - 1}]" for n in range(1, 100)]
    found = read(file, "\n".join(["- &l0 [end]", *lines]))
    assert found[99][0] is found[99][1] is found[98]


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\x00"])
def test_refuses_what_is_no_yaml(file: Path, text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read(file, text)


def test_finds_nothing_in_what_is_no_file(tmp_path: Path) -> None:
    assert read_document(str(tmp_path)) is None
