"""`mlrun.run` from Python."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlrun
from tests.functional.commands import Place, recorded, status

PROJECT = """
entry_points:
  main:
    parameters: {word: string}
    command: "echo {word} > out.txt"
  fail: {command: exit 9}
  slow: {command: "sleep 60"}
"""


@pytest.fixture
def project(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    place.write(PROJECT)
    monkeypatch.chdir(place.folder)
    before = threading.active_count()
    yield place
    assert threading.active_count() == before


def test_run_waits_and_is_recorded(project: Place) -> None:
    submitted = mlrun.run("project", parameters={"word": 1.50})
    assert submitted.get_status() == "FINISHED"
    assert submitted.wait()
    (run,) = project.runs()
    assert run.name == submitted.run_id
    assert recorded(run, "params") == {"word": "1.5"}
    assert (project.project / "out.txt").read_text() == "1.5\n"


def test_failed_command_raises_with_its_code(project: Place) -> None:
    with pytest.raises(mlrun.RunFailedError) as raised:
        mlrun.run("project", "fail")
    assert raised.value.exit_code == 9
    assert status(project.runs()[0]) == "FAILED"


def test_mistakes_raise_before_anything_starts(project: Place) -> None:
    with pytest.raises(mlrun.MlrunError, match="word"):
        mlrun.run("project")
    assert not project.store.exists()


def test_run_goes_on_beside_the_caller_and_can_be_cancelled(project: Place) -> None:
    submitted = mlrun.run("project", "slow", synchronous=False)
    assert submitted.get_status() == "RUNNING"
    assert status(project.runs()[0]) == "RUNNING"
    submitted.cancel()
    assert submitted.get_status() == "KILLED"
    assert not submitted.wait()
    assert status(project.runs()[0]) == "KILLED"


def test_several_runs_at_once(project: Place) -> None:
    submitted = [
        mlrun.run("project", parameters={"word": str(n)}, synchronous=False) for n in range(4)
    ]
    assert all(run.wait() for run in submitted)
    assert len({run.run_id for run in submitted}) == 4
    assert [status(run) for run in project.runs()] == ["FINISHED"] * 4


def test_python_waits_for_a_run_when_it_exits(project: Place) -> None:
    code = "import mlrun; mlrun.run('project', parameters={'word': 'late'}, synchronous=False)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert [status(run) for run in project.runs()] == ["FINISHED"]


def test_the_active_mlflow_run_is_the_parent(
    project: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The attribute that is asked for, not MLflow itself, which this environment lacks; the
    # example project `multistep` nests runs with the real one.
    (tmp_path / "mlflow.py").write_text(
        "class Active:\n  class info:\n    run_id = 'e' * 32\n\ndef active_run(): return Active\n"
    )
    code = "import mlflow, mlrun; mlrun.run('project', parameters={'word': 'x'})"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert recorded(project.runs()[0], "tags")["mlflow.parentRunId"] == "e" * 32
