"""Many processes that want the same data at once, and how much memory one takes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.data_server import Asked, DataServer, Manner
from tests.unit.inputs.fetching import entries, fetch

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import resource, sys
from mlrun.inputs.base import InputRequest
from mlrun.inputs.fetch import fetch_input
def report(line, passing=False):
    if not passing: print(line, file=sys.stderr, flush=True)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with fetch_input(InputRequest('data', 0, sys.argv[1]), report, None) as found:
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(found.digest, found.path, after - before, flush=True)
"""


def start(uri: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, uri],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_eight_at_once_fetch_it_once_though_one_is_killed(server: DataServer) -> None:
    content = os.urandom(20_000_000)
    server.files["/data"] = content

    def choose(asked: Asked) -> Manner:
        is_first = asked.method == "GET" and len(server.gets()) == 1
        return Manner(stall_after=9_000_000) if is_first else Manner()

    server.choose = choose
    uri = f"{server.url}/data"
    first = start(uri)
    while not any((entry / "parts").exists() for entry in entries()):
        time.sleep(0.02)
    (entry,) = entries()
    while sum(part.stat().st_size for part in (entry / "parts").iterdir()) < 9_000_000:
        time.sleep(0.02)
    others = [start(uri) for _ in range(7)]
    said = []
    for other in others:
        assert other.stderr is not None
        said.append(other.stderr.readline())
    first.send_signal(signal.SIGKILL)
    first.communicate()
    answers = [other.communicate(timeout=60) for other in others]
    waiting = f"waiting for another mlrun that fetches {uri} (process {first.pid})\n"
    assert said == [waiting] * 7
    assert {answer.split()[0] for answer, _ in answers} == {hashlib.sha256(content).hexdigest()}
    assert len({answer.split()[1] for answer, _ in answers}) == 1
    assert sum("fetched data: 19.1 MiB in" in errors for _, errors in answers) == 1
    assert [asked.start for asked in server.gets()] == [None, 9_000_000]


def test_what_a_killed_one_left_is_gone_with_the_next_version(server: DataServer) -> None:
    server.files["/data"] = b"x" * 5_000_000
    server.choose = lambda asked: Manner(stall_after=1_000_000)
    killed = start(f"{server.url}/data")
    while not server.gets():
        time.sleep(0.02)
    killed.kill()
    killed.communicate()
    server.choose = lambda asked: Manner()
    server.files["/data"] = b"new"
    assert fetch(f"{server.url}/data").path.read_bytes() == b"new"
    assert len(entries()) == 1


def test_a_big_file_takes_little_memory(server: DataServer) -> None:
    size = 300_000_000
    server.files["/data"] = bytes(size)
    process = start(f"{server.url}/data")
    answer, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    grown = int(answer.split()[2]) * 1024
    assert grown < size / 5
