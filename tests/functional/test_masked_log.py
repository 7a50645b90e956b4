"""Secrets that a command prints: on mlrun's own output as they are, in the log as stars."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.backends.base import LaunchRequest
from tests.functional.driven import Scene, run
from tests.functional.test_terminal import screen

TOKEN, KEY = "hunter22", "first line of it\nsecond line of it"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_pipes_are_unchanged_and_the_log_is_starred(scene: Scene) -> None:
    command = "printf 'a hunt'; sleep 0.2; echo 'er22 b'; echo hunter22 >&2; printf hunter2"
    answer = run(scene, command, secrets=[TOKEN])
    assert answer.stdout == b"a hunter22 b\nhunter2"
    assert b"hunter22\n" in answer.stderr
    log = scene.log.read_bytes()
    assert b"a *** b\n" in log
    assert b"***\n" in log.replace(b"a *** b\n", b"")
    assert b"hunter22" not in log
    assert b"hunter2" in log, "what is no secret is written at the end"


def test_lines_of_a_terminal(scene: Scene) -> None:
    with screen(scene.driver(f"echo '{KEY}'; echo end", secrets=[TOKEN, KEY])) as s:
        s.shows("first line of it\r\nsecond line of it\r\nend\r\n")
        s.ends()
    assert scene.log.read_bytes() == b"***\r\nend\r\n"


def test_nobody_shows_a_request_with_its_secrets(tmp_path: Path) -> None:
    request = LaunchRequest(
        argv=("true",),
        cwd=tmp_path,
        env={**os.environ, "TOKEN": TOKEN},
        run_id="r1",
        log=tmp_path / "log",
        secrets=(TOKEN.encode(),),
    )
    assert TOKEN not in repr(request)
