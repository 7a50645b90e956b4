"""Projects in containers of Podman's, through its service."""

from __future__ import annotations

import signal
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.docker_engine import DockerEngine
from tests.functional.commands import MLRUN, Place, recorded, status

PROJECT = """\
name: in_podman
docker_env:
  image: {image}
  environment: [[GREETING, "hello; you"]]
entry_points:
  main:
    parameters:
      word: {{type: string, default: "a b"}}
    command: {command}
"""
LOGS = """\
import json, os, urllib.request as web
request = web.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-parameter")
request.add_header("Authorization", "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"])
request.add_header("Content-Type", "application/json")
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "inside", "value": "yes"}
print(web.urlopen(request, json.dumps(body).encode()).status)
"""


@pytest.fixture
def place(tmp_path: Path, podman_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("DOCKER_HOST", podman_engine.address)
    return Place(tmp_path)


def write(place: Place, engine: DockerEngine, command: str, **files: str) -> None:
    place.write(PROJECT.format(image=engine.python_image(), command=command), **files)


def left(engine: DockerEngine) -> list[str]:
    with closing(engine.client()) as client:
        return [str(found.name) for found in client.containers.list(all=True)]


def test_a_command_has_its_code_values_and_variables(
    place: Place, podman_engine: DockerEngine
) -> None:
    command = "'python show.py {word} && echo \"$GREETING\" | cat && exit 7'"
    write(place, podman_engine, command, show_py="import sys; print(sys.argv[1:])\n")
    answer = place.run_project("-P", "word=it's; me", env={})

    assert answer.stdout == '["it\'s; me"]\nhello; you\n', answer.stderr
    assert answer.returncode == 7
    (run,) = place.runs()
    assert status(run) == "FAILED"
    assert left(podman_engine) == []


def test_what_it_writes_is_the_users(place: Place, podman_engine: DockerEngine) -> None:
    write(place, podman_engine, "'echo done > result && touch ~/own'")
    answer = place.run_project()

    assert answer.returncode == 0, answer.stderr
    written = place.project / "result"
    assert written.read_text() == "done\n"
    assert written.stat().st_uid == place.folder.stat().st_uid


def test_it_records_through_the_gateway(place: Place, podman_engine: DockerEngine) -> None:
    write(place, podman_engine, "python log.py", log_py=LOGS)
    answer = place.run_project()

    assert answer.returncode == 0, answer.stderr
    (run,) = place.runs()
    assert recorded(run, "params") == {"word": "a b", "inside": "yes"}


def test_an_image_with_the_code_is_built_once(place: Place, podman_engine: DockerEngine) -> None:
    write(place, podman_engine, "cat words", words="built in\n")
    answers = [place.mlrun("run", "project", "--build-image") for _ in range(2)]

    assert [a.stdout for a in answers] == ["built in\n"] * 2, answers[0].stderr
    images = {recorded(run, "tags")["mlflow.docker.image.id"] for run in place.runs()}
    assert len(images) == 1


def test_an_interruption_ends_the_container(place: Place, podman_engine: DockerEngine) -> None:
    write(place, podman_engine, "'echo up; exec sleep 90'")
    process = subprocess.Popen(
        [*MLRUN, "run", "project"], cwd=place.folder, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130

    (run,) = place.runs()
    assert status(run) == "KILLED"
    assert left(podman_engine) == []
