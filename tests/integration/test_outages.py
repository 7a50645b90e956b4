"""A tracking server that fails while a real client logs: nothing missing, nothing double.

Each test that draws lots prints its seed.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.components import missing
from tests.fault_proxy import Fault, FaultProxy, Trouble
from tests.functional.commands import MLRUN, Place
from tests.integration.outage_script import BATCHES, FILES, SINGLES, content
from tests.mlflow_fixtures import MlflowClient, MlflowServer

SCRIPT = Path(__file__).with_name("outage_script.py")
AWAY = Fault(Trouble.CUT_BEFORE)
# Its own retries would hide what mlrun answers.
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "60"}


@pytest.fixture
def place(tmp_path: Path, mlflow_3_17: MlflowClient) -> Place:
    """A project whose parameter says how its script logs."""
    folder = tmp_path / "place"
    folder.mkdir()
    place = Place(folder)
    command = f"'{mlflow_3_17.python}' -W ignore '{SCRIPT}' '{folder}' {{kind}}"
    place.write(
        "entry_points:\n  main:\n    parameters: {kind: string}\n"
        f"    command: {json.dumps(command)}\n"
    )
    return place


@pytest.fixture
def proxy(tracking_server: MlflowServer) -> Iterator[FaultProxy]:
    """A way to a real server that can be made a bad one."""
    with FaultProxy(tracking_server.address) as proxy:
        yield proxy


def drawn_seed() -> int:
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)  # noqa: T201 - shown with a failure
    return seed


def words(kind: str, uri: str, *more: str) -> list[str]:
    given = ["run", "project", "-P", f"kind={kind}", "--tracking-uri", uri, "--buffer-tracking"]
    return [*given, "--experiment-name", f"outage {uuid4().hex}", *more]


def rows(server: MlflowServer, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as connection:
        return connection.execute(statement, values).fetchall()


def run_id_of(stderr: str) -> str:
    found = re.search(r"\b[0-9a-f]{32}\b", stderr)
    assert found, stderr
    return found[0]


def steps(server: MlflowServer, run_id: str, key: str) -> list[object]:
    """Return a metric's steps in the order in which they arrived."""
    statement = "SELECT step FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY rowid"
    return [step for (step,) in rows(server, statement, run_id, key)]


def assert_all_is_there(server: MlflowServer, run_id: str) -> None:
    """Check all that the long script logs."""
    assert steps(server, run_id, "single") == list(range(SINGLES))
    for key in range(10):
        assert steps(server, run_id, f"b{key}") == list(range(key, BATCHES * 1000, 10))
    statement = "SELECT count(*), sum(value) FROM metrics WHERE run_uuid = ? AND key LIKE 'b_'"
    ((count, total),) = rows(server, statement, run_id)
    assert count == BATCHES * 1000
    assert total == pytest.approx(sum(n / 7 for n in range(BATCHES * 1000)))
    statement = "SELECT key, value FROM params WHERE run_uuid = ? AND key LIKE 'p%.%'"
    params = dict(rows(server, statement, run_id))
    assert params == {f"p{b}.{n}": f"value {n}" for b in range(10) for n in range(100)}
    tags = rows(server, "SELECT value FROM tags WHERE run_uuid = ? AND key = 'last'", run_id)
    assert tags == [(str(BATCHES - 1),)]
    (place,) = server.artifacts.glob(f"*/{run_id}/artifacts/files")
    assert {p.name: p.read_text() for p in place.iterdir()} == {
        f"{number} ü.txt": content(number) for number in range(FILES)
    }
    assert status(server, run_id) == "FINISHED"


def status(server: MlflowServer, run_id: str) -> Any:
    return rows(server, "SELECT status FROM runs WHERE run_uuid = ?", run_id)[0][0]


def nothing_is_left(place: Place) -> None:
    """Check that no record waits for delivery."""
    answer = place.mlrun("sync", "--list", "--output", "json")
    assert answer.returncode == 0, answer.stderr
    assert not json.loads(answer.stdout)["runs"], answer.stdout


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    for _ in range(6000):
        if condition():
            return
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    pytest.fail("waited for a minute")


def accepted(place: Place) -> int:
    file = place.folder / "accepted"
    return int(file.read_text()) if file.exists() else 0


def test_a_server_killed_and_restarted_at_random(
    place: Place, mlflow_3_17: MlflowClient, tmp_path: Path
) -> None:
    seed = drawn_seed()
    server = MlflowServer(mlflow_3_17, tmp_path)
    server.start()
    ended = threading.Event()
    killer = threading.Thread(target=kill_at_random, args=(server, random.Random(seed), ended))
    try:
        with started(place, words("long", server.address, "--flush-timeout", "100")) as process:
            wait_for(lambda: rows(server, "SELECT 1 FROM tags WHERE key = 'last'"), process)
            killer.start()
            _, stderr = process.communicate(timeout=300)
    finally:
        ended.set()
        if killer.is_alive():
            killer.join()
        server.stop()
    assert process.returncode == 0, stderr
    nothing_is_left(place)
    assert_all_is_there(server, run_id_of(stderr))


def kill_at_random(server: MlflowServer, lots: random.Random, ended: threading.Event) -> None:
    """Kill a server at least thrice, in its work and in its start, then let it live."""
    for _ in range(3):
        ended.wait(lots.uniform(0, 2))
        server.kill()
        ended.wait(lots.uniform(0, 1.5))
        server.start(wait=False)
        if lots.random() < 0.4:  # it has hardly begun
            ended.wait(lots.uniform(0, 2))
            server.kill()
            server.start(wait=False)
        ended.wait(lots.uniform(5, 7))


def started(place: Place, argv: list[str], **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MLRUN, *argv],
        cwd=place.folder,
        env={**os.environ, "DO_NOT_TRACK": "true", **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def test_latency_cut_connections_errors_and_lost_answers(
    place: Place, proxy: FaultProxy, tracking_server: MlflowServer
) -> None:
    seed = drawn_seed()
    lots = random.Random(seed)

    def choose(method: str, path: str) -> Fault:
        if "runs/create" in path or "/experiments/" in path:
            return Fault()  # what must succeed for a run to begin
        if lots.random() < 0.8:
            return Fault(seconds=lots.choice((0, 0, 0, 0.05)))
        return Fault(lots.choice(list(Trouble)), lots.choice((0, 0.1, 0.5)))

    proxy.choose = choose
    with started(place, words("long", proxy.url, "--flush-timeout", "20")) as process:
        _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    assert set(proxy.met) == set(Trouble)
    proxy.choose = lambda method, path: Fault()
    answer = place.mlrun("sync", timeout=120)  # what so bad a server has not taken in that time
    assert answer.returncode == 0, answer.stderr
    assert_all_is_there(tracking_server, run_id_of(stderr))
    nothing_is_left(place)


def test_what_a_killed_mlrun_has_accepted_is_delivered_later(
    place: Place, proxy: FaultProxy, tracking_server: MlflowServer
) -> None:
    with started(place, words("paced", proxy.url)) as process:
        wait_for(lambda: accepted(place) > 20, process)
        proxy.choose = lambda method, path: AWAY
        so_far = accepted(place)
        wait_for(lambda: accepted(place) > so_far + 50, process)
        process.send_signal(signal.SIGKILL)
        stderr = process.communicate()[1]
    count = settled(place)
    assert place.mlrun("sync").returncode == 123
    proxy.choose = lambda method, path: Fault()
    answer = place.mlrun("sync")
    assert answer.returncode == 0, answer.stderr
    run_id = newest_run(tracking_server)
    found = steps(tracking_server, run_id, "single")
    # One more may have been kept whose answer did not come in time.
    assert found in (list(range(count)), list(range(count + 1))), stderr
    nothing_is_left(place)


def settled(place: Place) -> int:
    """Return what was accepted, once the command has noticed that its runner is gone."""
    seen = -1
    while seen != (now := accepted(place)):
        seen = now
        time.sleep(0.3)
    return seen


def newest_run(server: MlflowServer) -> str:
    return str(rows(server, "SELECT run_uuid FROM runs ORDER BY start_time DESC LIMIT 1")[0][0])


def test_a_server_away_at_the_end_is_code_123_and_a_later_sync(
    place: Place, proxy: FaultProxy, tracking_server: MlflowServer
) -> None:
    argv = words("paced", proxy.url, "--undelivered", "fail", "--flush-timeout", "1")
    with started(place, argv) as process:
        wait_for(lambda: accepted(place) > 20, process)
        proxy.choose = lambda method, path: AWAY
        so_far = accepted(place)
        wait_for(lambda: accepted(place) > so_far + 50, process)
        (place.folder / "stop").touch()
        stderr = process.communicate(timeout=120)[1]
    assert process.returncode == 123, stderr
    assert "mlrun sync" in stderr
    run_id = run_id_of(stderr)
    assert run_id in place.mlrun("sync", "--list").stdout
    proxy.choose = lambda method, path: Fault()
    answer = place.mlrun("sync")
    assert answer.returncode == 0, answer.stderr
    assert steps(tracking_server, run_id, "single") == list(range(accepted(place)))
    assert status(tracking_server, run_id) == "FINISHED"
    nothing_is_left(place)


def test_a_disk_that_fills_is_told_to_the_client(
    place: Place,
    proxy: FaultProxy,
    tracking_server: MlflowServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        missing("tmpfs", "a small disk has to be mounted, which takes root")
    monkeypatch.setenv("MLRUN_STATE_DIR", str(disk))
    try:
        argv = words("filling", proxy.url, "--flush-timeout", "1", "--undelivered", "fail")
        with started(place, argv, **IMPATIENT) as process:
            wait_for(lambda: accepted(place) > 0, process)
            proxy.choose = lambda method, path: AWAY
            stderr = process.communicate(timeout=200)[1]
        assert (place.folder / "told").exists(), stderr
        assert process.returncode == 123, stderr
        proxy.choose = lambda method, path: Fault()
        answer = place.mlrun("sync", timeout=120)
        assert answer.returncode == 0, answer.stderr
        run_id = run_id_of(stderr)
        found = steps(tracking_server, run_id, "single")
        assert found[: accepted(place)] == list(range(accepted(place)))
        # What was refused may have been done, but no more than that.
        assert len(found) in (accepted(place), accepted(place) + 1000)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
