"""A secret reaches the command, and nothing else."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.functional.commands import MLRUN, Place, recorded

SECRET = "hunter2-of-the-tests"

MLPROJECT = """
entry_points:
  main:
    parameters:
      api-token: {secret: true}
      rate: {type: float, default: 0.1}
    command: python work.py {rate}
"""

WORK = """
import os, sys, time
from pathlib import Path
token = os.environ["API_TOKEN"]
print("token", token, flush=True)
print(token, file=sys.stderr, flush=True)
Path("seen").write_text(token[::-1])
while not Path("go").exists():
    time.sleep(0.01)
"""


@pytest.fixture
def project(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    place.write(MLPROJECT, work_py=WORK)
    (place.folder / "token").write_text(f"{SECRET}\n")
    (place.project / "go").touch()
    return place


def files_with(text: str, *folders: Path) -> Iterator[Path]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and text.encode() in path.read_bytes():
                yield path


def test_it_is_in_no_file_and_no_record(project: Place, tmp_path: Path) -> None:
    answer = project.run_project("-P", "api-token=@token")
    assert answer.returncode == 0, answer.stderr
    assert f"token {SECRET}\n" in answer.stdout  # what the command prints is its own affair
    assert (project.project / "seen").read_text() == SECRET[::-1]
    assert list(files_with(SECRET, tmp_path)) == [project.folder / "token"]
    (run,) = project.runs()
    assert recorded(run, "params") == {"rate": "0.1"}
    with closing(sqlite3.connect(project.database)) as connection:
        assert not [line for line in connection.iterdump() if SECRET in line or "@token" in line]
    (folder,) = project.run_folders()
    assert "token ***\n***\n" in (folder / "output.log").read_text()
    plan = json.loads((folder / "plan.json").read_text())
    (token, _) = plan["work"]["parameters"]
    assert (token["value"], token["base"]) == ("@token", str(project.folder))


def test_it_is_in_no_process_but_the_commands_own_variables(project: Place) -> None:
    (project.project / "go").unlink()
    words = [*MLRUN, "run", "project", "-P", "api-token=env:KEY"]
    with subprocess.Popen(
        words,
        cwd=project.folder,
        env={**os.environ, "KEY": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        while SECRET not in process.stdout.readline():
            assert process.poll() is None
        listed = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if there(path)]
        (project.project / "go").touch()
        process.communicate()
    assert process.returncode == 0
    assert any(b"work.py" in words for words in listed)
    assert not any(SECRET.encode() in words for words in listed)


def there(path: Path) -> bool:
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


@pytest.mark.parametrize("output", ["text", "json", "json-lines"])
def test_nothing_that_mlrun_says_has_it(project: Place, output: str) -> None:
    words = ("--output", output, "-P", "api-token=env:KEY")
    for more in (("--dry-run",), ("-P", "rate=x"), ("-P", "api-token=@token"), ()):
        answer = project.run_project(*words, *more, env={"KEY": SECRET})
        own = answer.stdout + answer.stderr
        assert own.count(SECRET) == (0 if more else 2)  # what the command prints is its own affair


def test_the_credentials_of_a_remote_path_are_in_no_plan(project: Place) -> None:
    project.write("entry_points: {main: {parameters: {data: path}, command: 'cat {data}'}}")
    address = f"https://me:{SECRET}@127.0.0.1:9/data.csv?token={SECRET}"
    answer = project.run_project("--dry-run", "--output", "json", "-P", f"data={address}")
    assert answer.returncode == 0, answer.stderr
    assert "https://***@127.0.0.1:9/data.csv?token=***" in answer.stdout
    assert SECRET not in answer.stdout + answer.stderr


def test_a_value_that_is_written_out_is_not_repeated(project: Place) -> None:
    (project.folder / "values.yaml").write_text(f"api-token: {SECRET}\n")
    for words in (
        ("-P", f"api-token={SECRET}"),
        ("--params-file", "values.yaml"),
        ("-P", f"api-token={SECRET}", "-P", f"api-token={SECRET}2"),
    ):
        answer = project.run_project(*words)
        assert answer.returncode in (2, 125)
        assert "'api-token'" in answer.stderr
        assert SECRET not in answer.stderr + answer.stdout
    assert project.runs() == []


def test_the_python_api_has_the_same_rules(project: Place) -> None:
    code = (
        "import mlrun, sys\n"
        "from mlrun.errors import ParameterError\n"
        "try:\n"
        f"    mlrun.run('project', parameters={{'api-token': {SECRET!r}}})\n"
        "except ParameterError as error:\n"
        "    print(error, error.hint)\n"
        "run = mlrun.run('project', parameters={'api-token': '@token', 'rate': 0.5})\n"
        "print(run.get_status())\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    refused, *rest = answer.stdout.splitlines()
    assert "is secret" in refused
    assert SECRET not in refused
    assert rest[-1] == "FINISHED"
