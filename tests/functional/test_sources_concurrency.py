"""Many runs of one repository at once, and runs that end too early: what they leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components import missing
from tests.functional.commands import Place
from tests.functional.fetched import begin, problem_of, processes, run, work_folders
from tests.git_http import Manner
from tests.git_servers import GitServers
from tests.repositories import Repository, make_long_history, make_project, make_repository

PATH = "team/project.git"
AT_ONCE = 20

PATIENT_PROJECT = """\
entry_points:
  main:
    parameters: {word: str}
    command: 'printf "%s" {word} > written.txt && sleep 1 && cat written.txt text.txt'
"""


@pytest.fixture
def repository(git_servers: GitServers) -> Repository:
    return make_project(git_servers.root / PATH)


@pytest.fixture
def url(git_servers: GitServers, repository: Repository) -> str:
    return git_servers.url("http", PATH)


def assert_runs(place: Place, url: str, *words: str) -> None:
    """Run the project once more: the cache works, and nothing is left of earlier runs."""
    answer = run(place, url, *words)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "said hello\none\n"
    assert work_folders() == []


@pytest.mark.parametrize("version", ["main", "commit"])
def test_many_first_runs_fetch_once_and_are_all_right(
    place: Place, git_servers: GitServers, version: str
) -> None:
    made = make_repository(
        git_servers.root / PATH, {"MLproject": PATIENT_PROJECT, "text.txt": os.urandom(8).hex()}
    )
    text = made.git("show", "main:text.txt")
    url = git_servers.url("http", PATH)
    commit = made.git("rev-parse", "main") if version == "commit" else version
    started = [
        begin(place, url, "-v", commit, "-P", f"word=w{number}", "--no-tracking")
        for number in range(AT_ONCE)
    ]
    answers = [process.communicate(timeout=300) for process in started]
    assert [process.returncode for process in started] == [0] * AT_ONCE, answers
    assert [output for output, _ in answers] == [f"w{number}{text}" for number in range(AT_ONCE)]
    assert len(git_servers.http.packs) == 1
    assert work_folders() == []


def test_many_runs_of_many_versions_are_all_right(
    place: Place, git_servers: GitServers, repository: Repository, url: str
) -> None:
    for number in range(6):
        repository.commit({"text.txt": f"{number}\n"}, branch=f"b{number}", onto="main")
    started = [begin(place, url, "-v", f"b{n % 6}", "--no-tracking") for n in range(12)]
    for number, process in enumerate(started):
        output, errors = process.communicate(timeout=300)
        assert output == f"said hello\n{number % 6}\n", errors
    assert len(git_servers.http.packs) == 6


def wait_until_stalled(git_servers: GitServers, process: subprocess.Popen[str]) -> None:
    while git_servers.http.packs == []:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def descendants(pid: int) -> set[int]:
    """Return a process and all that it has started."""
    found = {pid}
    while more := {p.pid for p in processes() if p.parent in found} - found:
        found |= more
    return found


@pytest.mark.parametrize("victims", ["mlrun", "all"])
def test_a_run_killed_while_it_fetches_leaves_a_cache_that_works(
    place: Place, git_servers: GitServers, victims: str
) -> None:
    made = make_project(git_servers.root / PATH, data=os.urandom(3_000_000))
    url = git_servers.url("http", PATH)
    git_servers.http.choose = lambda request: Manner(
        stall_after=1_000_000 if request.method == "POST" else None
    )
    with begin(place, url) as process:
        wait_until_stalled(git_servers, process)
        for pid in descendants(process.pid) if victims == "all" else {process.pid}:
            with contextlib.suppress(ProcessLookupError):  # some go with their parents
                os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=60)
    git_servers.http.choose = lambda request: Manner()
    assert_runs(place, url)
    assert_runs(place, url, "-v", made.git("rev-parse", "main"))


def test_git_ends_with_the_mlrun_that_started_it(place: Place, git_servers: GitServers) -> None:
    """What nobody watches any more must not write beside the next one that fetches.

    The server holds the connection, so nothing else would end it soon.
    """
    make_project(git_servers.root / PATH, data=os.urandom(3_000_000))
    url = git_servers.url("http", PATH)
    git_servers.http.choose = lambda request: Manner(
        stall_after=1_000_000 if request.method == "POST" else None
    )
    with begin(place, url) as process:
        wait_until_stalled(git_servers, process)
        process.kill()
        process.communicate(timeout=60)
    left = [""]
    for _ in range(200):
        if not left:
            break
        time.sleep(0.05)
        left = [p.words for p in processes() if url in p.words and " fetch " in p.words]
    assert left == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_interrupted_while_it_fetches_leaves_nothing(
    place: Place, git_servers: GitServers, number: int
) -> None:
    make_project(git_servers.root / PATH, data=os.urandom(3_000_000))
    url = git_servers.url("http", PATH)
    git_servers.http.choose = lambda request: Manner(
        stall_after=1_000_000 if request.method == "POST" else None
    )
    with begin(place, url, "--output", "json") as process:
        wait_until_stalled(git_servers, process)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    assert json.loads(output)["error"]["code"] == "interrupted"
    assert work_folders() == []
    assert [p for p in processes() if url in p.words] == []


def test_a_run_killed_while_its_command_runs_leaves_no_folder_after_the_next(
    place: Place, git_servers: GitServers, tmp_path: Path
) -> None:
    project = "entry_points: {main: {command: 'touch begun && sleep 60'}}\n"
    make_repository(git_servers.root / "slow.git", {"MLproject": project})
    make_project(git_servers.root / PATH)
    with begin(place, git_servers.url("http", "slow.git")) as process:
        while not list((tmp_path / "cache" / "work").glob("*/*/begun")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.kill()
        process.communicate(timeout=60)
    assert len(work_folders()) == 1
    assert_runs(place, git_servers.url("http", PATH))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_leaves_no_folder(
    place: Place, git_servers: GitServers, tmp_path: Path, number: int
) -> None:
    project = "entry_points: {main: {command: 'touch begun && exec sleep 60'}}\n"
    make_repository(git_servers.root / "slow.git", {"MLproject": project})
    with begin(place, git_servers.url("http", "slow.git")) as process:
        while not list((tmp_path / "cache" / "work").glob("*/*/begun")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert work_folders() == []


@pytest.mark.parametrize(
    ("asked", "after"),
    [("info/refs", 0), ("info/refs", 20), *(("git-upload-pack", n) for n in (0, 20, 300, 100_000))],
)
def test_a_connection_that_breaks_leaves_a_cache_that_works(
    place: Place, git_servers: GitServers, asked: str, after: int
) -> None:
    make_project(git_servers.root / PATH, data=os.urandom(300_000))
    url = git_servers.url("http", PATH)
    git_servers.http.choose = lambda request: Manner(
        cut_after=after if request.what == asked else None
    )
    answer = run(place, url, "--output", "json")
    document = json.loads(answer.stdout)
    assert (answer.returncode, document["error"]["code"]) == (125, "source_unavailable")
    assert "127.0.0.1" in problem_of(document)
    assert work_folders() == []
    git_servers.http.choose = lambda request: Manner()
    assert_runs(place, url)


def test_a_connection_that_stalls_ends(place: Place, git_servers: GitServers) -> None:
    make_project(git_servers.root / PATH, data=os.urandom(3_000_000))
    url = git_servers.url("http", PATH)
    git_servers.http.choose = lambda request: Manner(
        stall_after=1_000_000 if request.method == "POST" else None
    )
    answer = run(place, url, "--output", "json", env={"MLRUN_FETCH_TIMEOUT": "2"})
    assert json.loads(answer.stdout)["error"]["code"] == "source_unavailable"
    git_servers.http.choose = lambda request: Manner()
    assert_runs(place, url)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A cache folder on a disk of 3 MB."""
    disk = tmp_path / "cache"
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        missing("tmpfs", "a small disk has to be mounted, which takes root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_leaves_a_cache_that_works(
    place: Place, git_servers: GitServers, small_disk: Path
) -> None:
    make_project(git_servers.root / "small.git")
    make_project(git_servers.root / PATH, data=os.urandom(6_000_000))
    url = git_servers.url("http", PATH)
    answer = run(place, url, "--output", "json")
    assert answer.returncode == 125, answer.stderr
    assert "disk is full" in problem_of(json.loads(answer.stdout))
    assert work_folders() == []
    assert_runs(place, git_servers.url("http", "small.git"))
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert_runs(place, url)


def test_a_disk_too_small_for_the_files_leaves_a_cache_that_works(
    place: Place, git_servers: GitServers, small_disk: Path
) -> None:
    """What is fetched is small; what it unpacks to is not."""
    make_project(git_servers.root / PATH, data=b"words\n" * 1_000_000)
    url = git_servers.url("http", PATH)
    answer = run(place, url, "--output", "json")
    assert answer.returncode == 125, answer.stderr
    assert "disk is full" in problem_of(json.loads(answer.stdout))
    assert work_folders() == []
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert_runs(place, url)


def test_a_long_history_is_fetched_in_part_and_then_as_a_whole(
    place: Place, git_servers: GitServers
) -> None:
    """200 MB: the last commit comes without its history, a short hash of an old one with it."""
    made = make_long_history(git_servers.root / PATH)
    url = git_servers.url("http", PATH)
    assert_runs(place, url)
    old = made.git("rev-parse", "main~51")
    assert_runs(place, url, "-v", old[:10])
