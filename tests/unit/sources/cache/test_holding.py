"""Entries of the cache: held while they are used, made once, changed by one at a time."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlrun.errors import SourceError
from mlrun.lease import claim
from mlrun.sources.cache.entries import Kind, entries, remove
from mlrun.sources.cache.holding import locked, repositories_folder, use, use_or_make

URI = "https://host/project.git"
LOCK = """
import sys
from mlrun.sources.cache.holding import locked, repositories_folder
def report(line, *, passing=False):
    print(line, flush=True)
with locked(repositories_folder() / "key", report, "fetches this repository"):
    print("held", flush=True)
    sys.stdin.readline()
"""
NO_DESCRIPTORS = """
import resource
from mlrun.errors import SourceError
from mlrun.sources.cache.holding import repositories_folder, use_or_make
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
try:
    use_or_make(repositories_folder() / "key", "uri")
except SourceError as error:
    print(error)
"""
USE_AND_CLEAR = """
import os, sys
from pathlib import Path
from mlrun.sources.cache.holding import locked, repositories_folder, use_or_make
from mlrun.sources.cache.entries import Kind, entries, remove
def report(line, *, passing=False): pass
entry = repositories_folder() / "key"
removed = 0
for number in range(int(sys.argv[1])):
    lease = use_or_make(entry, "uri")
    with locked(entry, report, "fetches"):
        if not (entry / "content").exists():
            (entry / "content").write_text("x")
    for _ in range(5):
        assert (entry / "content").read_text() == "x"
        assert (entry / "about.json").exists()
    lease.release()
    for found in entries():
        if found.kind is Kind.REPOSITORY:
            remove(found)
        assert found.kind in (Kind.REPOSITORY, Kind.LEFT)
"""


@pytest.fixture
def entry() -> Path:
    return repositories_folder() / "key"


def quiet(line: str, *, passing: bool = False) -> None:
    pytest.fail(line)


def holder() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", LOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_there_is_no_entry_at_first(entry: Path) -> None:
    assert use(entry) is None
    assert not entry.parent.exists()


def test_an_entry_is_made_held_and_private(entry: Path) -> None:
    lease = use_or_make(entry, URI)
    about = json.loads((entry / "about.json").read_text())
    assert about["uri"] == URI
    assert time.time() - about["created"] < 60
    assert claim(entry / "lease") is None
    for folder in (entry, entry.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    lease.release()
    assert claim(entry / "lease") is not None


def test_many_hold_one(entry: Path) -> None:
    first, second = use_or_make(entry, URI), use(entry)
    assert second is not None
    first.release()
    assert claim(entry / "lease") is None
    second.release()


def test_making_again_changes_nothing(entry: Path) -> None:
    use_or_make(entry, URI).release()
    (entry / "content").write_text("x")
    before = (entry / "about.json").read_bytes()
    use_or_make(entry, "https://host/other-spelling").release()
    assert (entry / "content").read_text() == "x"
    assert (entry / "about.json").read_bytes() == before


def test_using_is_noted(entry: Path) -> None:
    use_or_make(entry, URI).release()
    os.utime(entry / "lease", (1, 1))
    lease = use(entry)
    assert lease is not None
    assert time.time() - (entry / "lease").stat().st_mtime < 60
    lease.release()


def test_an_entry_that_lost_its_papers_is_mended(entry: Path) -> None:
    entry.mkdir(parents=True)
    (entry / "content").write_text("x")
    use_or_make(entry, URI).release()
    assert (entry / "content").read_text() == "x"
    assert json.loads((entry / "about.json").read_text())["uri"] == URI


def test_a_cache_that_cannot_be_written_is_one_error(tmp_path: Path, entry: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(SourceError, match="cannot be kept in") as made:
        use_or_make(entry, URI)
    with pytest.raises(SourceError, match="cannot be kept in"):
        with locked(entry, quiet, "fetches"):
            pytest.fail("has a lock")
    assert "MLRUN_CACHE_DIR" in str(made.value.hint)


@pytest.mark.skipif(sys.platform == "win32", reason="counts file descriptors")
def test_a_lease_that_cannot_be_opened_is_an_error(entry: Path) -> None:
    use_or_make(entry, URI).release()
    done = subprocess.run(
        [sys.executable, "-c", NO_DESCRIPTORS], capture_output=True, text=True, timeout=60
    )
    assert "Too many open files" in done.stdout, done.stderr


def test_nobody_waits_for_nobody(entry: Path) -> None:
    with locked(entry, quiet, "fetches"):
        pass
    with locked(entry, quiet, "fetches"):
        pass


def test_errors_of_what_is_done_under_the_lock_are_passed_on(entry: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(entry, quiet, "fetches"):
        (entry / "nothing" / "here").read_text()
    with locked(entry, quiet, "fetches"):
        pass


def test_it_is_said_for_whom_one_waits(entry: Path) -> None:
    process = holder()
    said: list[str] = []

    def report(line: str, *, passing: bool = False) -> None:
        said.append(line)
        process.communicate("\n")

    with locked(entry, report, "fetches this repository"):
        assert process.returncode == 0
    who = f"(process {process.pid})"
    assert said == [f"waiting for another mlrun that fetches this repository {who}"]


def test_who_was_killed_blocks_nobody(entry: Path) -> None:
    process = holder()
    process.kill()
    process.communicate()
    with locked(entry, quiet, "fetches"):
        pass


def test_one_at_a_time(entry: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with locked(entry, lambda _line, *, passing=False: None, "fetches"):
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_nobody_loses_an_entry_that_they_hold() -> None:
    argv = [sys.executable, "-c", USE_AND_CLEAR, "60"]
    processes = [subprocess.Popen(argv) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    for found in entries():
        assert found.kind is Kind.REPOSITORY
        remove(found)
    assert os.listdir(repositories_folder()) == [".locks"]
