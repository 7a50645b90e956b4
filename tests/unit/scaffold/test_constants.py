from __future__ import annotations

import ast

import pytest

from mlrun.scaffold.constants import UNKNOWN, Constants

MODULE = """
import os
from pathlib import Path
EPOCHS = 3
ROOT = "data"
MODELS = {"b": print, "a": len}
TWICE = 1
TWICE = 2
LOOP = LOOP
def f(EPOCHS2=1): pass
"""


def value(expression: str) -> object:
    tree = ast.parse(MODULE)
    return Constants(tree).value(ast.parse(expression, mode="eval").body)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1e-5", 1e-5), ("-2", -2), ("'a' 'b'", "ab"), ("None", None), ("True", True),
        ("EPOCHS * 2 + 1", 7), ("2 ** 10", 1024), ("1 / 4", 0.25), ("EPOCHS // 2", 1),
        ("os.path.join(ROOT, 'raw')", "data/raw"), ("Path(ROOT) / 'raw'", "data/raw"),
        ("str(Path('a'))", "a"), ("ROOT + '.csv'", "data.csv"), ("[1, EPOCHS]", [1, 3]),
        ("sorted(MODELS)", ["a", "b"]), ("list(MODELS.keys())", ["b", "a"]),
        ("MODELS.keys()", ["b", "a"]), ("range(1, EPOCHS)", range(1, 3)),
    ],
)  # fmt: skip
def test_what_can_be_seen_has_a_value(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "os.cpu_count()", "TWICE", "LOOP", "missing", "EPOCHS2", "1 / 0", "9 ** 9999999",
        "'a' * 1000000000", "[1] * 3", "b'x'", "f'{ROOT}'", "os.path.join(ROOT, x)", "...",
        "range(1, 2, 0)", "1 if EPOCHS else 2", "sorted([1, 'a'])", "lambda: 1",
    ],
)  # fmt: skip
def test_what_cannot_be_seen_has_none(expression: str) -> None:
    assert value(expression) is UNKNOWN


def test_an_absent_expression_is_none() -> None:
    assert Constants(ast.parse("")).value(None) is None
