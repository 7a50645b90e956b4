"""The keys that a mapping is meant to have."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.project.reading.keys import Keys, renaming, sort_keys
from mlrun.project.reading.nodes import Document
from mlrun.project.reading.yaml_mending import apply_edits

KNOWN = ("command", "parameters")


def sorted_keys(text: str, *, is_spared: bool) -> tuple[Document, Keys]:
    document = Document(Path("MLproject"), text, is_spared=is_spared)
    assert document.root is not None
    entries = document.entries(document.root, "the file")
    return document, sort_keys(document, entries, KNOWN, "an entry point")


def test_a_misspelt_key_stands_apart() -> None:
    document, keys = sorted_keys("comand: x\n", is_spared=False)
    assert (set(keys.found), set(keys.misspelt)) == (set(), {"command"})
    assert [lint.rule for lint in document.lints] == ["misspelt-key"]


def test_a_misspelt_key_is_read_on_for_lint() -> None:
    document, keys = sorted_keys("comand: x\n", is_spared=True)
    assert (set(keys.found), set(keys.misspelt)) == ({"command"}, set())
    assert [lint.rule for lint in document.lints] == ["misspelt-key"]


@pytest.mark.parametrize(("is_spared", "count"), [(True, 2), (False, 1)])
def test_other_keys_are_told_together_only_before_a_run(is_spared: bool, count: int) -> None:
    document, _ = sorted_keys("rubric: x\nhooks: y\n", is_spared=is_spared)
    assert [lint.rule for lint in document.lints] == ["unknown-key"] * count


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("main: {command: ls}", "indent it below `entry_points:`"),
        ("{rate: 0,01}", "a comma ends a value"),
        ("rubric: x", "# mlrun: ignore[unknown-key]"),
    ],
)
def test_what_to_do_with_another_key(text: str, hint: str) -> None:
    document, _ = sorted_keys(text, is_spared=True)
    assert hint in str(document.lints[-1].hint)


def test_what_to_do_with_a_key_of_an_entry_point() -> None:
    document = Document(Path("MLproject"), "parameters: {a: float}\n", is_spared=True)
    assert document.root is not None
    sort_keys(document, document.entries(document.root, "the file"), ("name",), "the file")
    (lint,) = document.lints
    assert lint.hint == "write `parameters:` below the name of an entry point"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("é: 1\n", "b: 1\n"), ("'é': 1\n", "'b': 1\n"), ("{\"é\": 1}\n", '{"b": 1}\n'),
     ("? é\n: 1\n", "? b\n: 1\n"), ('"\\u00e9": 1\n', None), ("&a é: 1\n", None)],
)  # fmt: skip
def test_a_key_is_renamed_where_no_more_than_its_name_stands(
    text: str, expected: str | None
) -> None:
    document = Document(Path("MLproject"), text)
    assert document.root is not None
    (entry,) = document.entries(document.root, "the file").values()
    edits = renaming(document, entry.key, "b")
    assert (apply_edits(text, edits) if edits else None) == expected
