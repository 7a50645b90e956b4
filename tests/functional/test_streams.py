"""What becomes of a run whose mlrun has no streams, no readers, no room or no folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.functional.commands import MLRUN, Place, status

PROJECT = "entry_points: {main: {command: 'sleep 0.3; echo done > out.txt; echo hello'}}\n"
SPACE = Path("/dev/full")


@pytest.fixture
def project(place: Place) -> Place:
    place.write(PROJECT)
    return place


def shell(place: Place, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `mlrun` is the one under test."""
    script = f'mlrun() {{ {" ".join(MLRUN)} "$@"; }}\nset -o pipefail\n{line}\n'
    return subprocess.run(
        ["bash", "-c", script],
        cwd=place.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "closed",
    [">&-", "2>&-", "<&-", ">&- 2>&-", ">&- 2>&- <&-", "--output json >&-", "--output json 2>&-"],
)
def test_closed_streams_cost_a_run_nothing(project: Place, closed: str) -> None:
    answer = shell(project, f"mlrun run project {closed}")
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    assert status(project.runs()[0]) == "FINISHED"
    assert (project.project / "out.txt").read_text() == "done\n"


def test_closed_streams_are_no_place_for_files(project: Place) -> None:
    shell(project, "mlrun run project --verbose >&- 2>&-")
    (folder,) = project.run_folders()
    assert (folder / "output.log").read_text() == "hello\n"
    assert (folder / "owner.lock").read_text() == ""


def test_other_commands_bear_closed_streams(project: Place) -> None:
    assert project.run_project().returncode == 0  # something to list
    for words in ("describe project", "runs list", "--version"):
        answer = shell(project, f"mlrun {words} >&-")
        assert (answer.returncode, answer.stderr) == (0, "")


def test_event_stream_without_a_reader_leaves_the_run_alone(project: Place) -> None:
    answer = shell(project, "mlrun run project --output json-lines | head -n 1")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["event"] == "planned"
    assert status(project.runs()[0]) == "FINISHED"
    assert (project.project / "out.txt").exists()


@pytest.mark.skipif(not SPACE.exists(), reason="a device that is always full")
def test_result_that_cannot_be_printed_leaves_the_exit_code(project: Place) -> None:
    answer = shell(project, f"mlrun run project --output json > {SPACE}")
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    assert shell(project, f"mlrun describe project > {SPACE}").returncode == 1


def test_unwritable_result_file_is_found_before_the_run(project: Place) -> None:
    answer = project.run_project("--output", "json", "--result-file", "nowhere/result.json")
    assert answer.returncode == 2
    assert json.loads(answer.stdout)["error"]["code"] == "usage"
    assert not project.database.exists()


def test_result_file_that_vanishes_leaves_exit_code_and_document(place: Place) -> None:
    place.write("entry_points: {main: {command: 'rm -r ../results; exit 3'}}\n")
    (place.folder / "results").mkdir()
    answer = place.run_project("--output", "json", "--result-file", "results/result.json")
    assert answer.returncode == 3
    assert json.loads(answer.stdout)["outcome"]["command_exit_code"] == 3
    assert "cannot be written" in answer.stderr


def test_result_file_holds_no_earlier_result(project: Place) -> None:
    file = project.folder / "result.json"
    file.write_text("{}")
    project.write("entry_points: {main: {command: 'cat ../result.json'}}\n")
    answer = project.run_project("--result-file", str(file))
    assert answer.stdout == ""
    assert json.loads(file.read_text())["outcome"]["status"] == "FINISHED"


def test_dry_run_has_no_result(project: Place) -> None:
    answer = project.run_project("--dry-run", "--result-file", "result.json")
    assert answer.returncode == 2


def test_removed_current_folder_is_one_error(project: Place) -> None:
    for words in ("run", "describe"):
        line = f"mkdir gone; cd gone; rmdir ../gone; mlrun {words} {project.project}"
        answer = shell(project, line)
        assert answer.returncode == 125
        assert "the current folder was removed" in answer.stderr
        assert "Traceback" not in answer.stderr


def test_narrow_encoding_is_no_error(place: Place) -> None:
    place.write("name: Prüfung\nentry_points: {main: {command: 'true'}}\n")
    answer = place.mlrun("describe", "project", env={"PYTHONIOENCODING": "ascii"})
    assert answer.returncode == 0, answer.stderr
    assert r"Pr\xfcfung" in answer.stdout


@pytest.mark.parametrize("name", ["it's a \"q'", "new\nline", "# und é", b"raw\xff"])
def test_odd_names_of_projects(place: Place, name: str | bytes) -> None:
    place.write(PROJECT)
    odd = os.fsdecode(name)
    place.project.rename(place.folder / odd)
    answer = place.mlrun("run", odd)
    assert answer.returncode == 0, answer.stderr
    assert place.mlrun("run", odd, "--dry-run", "--output", "json").returncode == 0
    assert place.mlrun("describe", odd, env={"PYTHONIOENCODING": "utf-8"}).returncode == 0


def test_home_of_nobody_is_a_missing_folder(place: Place) -> None:
    answer = place.mlrun("run", "~nobody-of-that-name/project")
    assert answer.returncode == 125
    assert "there is no folder" in answer.stderr
