"""A person fetches a project at a terminal: git may ask, progress is shown, Ctrl-C ends it."""

from __future__ import annotations

import os
import subprocess
import termios

import pytest

from tests.functional.commands import MLRUN, Place
from tests.functional.driven import wait_until
from tests.functional.fetched import processes, work_folders
from tests.functional.test_terminal import CTRL_C, screen
from tests.git_http import Manner
from tests.git_servers import PASSWORD, USER, GitServers
from tests.repositories import make_project

PATH = "team/project.git"


def command(uri: str, *words: str) -> list[str]:
    return [*MLRUN, "run", uri, "--no-tracking", *words]


@pytest.fixture
def private(git_servers: GitServers) -> str:
    make_project(git_servers.root / PATH)
    return git_servers.url("http", PATH, area="priv")


def test_git_asks_the_person_once(place: Place, private: str) -> None:
    """For finding the commit and for fetching it, which are two git processes."""
    with screen(command(private), cwd=place.folder) as s:
        s.shows("Username for ")
        s.type(f"{USER}\r".encode())
        s.shows("Password for ")
        s.type(f"{PASSWORD}\r".encode())
        wait_until(lambda: s.shown.count(b"Username") > 1 or b"said hello" in s.shown, "the end")
        assert s.shown.count(b"Username") == 1
        s.ends()
        assert s.process.returncode == 0
        assert PASSWORD.encode() not in s.shown


def test_ctrl_c_at_a_question_ends_and_leaves_the_terminal_as_it_was(
    place: Place, private: str
) -> None:
    with screen(command(private), cwd=place.folder) as s:
        before = s.attributes
        s.shows("Username for ")
        s.type(f"{USER}\r".encode())
        s.shows("Password for ")
        s.type(CTRL_C)
        s.ends()
        assert s.process.returncode == 130
        assert s.attributes[3] & termios.ECHO == before[3] & termios.ECHO
    assert work_folders() == []
    assert [p for p in processes() if private in p.words] == []


def test_nothing_is_asked_without_a_person(place: Place, private: str) -> None:
    """Its standard input is no terminal, although there is one that git could open."""
    with screen(
        command(private), cwd=place.folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as s:
        s.ends()
        assert s.process.returncode == 125
        assert b"Username" not in s.shown


def test_progress_is_shown_and_ctrl_c_ends_it(place: Place, git_servers: GitServers) -> None:
    make_project(git_servers.root / PATH, data=os.urandom(3_000_000))
    url = git_servers.url("http", PATH)
    git_servers.http.choose = lambda request: Manner(
        stall_after=2_000_000 if request.method == "POST" else None
    )
    with screen(command(url), cwd=place.folder) as s:
        s.shows("%")
        s.type(CTRL_C)
        s.ends()
        assert s.process.returncode == 130
    assert work_folders() == []
    git_servers.http.choose = lambda request: Manner()
    with screen(command(url), cwd=place.folder) as s:
        s.shows("said hello\r\n")
        s.ends()
        assert s.process.returncode == 0


def test_a_server_that_does_not_answer_is_given_up(
    place: Place, git_servers: GitServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked, though somebody could be."""
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "3")
    make_project(git_servers.root / PATH)
    git_servers.http.choose = lambda request: Manner(wait=20)
    with screen(command(git_servers.url("http", PATH)), cwd=place.folder) as s:
        s.shows("waiting for 127.0.0.1")
        s.shows("has not answered for 3 s")
        s.ends()
        assert s.process.returncode == 125


def test_progress_makes_room_for_a_description(place: Place, git_servers: GitServers) -> None:
    make_project(git_servers.root / PATH, data=os.urandom(3_000_000))
    url = git_servers.url("http", PATH)
    with screen([*MLRUN, "describe", url], cwd=place.folder) as s:
        s.shows("-P word=hello")
        s.ends()
        assert b"\x1b[2Kproject " in s.shown
