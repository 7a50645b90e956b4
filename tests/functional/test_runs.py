"""`mlrun runs`: what ran, how it ended, its output; also after mlrun itself was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.components import missing
from tests.functional.commands import MLRUN, Place, recorded, status
from tests.schemas import validator

PROJECT = """
entry_points:
  main:
    parameters: {word: {type: string, default: hello}}
    command: "echo {word}; echo trouble >&2; exit 3"
  slow:
    command: "echo begun; sleep 60"
"""


@pytest.fixture
def project(place: Place) -> Place:
    place.write(PROJECT)
    return place


def test_before_the_first_run_that_is_said(project: Place) -> None:
    listed = project.mlrun("runs", "list")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "no run was started on this machine yet" in listed.stderr
    assert json.loads(project.mlrun("runs", "list", "--output", "json").stdout) == {"runs": []}


def test_a_list_for_machines_is_of_what_show_shows(project: Place) -> None:
    project.run_project("-P", "word=dawn")
    shown = json.loads(project.mlrun("runs", "show", "--output", "json").stdout)
    listed = json.loads(project.mlrun("runs", "list", "--output", "json").stdout)
    assert listed == {"runs": [shown]}
    for document in (shown, listed):
        validator("runs").validate(document)


def test_a_nights_failure_is_explained(project: Place) -> None:
    project.run_project("-P", "word=dawn")
    shown = project.mlrun("runs", "show", "last").stdout
    for fact in ("FAILED (exit code 3)", "word = dawn", "echo {word}", str(project.database)):
        assert fact in shown
    log = project.mlrun("runs", "log", "last").stdout
    assert sorted(log.splitlines()) == ["dawn", "trouble"]


def test_warnings_about_the_values_are_kept(project: Place) -> None:
    project.run_project("-P", "wrod=dawn")
    assert "wrod" in project.mlrun("runs", "show").stdout.partition("warning")[2]


def test_full_disk_costs_the_log_and_not_the_outcome(project: Place, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", full], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        missing("tmpfs", "a small disk has to be mounted, which takes root")
    try:
        project.write("entry_points: {main: {command: 'seq 300000; exit 4'}}\n")
        env = {"MLRUN_STATE_DIR": str(full)}
        assert project.run_project(env=env).returncode == 4
        shown = json.loads(project.mlrun("runs", "show", "--output", "json", env=env).stdout)
    finally:
        subprocess.run(["umount", full], check=True)
    assert (shown["status"], shown["exit_code"], shown["reason"]) == ("FAILED", 4, None)


def test_list_wants_a_number_of_runs(project: Place) -> None:
    assert project.mlrun("runs", "list", "--limit", "-1").returncode == 2


def test_run_is_named_by_the_beginning_of_its_id(project: Place) -> None:
    project.run_project()
    run_id = project.runs()[0].name
    document = json.loads(project.mlrun("runs", "show", run_id[:6], "--output", "json").stdout)
    assert document["run_id"] == run_id
    assert document["exit_code"] == 3


def test_summary_names_the_exit_code(project: Place) -> None:
    assert "failed (exit code 3) in" in project.run_project().stderr


def test_runs_of_long_ago_are_removed(project: Place) -> None:
    project.run_project()
    (folder,) = project.run_folders()
    os.utime(folder / "outcome.json", (1, 1))
    (folder.parent / ".looked").unlink(missing_ok=True)
    project.mlrun("runs", "list")
    assert project.run_folders() == []
    assert project.runs() != []


def test_unknown_run_is_an_error(project: Place) -> None:
    assert "no run was started" in project.mlrun("runs", "show").stderr
    project.run_project()
    answer = project.mlrun("runs", "show", "nope")
    assert answer.returncode == 125
    assert "no run 'nope'" in answer.stderr


def test_killed_mlrun_takes_its_command_along_and_the_next_one_says_so(project: Place) -> None:
    process = begin(project)
    command = int(
        project.run_folders()[0]
        .joinpath("events.jsonl")
        .read_text()
        .split('"pid": ')[1]
        .split("}")[0]
    )
    process.kill()
    process.wait()
    until(lambda: not Path(f"/proc/{command}").exists())
    shown = project.mlrun("runs", "show", "last").stdout
    assert "KILLED" in shown
    assert "mlrun itself was killed" in shown
    assert status(project.runs()[0]) == "KILLED"
    assert "killed" in recorded(project.runs()[0], "tags")["mlrun.failure"]


def test_ctrl_c_and_term_are_recorded_as_killed(project: Place) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        process = begin(project)
        process.send_signal(number)
        assert process.wait(20) == 128 + number
    assert [status(run) for run in project.runs()] == ["KILLED", "KILLED"]


def test_undelivered_end_is_delivered_by_the_next_mlrun(project: Place) -> None:
    process = begin(project)
    (run,) = project.runs()
    hidden = project.database.rename(project.folder / "hidden.db")
    process.terminate()
    process.wait(20)
    (folder,) = project.run_folders()
    assert (folder / "pending.json").exists()
    hidden.rename(project.database)
    assert status(run) == "RUNNING"
    project.mlrun("runs", "list")
    assert status(run) == "KILLED"
    assert not (folder / "pending.json").exists()


def begin(place: Place) -> subprocess.Popen[bytes]:
    """Start the slow entry point, and return once its command runs."""
    before = len(place.run_folders()) if Path(os.environ["MLRUN_STATE_DIR"]).exists() else 0
    process = subprocess.Popen(
        [*MLRUN, "run", "project", "-e", "slow", "--quiet"],
        cwd=place.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"begun\n"
    until(lambda: len(place.run_folders()) > before)
    return process


def until(true: object, seconds: float = 20) -> None:
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
