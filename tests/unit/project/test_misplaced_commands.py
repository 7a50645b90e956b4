"""Commands that are indented like the parameters above them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import ProjectError
from mlrun.project.load import find_entry_point
from tests.unit.lint.linted_projects import found_in, mended, places
from tests.unit.project.written import load_text

AMONG = """\
entry_points:
  main:
    parameters:
      rate: float
      command: python train.py {rate}
  other: {command: ls}
"""


def test_it_is_said_where_it_stands(tmp_path: Path) -> None:
    assert places(found_in(tmp_path, AMONG)) == [("misplaced-command", 5, 7)]


def test_it_is_put_beside_the_parameters(tmp_path: Path) -> None:
    assert mended(tmp_path, AMONG) == AMONG.replace("      command", "    command")


def test_a_run_is_told_too_and_others_run(tmp_path: Path) -> None:
    project = load_text(tmp_path, AMONG)
    assert find_entry_point(project, "other").command == "ls"
    with pytest.raises(ProjectError, match="stands among the parameters of 'main'"):
        find_entry_point(project)


@pytest.mark.parametrize(
    "parameters",
    [
        "\n      command: python\n        train.py\n",
        "\n      command: python train.py\n      rate: float\n",
        "\n      command: python train.py\n",
        " {rate: float, command: python train.py}\n",
    ],
)
def test_what_needs_a_thought_is_not_mended(tmp_path: Path, parameters: str) -> None:
    text = f"entry_points:\n  main:\n    parameters:{parameters}"
    problems = found_in(tmp_path, text)
    assert [p.rule for p in problems if p.rule != "unused-parameter"] == ["misplaced-command"]
    assert problems[0].edits == ()


@pytest.mark.parametrize("kind", ["string", "{type: string}", "list[string]", "''"])
def test_a_parameter_may_be_called_command(tmp_path: Path, kind: str) -> None:
    project = load_text(
        tmp_path, f"entry_points:\n  main:\n    parameters:\n      command: {kind}\n"
    )
    problem = project.entry_points["main"].problem
    assert problem is not None
    assert problem.rule == "no-command"
