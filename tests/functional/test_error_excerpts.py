"""What an error looks like: with the line on a terminal, plain elsewhere."""

from __future__ import annotations

import os
import re

import pytest

from tests.functional.commands import MLRUN, Place
from tests.functional.test_terminal import screen
from tests.git_servers import GitServers
from tests.repositories import make_project

WRONG = "name: x\nentry_points:\n  main:\n    parameters:\n      a: [1]\n    command: echo\n"


def on_a_terminal(place: Place, *words: str, env: dict[str, str] | None = None) -> str:
    environ = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    with screen(
        [*MLRUN, *words], cwd=place.folder, env={**environ, "TERM": "xterm", **(env or {})}
    ) as shown:
        shown.process.wait()
        shown.shows("hint")
        return shown.shown.decode().replace("\r\n", "\n")


@pytest.fixture
def wrong(place: Place) -> Place:
    place.write(WRONG)
    return place


def test_on_a_terminal_the_line_is_shown_with_a_mark(wrong: Place) -> None:
    shown = on_a_terminal(wrong, "run", "project", env={"NO_COLOR": "1"})
    lines = shown.splitlines()
    assert re.search(r"error: .*MLproject:5:10: .*", lines[0])
    assert lines[1:3] == ["mlrun:   5 |       a: [1]", "mlrun:     |          ^~~"]
    assert lines[3].startswith("mlrun:   hint: ")


def test_colours_are_for_those_who_want_them(wrong: Place) -> None:
    assert "\x1b[1;31merror\x1b[0m" in on_a_terminal(wrong, "run", "project")
    assert "\x1b[" not in on_a_terminal(wrong, "run", "project", env={"TERM": "dumb"})


def test_elsewhere_errors_are_plain(wrong: Place) -> None:
    answer = wrong.mlrun("run", "project")
    assert answer.returncode == 125
    assert re.fullmatch(r"mlrun: error: .*\nmlrun:   hint: .*\n", answer.stderr)


def test_the_line_of_a_fetched_project_is_shown_though_its_folder_is_gone(
    place: Place, git_servers: GitServers
) -> None:
    make_project(git_servers.root / "team" / "wrong.git", MLproject=WRONG)
    url = git_servers.url("http", "team/wrong.git")
    shown = on_a_terminal(place, "run", url, env={"NO_COLOR": "1"})
    assert "mlrun:   5 |       a: [1]\nmlrun:     |          ^~~\n" in shown
    assert f"MLproject:5:10 of {url}" in shown
