"""What lint says of `mlflow run` is what MLflow does; what it says nothing of runs there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.lint.check import check
from mlrun.lint.rules.portability import RULES
from mlrun.lint.rules.rule import Subject
from mlrun.lint.targets import Target
from tests.mlflow_fixtures import MlflowClient

TRAIN = """
import argparse
import os

known = argparse.ArgumentParser()
known.add_argument("--limit", type=int)
known.add_argument("--shuffle", nargs="?")
known.add_argument("--model")
known.add_argument("--user")
given = known.parse_args()
if os.path.exists("token.txt") and given.user is None:
    assert os.environ["API_TOKEN"] == "hunter2"
"""

RUN_ALL = """
import json, sys
from mlflow.cli import cli
codes = {}
for name in sys.argv[1:]:
    try:
        cli(["run", name, "--env-manager", "local"], standalone_mode=False)
    except (Exception, SystemExit) as error:
        codes[name] = type(error).__name__
    else:
        codes[name] = None
print(json.dumps(codes))
"""

PORTABLE = """
name: churn
entry_points:
  main:
    parameters:
      limit: {type: int, default: 3, min: 1, max: 9, choices: [3, 5], description: how many}
      user: {default: me, pattern: "[a-z]+", optional: false}
      shuffle: {type: bool, default: true, optional: true}
    command: python train.py --limit {limit} --user {user} --shuffle {shuffle}
"""


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Every rule's examples, and one with all that both take, in the folder to stand in."""
    texts = {"portable": PORTABLE}
    for rule in RULES:
        texts |= {f"{rule.name}-bad": rule.bad, f"{rule.name}-good": rule.good}
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "MLproject").write_text(text)
        (tmp_path / name / "train.py").write_text(TRAIN)
    (tmp_path / "mlflow-secret-bad" / "token.txt").write_text("hunter2\n")
    monkeypatch.chdir(tmp_path)
    return texts


def with_python(python: Path) -> dict[str, str]:
    return {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}


def test_mlflow_runs_what_lint_has_nothing_to_say_of(
    projects: dict[str, str], mlflow_3_17: MlflowClient
) -> None:
    variables = {**with_python(mlflow_3_17.python), "MLFLOW_TRACKING_URI": "sqlite:///runs.db"}
    codes = mlflow_3_17.run(RUN_ALL, variables, *projects)
    refused = {name for name, code in codes.items() if code is not None}
    assert refused == {name for name in projects if name.endswith("-bad")}
    found = {
        name
        for name in projects
        if check(Target(Path(name) / "MLproject", Subject.PROJECT)).findings
    }
    assert found == refused


def test_mlrun_runs_them_all(projects: dict[str, str]) -> None:
    for name in projects:
        answer = subprocess.run(
            [sys.executable, "-m", "mlrun", "run", name, "--no-tracking"],
            env={**os.environ, **with_python(Path(sys.executable))},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert answer.returncode == 0, (name, answer.stderr)
