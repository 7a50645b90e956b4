"""`type` and `default` beside a parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.lint.linted_projects import found_in, mended, places, rules_in

HEAD = "entry_points:\n  main:\n    parameters:\n"
LOST = f"""\
{HEAD}      a:
      type: int
      default: 5  # é
      b: float
      c:
      description: |
        why
    command: train {{a}} {{b}} {{c}} {{d}}
"""


def test_each_parameter_says_it_once(tmp_path: Path) -> None:
    problems = found_in(tmp_path, LOST)
    assert places(problems[:2]) == [("misplaced-key", 5, 7), ("misplaced-key", 9, 7)]
    assert problems[0].message == (
        "`type` and `default` stand beside the parameter 'a', not below it"
    )
    assert [p.rule for p in problems[2:] if p.rule != "mlflow-empty"] == ["unknown-placeholder"]


def test_they_are_indented(tmp_path: Path) -> None:
    text = mended(tmp_path, LOST)
    assert "      a:\n        type: int\n        default: 5  # é\n      b: float\n" in text
    assert "misplaced-key" not in rules_in(tmp_path, text)
    assert rules_in(tmp_path, text) == ["unknown-placeholder"]


@pytest.mark.parametrize(
    "parameters",
    [
        "      a:\n      type: int\n    command: train {a} {type}\n",
        "      a:\n      type: {default: 1}\n    command: train {a}\n",
        "      a:\n      type: of model\n    command: train {a}\n",
        "      a: int\n      type: int\n    command: train {a}\n",
        "      {a: , type: int}\n    command: train {a}\n",
        "      type: int\n    command: train {a}\n",
    ],
)
def test_parameters_of_these_names(tmp_path: Path, parameters: str) -> None:
    assert "misplaced-key" not in rules_in(tmp_path, HEAD + parameters)
