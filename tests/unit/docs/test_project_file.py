"""The page on the project file says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from docs.generators.project_file import parameter_keys, project_keys
from mlrun.lint.project_file import check_project_file
from mlrun.project.parameters.declarations import _KEYS
from tests.schemas import refusals, validator

PAGE = Path(__file__).resolve().parents[3] / "docs" / "project-file.md"


def test_its_example_is_a_good_file(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for name in ("python_env.yaml", "report.yaml"):
        (tmp_path / name).touch()
    found = check_project_file(tmp_path / "MLproject", example)
    # What mlrun adds to MLflow's format is noted as such, and nothing else is found.
    rules = {str(one.rule) for one in found} - {"own-environment"}
    assert {rule for rule in rules if not rule.startswith("mlflow-")} == set()
    assert not refusals(validator("mlproject"), example)


def test_it_has_all_keys_of_a_parameter() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", parameter_keys(), re.MULTILINE)) == set(_KEYS)


def test_a_row_says_what_is_known_of_a_key() -> None:
    row = next(line for line in project_keys().splitlines() if line.startswith("| `docker_env`"))
    assert row.endswith('| `{"image": "python:3.11-slim"}` | yes |')
