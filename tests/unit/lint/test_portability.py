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
    ],
)
def test_what_is_told(tmp_path: Path, declaration: str, rules: list[str]) -> None:
    project, _ = main_of(tmp_path, f"parameters: {{p: {declaration}}}\ncommand: 'echo {{p}}'")
    assert [problem.rule for problem in portability(project)] == rules


def test_a_flag_that_the_command_leaves_out_does_no_harm(tmp_path: Path) -> None:
    declaration = "{type: bool, flag: true, default: true}"
    project, _ = main_of(tmp_path, f"parameters: {{p: {declaration}}}\ncommand: echo")
    assert list(portability(project)) == []
