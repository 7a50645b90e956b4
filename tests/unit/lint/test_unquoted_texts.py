"""Texts that YAML takes for something else, where MLflow needs a text."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.lint.unquoted_texts import check_unquoted_texts
from mlrun.project.reading.nodes import Document
from mlrun.project.reading.yaml_mending import apply_edits


def examined(text: str) -> Document:
    return Document(Path("MLproject"), text, is_spared=True)


def with_parameter(declaration: str) -> str:
    return f"entry_points:\n  main:\n    parameters:\n      {declaration}\n    command: echo\n"


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (with_parameter("on: {default: 1}"), with_parameter("'on': {default: 1}")),
        (with_parameter("1: float"), with_parameter("'1': float")),
        (with_parameter("? 2020-01-01\n      : x"), with_parameter("? '2020-01-01'\n      : x")),
        (with_parameter("null: float"), with_parameter("'null': float")),
        (
            with_parameter("a: {type: path, default: 2020}"),
            with_parameter("a: {type: path, default: '2020'}"),
        ),
        ("entry_points: {1.0: {command: echo}}", "entry_points: {'1.0': {command: echo}}"),
        ("entry_points: {é: {command: true}}", "entry_points: {é: {command: 'true'}}"),
    ],
)
def test_what_is_no_text_is_put_in_quotes(text: str, mended: str) -> None:
    (problem,) = check_unquoted_texts(examined(text))
    assert problem.rule == "mlflow-text"
    assert apply_edits(text, problem.edits) == mended


@pytest.mark.parametrize("default", ["010", "1_000", "[1]", "!!int '3'"])
def test_what_would_change_in_quotes_is_not_mended(default: str) -> None:
    found = check_unquoted_texts(examined(with_parameter(f"a: {{type: uri, default: {default}}}")))
    assert all(problem.edits == () for problem in found)


@pytest.mark.parametrize(
    "declaration",
    [
        "a: {type: path, default: data}",
        "a: {type: path, default: null}",
        "a: {type: int, default: 3}",
        "a: {default: 2020}",
        "'1': {default: 1}",
        "y: float",
        "<<: {a: float}",
        "a: 3",
        "a: {type: path, default: {{}: 1}}",
    ],
)
def test_nothing_is_said_of_texts_and_of_values(declaration: str) -> None:
    assert list(check_unquoted_texts(examined(with_parameter(declaration)))) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[on]",
        "entry_points: 3",
        "entry_points: {main: on}",
        "entry_points: {main: {command: , parameters: [1]}}",
    ],
)
def test_other_forms_are_errors_by_themselves(text: str) -> None:
    assert list(check_unquoted_texts(examined(text))) == []
