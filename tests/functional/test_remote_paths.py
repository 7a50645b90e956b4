"""Runs whose `path` values lie elsewhere: brought before the command starts, or the run fails."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mlrun.api import run as api_run
from mlrun.errors import InputError
from tests.data_server import DataServer
from tests.functional.commands import MLRUN, Place, recorded, status
from tests.functional.driven import wait_until
from tests.functional.test_docker_runs import Docked, docked

__all__ = ["docked"]

ROWS = b"a,b\n1,2\n"
DIGEST = hashlib.sha256(ROWS).hexdigest()
PROJECT = """
entry_points:
  main:
    parameters:
      data: path
      other: {type: path, optional: true}
      out: {type: path, exists: false, optional: true}
    command: cat {data} {other} && echo out={out}
"""


@pytest.fixture
def server() -> Iterator[DataServer]:
    with DataServer({"/rows.csv": ROWS, "/more.csv": b"3,4\n"}) as made:
        yield made


@pytest.fixture
def project(place: Place) -> Place:
    place.write(PROJECT)
    return place


def events(place: Place) -> list[dict[str, Any]]:
    (folder,) = place.run_folders()
    lines = (folder / "events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_the_command_gets_the_copy_and_the_record_the_address(
    project: Place, server: DataServer
) -> None:
    address = f"{server.url}/rows.csv"
    answer = project.run_project("-P", f"data={address}", "-P", f"other={server.url}/more.csv")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "a,b\n1,2\n3,4\n\n"
    (run,) = project.runs()
    assert recorded(run, "params")["data"] == address
    assert recorded(run, "tags")["mlrun.input.data"] == f"sha256:{DIGEST}"
    (found,) = [
        event
        for event in events(project)
        if event["event"] == "gathered" and event["parameter"] == "data"
    ]
    assert (found["uri"], found["bytes"], found["sha256"]) == (address, len(ROWS), DIGEST)
    assert Path(found["path"]).read_bytes() == ROWS


def test_another_run_takes_the_copy_that_is_there(project: Place, server: DataServer) -> None:
    words = ("-P", f"data={server.url}/rows.csv")
    for _ in range(2):
        assert project.run_project(*words).stdout == "a,b\n1,2\n\n"
    assert sum(asked.method == "GET" for asked in server.asked) == 1
    server.close()
    assert project.run_project(*words, "--offline").stdout == "a,b\n1,2\n\n"
    assert project.run_project(*words).returncode == 125


def test_a_folder_for_copies_gets_them(project: Place, server: DataServer) -> None:
    answer = project.run_project("--storage-dir", "kept", "-P", f"data={server.url}/rows.csv")
    assert answer.returncode == 0, answer.stderr
    copy = project.folder / "kept" / "param_0" / "rows.csv"
    assert copy.read_bytes() == ROWS
    copy.write_text("changed by its owner\n")
    again = project.run_project("-P", f"data={server.url}/rows.csv")
    assert again.stdout == "a,b\n1,2\n\n"


def test_runs_at_once_with_one_folder_for_copies_read_each_its_own(
    project: Place, server: DataServer
) -> None:
    server.files = {"/1/rows.csv": b"first\n", "/2/rows.csv": b"second\n"}
    project.write(
        "entry_points: {main: {parameters: {data: path},"
        " command: 'echo up; while [ ! -e go ]; do sleep 0.05; done; cat {data}'}}"
    )
    words = [*MLRUN, "run", "project", "--storage-dir", "kept", "-P"]
    with ExitStack() as running:
        first, second = (
            running.enter_context(
                subprocess.Popen(
                    [*words, f"data={server.url}/{number}/rows.csv"],
                    cwd=project.folder,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in (1, 2)
        )
        for process in (first, second):
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
        (project.project / "go").touch()
        assert [p.stdout.read() for p in (first, second) if p.stdout] == ["first\n", "second\n"]


def test_what_cannot_be_had_fails_the_run_before_its_command(
    project: Place, server: DataServer
) -> None:
    answer = project.run_project("-P", f"data={server.url}/rowz.csv", "--output", "json")
    assert answer.returncode == 125
    error = json.loads(answer.stdout)["error"]
    assert (error["phase"], error["code"]) == ("gather", "input")
    (run,) = project.runs()
    assert status(run) == "FAILED"
    assert "rowz.csv" in recorded(run, "tags")["mlrun.failure"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("{url}/gone.csv", "there is no such file"),
        ("http:/gone.csv", "https://HOST/PATH"),
        ("runs:/0123456789abcdef0123456789abcdef/x", "there is no run"),
        ("https{url}/rows.csv", "A server that does not encrypt has http:// in its address"),
    ],
)
def test_it_is_said_where_an_address_that_leads_nowhere_is_written(
    place: Place, server: DataServer, address: str, said: str
) -> None:
    address = address.format(url=server.url).replace("httpshttp", "https")
    place.write(PROJECT.replace("data: path", f"data: {{type: path, default: '{address}'}}"))
    answer = place.run_project()
    assert answer.returncode == 125
    assert "MLproject:5:35: parameter 'data': " in answer.stderr
    assert said in answer.stderr


def test_nothing_is_fetched_to_print_a_plan(project: Place, server: DataServer) -> None:
    answer = project.run_project("-P", f"data={server.url}/rows.csv", "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert server.asked == []


def test_a_remote_output_is_the_commands_business(project: Place, server: DataServer) -> None:
    out = f"{server.url}/out.bin"
    answer = project.run_project("-P", f"data={server.url}/rows.csv", "-P", f"out={out}")
    assert answer.stdout.endswith(f"out={out}\n")
    assert all("out.bin" not in asked.path for asked in server.asked)


def test_a_password_in_an_address_is_nowhere(project: Place, server: DataServer) -> None:
    address = f"{server.url}/rows.csv?X-Amz-Signature=s3cretsig".replace("//", "//bob:s3cretpw@")
    answer = project.run_project("-P", f"data={address}", "--output", "json-lines", "--verbose")
    assert answer.returncode == 0, answer.stdout
    said = answer.stdout + answer.stderr
    (run,) = project.runs()
    said += str(recorded(run, "params")) + str(recorded(run, "tags"))
    (folder,) = project.run_folders()
    said += "".join(f.read_text() for f in folder.rglob("*") if f.is_file() and f.name != "log")
    assert "s3cret" not in said


def test_a_copy_in_use_is_not_removed(project: Place, server: DataServer) -> None:
    project.write(
        "entry_points: {main: {parameters: {data: path},"
        " command: 'echo up; while [ ! -e go ]; do sleep 0.05; done; cat {data}'}}"
    )
    with subprocess.Popen(
        [*MLRUN, "run", "project", "-P", f"data={server.url}/rows.csv"],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        project.mlrun("cache", "prune", "--older-than", "0")
        (project.project / "go").touch()
        assert process.stdout.read() == ROWS.decode()
    wait_until(lambda: process.poll() == 0, "the end of the run")
    project.mlrun("cache", "prune", "--older-than", "0")
    assert ".csv" not in project.mlrun("cache", "list").stdout


def test_artifacts_of_an_earlier_run_are_data(project: Place) -> None:
    project.write("entry_points: {main: {command: 'echo > made'}}")
    project.run_project()
    (run,) = project.runs()
    kept = project.store / "0" / run.name / "artifacts"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "rows.csv").write_bytes(ROWS)
    project.write(PROJECT)
    for words in ((), ("--no-tracking",)):
        answer = project.run_project("-P", f"data=runs:/{run.name}/rows.csv", *words)
        assert answer.stdout == "a,b\n1,2\n\n", answer.stderr


def test_in_python_it_is_the_same(
    project: Place, server: DataServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    submitted = api_run("project", parameters={"data": f"{server.url}/rows.csv"})
    assert submitted.get_status() == "FINISHED"
    with pytest.raises(InputError, match="no such file"):
        api_run("project", parameters={"data": f"{server.url}/nothing.csv"})


def test_a_container_sees_the_copy_and_writes_an_output_outside(
    docked: Docked, server: DataServer
) -> None:
    docked.write(
        "import sys\nopen(sys.argv[2], 'w').write(open(sys.argv[1]).read() * 2)\n",
        command="python3 main.py {data} {out}",
        more="    parameters: {data: path, out: {type: path, exists: false}}\n",
    )
    folder = docked.place.folder / "results"
    folder.mkdir()
    done = docked.run("-P", f"data={server.url}/rows.csv", "-P", "out=results/twice.csv")
    assert done.returncode == 0, done.stderr
    assert (folder / "twice.csv").read_bytes() == ROWS * 2
    done = docked.run("-P", f"data={server.url}/rows.csv", "-P", "out=nowhere/twice.csv")
    assert done.returncode == 125
    assert "mkdir -p" in done.stderr
