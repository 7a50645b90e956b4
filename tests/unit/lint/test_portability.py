"""Why an entry point would not run with `mlflow run`; MLflow itself is asked elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.lint.portability import portability
from tests.unit.project.written import main_of


@pytest.mark.parametrize(
    ("declaration", "rules"),
    [
        ("{type: int, optional: true}", ["mlflow-optional"]),
        ("{default: null}", ["mlflow-optional"]),
        ("{type: int, optional: true, default: 1}", []),
        ("{type: bool, flag: true, default: true}", ["mlflow-flag"]),
        ("{type: bool, flag: true, optional: true}", ["mlflow-optional", "mlflow-flag"]),
        ("{secret: true, optional: true}", ["mlflow-secret"]),
        ("{type: path, exists: false}", ["mlflow-output"]),
        ("{type: path, exists: true}", []),
        ("{choices: [a], description: b, pattern: a}", []),
        ("{type: int, min: 0, max: 1}", []),
        ("{type: path, default: ~/data}", ["mlflow-home"]),
        ("{type: path, default: '~'}", ["mlflow-home"]),
        ("{type: path, default: ~data}", []),
        ("{type: path, exists: false, default: ~/data}", ["mlflow-output"]),
        ("{default: ~/data}", []),
    ],
)
def test_what_is_told(tmp_path: Path, declaration: str, rules: list[str]) -> None:
    project, _ = main_of(tmp_path, f"parameters: {{p: {declaration}}}\ncommand: 'echo {{p}}'")
    assert [problem.rule for problem in portability(project)] == rules


@pytest.mark.parametrize("command", ["echo", "'echo {{p}}'"])
def test_a_flag_that_the_command_leaves_out_does_no_harm(tmp_path: Path, command: str) -> None:
    declaration = "{type: bool, flag: true, default: true}"
    project, _ = main_of(tmp_path, f"parameters: {{p: {declaration}}}\ncommand: {command}")
    assert list(portability(project)) == []


@pytest.mark.parametrize("name", ["net.rate", "'0'", "'1'", "'a[0]'"])
def test_a_name_that_format_takes_for_something_else(tmp_path: Path, name: str) -> None:
    placeholder = name.strip("'")
    project, _ = main_of(
        tmp_path, f"parameters: {{{name}: float}}\ncommand: 'echo {{{placeholder}}}'"
    )
    assert [problem.rule for problem in portability(project)] == ["mlflow-placeholder"]


@pytest.mark.parametrize("name", ["rate", "net-rate", "_1", "net rate"])
def test_a_name_that_format_finds(tmp_path: Path, name: str) -> None:
    project, _ = main_of(tmp_path, f"parameters: {{{name}: float}}\ncommand: 'echo {{{name}}}'")
    assert list(portability(project)) == []


def test_a_name_that_is_in_no_placeholder_does_no_harm(tmp_path: Path) -> None:
    project, _ = main_of(tmp_path, "parameters: {net.rate: float}\ncommand: echo")
    assert list(portability(project)) == []
