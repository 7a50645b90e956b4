"""`mlrun.run` from Python."""

from __future__ import annotations

import inspect
import signal
import subprocess
import sys
import threading
import time
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun import runner
from mlrun.errors import EnvironmentBuildError, UsageError
from mlrun.events import Event, EventKind
from mlrun.request import RunRequest
from tests.functional.commands import Place, recorded, status
from tests.functional.fetched import work_folders
from tests.repositories import make_project

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


def test_names_may_be_numbers_as_in_mlflow(project: Place) -> None:
    mlrun.run("project", parameters={"word": "x", 5: 6})  # type: ignore[dict-item]
    (run,) = project.runs()
    assert recorded(run, "params") == {"word": "x", "5": "6"}


def test_none_leaves_out_what_is_optional(project: Place) -> None:
    project.write(
        "entry_points:\n  main:\n    parameters:\n      limit: {type: int, optional: true}\n"
        "      word: {default: w}\n    command: echo --limit {limit} --word {word} > out.txt\n"
    )
    mlrun.run("project", parameters={"limit": None, "word": None})
    assert (project.project / "out.txt").read_text() == "--word None\n"  # as in MLflow
    (run,) = project.runs()
    assert recorded(run, "params") == {"word": "None"}


def test_failed_command_raises_with_its_code(project: Place) -> None:
    with pytest.raises(mlrun.RunFailedError) as raised:
        mlrun.run("project", "fail")
    assert raised.value.exit_code == 9
    assert status(project.runs()[0]) == "FAILED"


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_times_that_no_clock_takes_are_refused(project: Place, seconds: float) -> None:
    with pytest.raises(mlrun.MlrunError, match="flush_timeout must be a number of seconds"):
        mlrun.run("project", "fail", flush_timeout=seconds)
    with pytest.raises(mlrun.MlrunError, match="grace_period must be a number of seconds"):
        mlrun.run("project", "fail", grace_period=seconds)


def test_mistakes_raise_before_anything_starts(project: Place) -> None:
    with pytest.raises(mlrun.MlrunError, match="word"):
        mlrun.run("project")
    assert not project.database.exists()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no notes of exceptions")
def test_a_traceback_shows_where_it_is_and_what_to_do(project: Place) -> None:
    with pytest.raises(mlrun.MlrunError) as raised:
        mlrun.run("project", entry_point="mian")
    shown = "".join(traceback.format_exception(raised.value))
    assert f"\n{project.project / 'MLproject'}: the project has no entry point 'mian'\n" in shown
    assert "\n  hint: did you mean -e main?" in shown


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


def test_ended_runs_that_are_kept_hold_no_files_open(project: Place) -> None:
    code = """
import os
import mlrun
def run(synchronous):
    submitted = mlrun.run("project", parameters={"word": "x"}, synchronous=synchronous)
    submitted.wait()
    submitted.cancel()
    return submitted
kept = [run(True)]
before = len(os.listdir("/proc/self/fd"))
kept += [run(number % 2 == 0) for number in range(6)]
print("more:", len(os.listdir("/proc/self/fd")) - before, {one.get_status() for one in kept})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "more: 0 {'FINISHED'}" in done.stdout, done.stdout + done.stderr


def test_a_listener_that_fails_leaves_no_folder(project: Place, tmp_path: Path) -> None:
    repository = make_project(tmp_path / "p.git")
    request = RunRequest(uri=str(repository.path), cwd=project.folder, tracking=False)

    def listen(event: Event) -> None:
        if "written.txt" in event.message:
            raise OSError("nobody reads this")

    with pytest.raises(OSError, match="nobody reads"):
        runner.run(request, listen)
    assert work_folders() == []


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


def test_signature_begins_as_that_of_mlflow() -> None:
    names = (
        "uri entry_point version parameters docker_args experiment_name experiment_id backend "
        "backend_config storage_dir synchronous run_id run_name env_manager build_image docker_auth"
    )
    assert list(inspect.signature(mlrun.run).parameters)[:16] == names.split()


@pytest.mark.parametrize(
    ("docker_args", "error", "text"),
    [
        # These are understood, and then there is no engine.
        ({"cpus": 1.5, "v": ["/a:/a", "/b:/b"], "t": True}, EnvironmentBuildError, ""),
        ({"memory": None}, UsageError, "-A memory needs a value"),
        ({"e": {"NAME": "value"}}, UsageError, "-A e needs a value"),
    ],
)
def test_docker_args_may_be_numbers_and_lists(
    project: Place,
    monkeypatch: pytest.MonkeyPatch,
    docker_args: dict[str, Any],
    error: type[mlrun.MlrunError],
    text: str,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{project.folder}/nobody.sock")
    project.write("docker_env: image\nentry_points: {main: {command: ls}}\n")
    with pytest.raises(error) as raised:
        mlrun.run("project", docker_args=docker_args)
    assert type(raised.value) is error
    assert text in raised.value.message


def test_other_modules_of_mlflows_name_are_no_obstacle(
    project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", types.ModuleType("mlflow"))
    assert mlrun.run("project", parameters={"word": "x"}).wait()


def test_arguments_may_change_once_the_run_has_started(project: Place) -> None:
    parameters, tags = {"word": "before"}, {"when": "before"}
    submitted = mlrun.run("project", parameters=parameters, tags=tags, synchronous=False)
    parameters["word"] = tags["when"] = "after"
    assert submitted.wait()
    (run,) = project.runs()
    assert recorded(run, "params") == {"word": "before"}
    assert recorded(run, "tags")["when"] == "before"


def test_ctrl_c_in_a_script_ends_its_run_and_the_script(project: Place) -> None:
    code = "import mlrun; mlrun.run('project', 'slow'); print('not reached')"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not [f for f in _folders(project) if "started" in (f / "events.jsonl").read_text()]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert output == ""
    assert status(project.runs()[0]) == "KILLED"


def test_interrupt_just_after_the_start_ends_the_run(project: Place) -> None:
    def interrupt(event: Event) -> None:
        if event.kind is EventKind.STARTED:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.start(RunRequest("project", "slow", cwd=project.folder), interrupt)
    assert status(project.runs()[0]) == "KILLED"


def _folders(project: Place) -> list[Path]:
    try:
        return [f for f in project.run_folders() if (f / "events.jsonl").exists()]
    except FileNotFoundError:
        return []
