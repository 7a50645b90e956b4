"""The service before a local database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.tracking.database.opening import connect
from mlrun.tracking.gateway import writing
from tests.gateways import Served, gateway_over


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with gateway_over(tmp_path) as started:
        yield started


def make_run(served: Served) -> str:
    reply = served.api("POST", "/runs/create", {"experiment_id": "0", "start_time": 1})
    return str(reply.json["run"]["info"]["run_id"])


def metric(run_id: str, step: int, key: str = "m") -> dict[str, object]:
    return {"run_id": run_id, "key": key, "value": float(step), "step": step, "timestamp": step}


def steps(path: Path, key: str = "m") -> list[int]:
    """Return the steps in the order in which they were written."""
    with sqlite3.connect(path / "mlflow.db") as database:
        query = "SELECT step FROM metrics WHERE key = ? ORDER BY rowid"
        found = [step for (step,) in database.execute(query, (key,))]
    database.close()
    return found


def test_an_answer_comes_after_its_commit(served: Served, tmp_path: Path) -> None:
    run_id = make_run(served)
    connection = served.connect()
    for step in range(50):
        content = metric(run_id, step)
        assert served.api("POST", "/runs/log-metric", content, connection=connection).json == {}
        assert steps(tmp_path)[-1] == step
    connection.close()


def test_many_writers_at_once_lose_nothing(served: Served, tmp_path: Path) -> None:
    runs = [make_run(served) for _ in range(20)]

    def log(run_id: str) -> None:
        connection = served.connect()
        for step in range(50):
            content = metric(run_id, step)
            reply = served.api("POST", "/runs/log-metric", content, connection=connection)
            assert reply.status == 200
        connection.close()

    writers = [threading.Thread(target=log, args=(run_id,)) for run_id in runs]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for run_id in runs:
        content = {"run_id": run_id, "metric_key": "m"}
        history = served.api("GET", "/metrics/get-history", content).json["metrics"]
        assert [m["step"] for m in history] == list(range(50))


def send_all(served: Served, endpoint: str, contents: list[dict[str, object]]) -> list[bytes]:
    """Send requests on one connection without waiting, and return their status lines."""
    head = f"Host: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.gateway.token}\r\n"
    sent = b""
    for content in contents:
        body = json.dumps(content).encode()
        line = (
            f"POST /api/2.0/mlflow{endpoint} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        )
        sent += line.encode() + body
    connection = served.connect()
    connection.connect()
    connection.sock.sendall(sent)
    got = b""
    while got.count(b"HTTP/1.1 ") < len(contents):
        got += connection.sock.recv(65536)
    connection.close()
    return [line.split(b"\r\n")[0] for line in got.split(b"HTTP/1.1 ")[1:]]


def test_requests_sent_in_a_row_are_written_in_that_order(served: Served, tmp_path: Path) -> None:
    run_id = make_run(served)
    lines = send_all(served, "/runs/log-metric", [metric(run_id, step) for step in range(300)])
    assert lines == [b"200 OK"] * 300
    assert steps(tmp_path) == list(range(300))


def test_while_others_write_the_loop_answers_and_writes_wait_in_order(
    served: Served, tmp_path: Path
) -> None:
    run_id = make_run(served)
    other = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = [
        threading.Thread(target=served.api, args=("POST", "/runs/log-metric", metric(run_id, 0)))
    ]
    waiting[0].start()
    time.sleep(0.2)
    for step in range(1, 4):
        content = metric(run_id, step)
        waiting.append(
            threading.Thread(target=served.api, args=("POST", "/runs/log-metric", content))
        )
        waiting[-1].start()
        time.sleep(0.05)
    assert served.api("GET", "/runs/get", {"run_id": run_id}).status == 200
    assert served.ask("GET", "/health").body == b"OK"
    assert steps(tmp_path) == []
    other.execute("COMMIT")
    other.close()
    for thread in waiting:
        thread.join()
    assert steps(tmp_path) == [0, 1, 2, 3]
    # And at once again, when nobody else writes.
    assert served.api("POST", "/runs/log-metric", metric(run_id, 4)).status == 200


def test_a_lock_that_is_never_let_go_is_told(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.1)
    run_id = make_run(served)
    other = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    reply = served.api("POST", "/runs/log-metric", metric(run_id, 0))
    assert (reply.status, reply.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    other.execute("ROLLBACK")
    other.close()
    assert served.api("POST", "/runs/log-metric", metric(run_id, 1)).status == 200
    assert steps(tmp_path) == [1]


def test_closing_tells_what_still_waits(served: Served, tmp_path: Path) -> None:
    run_id = make_run(served)
    other = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    connection = served.connect()
    body = json.dumps(metric(run_id, 0))
    header = {"Authorization": f"Bearer {served.gateway.token}"}
    connection.request("POST", "/api/2.0/mlflow/runs/log-metric", body, header)
    time.sleep(0.2)
    assert served.gateway.close(0.1) == 1
    other.execute("ROLLBACK")
    other.close()
    connection.close()


def test_closing_waits_for_what_was_asked(served: Served, tmp_path: Path) -> None:
    run_id = make_run(served)
    other = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    connection = served.connect()
    body = json.dumps(metric(run_id, 7))
    header = {"Authorization": f"Bearer {served.gateway.token}"}
    connection.request("POST", "/api/2.0/mlflow/runs/log-metric", body, header)
    time.sleep(0.2)
    closing = threading.Thread(target=served.gateway.close, args=(None,))
    closing.start()
    other.execute("COMMIT")
    other.close()
    closing.join()
    assert connection.getresponse().status == 200
    connection.close()
    assert steps(tmp_path) == [7]


def test_one_refusal_leaves_the_others_of_its_moment(served: Served, tmp_path: Path) -> None:
    run_id = make_run(served)
    contents = [metric(run_id, step) for step in range(20)]
    contents[3] = metric("f" * 32, 3)
    contents[7] = {"run_id": run_id}
    lines = send_all(served, "/runs/log-metric", contents)
    assert lines[3] == b"404 Not Found"
    assert lines[7] == b"400 Bad Request"
    assert lines.count(b"200 OK") == 18
    assert steps(tmp_path) == [step for step in range(20) if step not in (3, 7)]


def test_a_full_disk_is_told_and_nothing_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway_over(tmp_path) as served:
        run_id = make_run(served)

    def connect_to_full(*words: object) -> sqlite3.Connection:
        connection = connect(*words)  # type: ignore[arg-type]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr("mlrun.tracking.database.session.connect", connect_to_full)
    with gateway_over(tmp_path) as served:
        done, told = 0, None
        for step in range(10_000):
            reply = served.api("POST", "/runs/log-metric", metric(run_id, step, "k" * 200))
            if reply.status != 200:
                told = reply
                break
            done += 1
        assert told is not None
        assert told.status == 507
        assert "disk is full" in told.json["message"]
        assert ["disk is full" in line for line in served.lines] == [True]
        assert served.api("GET", "/runs/get", {"run_id": run_id}).status == 200
    assert steps(tmp_path, "k" * 200) == list(range(done))


def test_numbers_that_json_has_not(served: Served) -> None:
    run_id = make_run(served)
    for key, value in (("nan", "NaN"), ("inf", "Infinity"), ("minus", "-Infinity")):
        content = {"run_id": run_id, "key": key, "value": value, "timestamp": 1, "step": 0}
        assert served.api("POST", "/runs/log-metric", content).status == 200
    body = served.api("GET", "/runs/get", {"run_id": run_id}).body
    # As JSON alone allows it: every language's parser reads it.
    metrics = json.loads(body, parse_constant=lambda name: pytest.fail(name))["run"]["data"]
    found = {m["key"]: m["value"] for m in metrics["metrics"]}
    assert found["nan"] == "NaN"


@pytest.mark.parametrize("body", [b"{", b"[1]", b"1", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(served: Served, body: bytes) -> None:
    reply = served.ask("POST", "/api/2.0/mlflow/runs/log-metric", body=body)
    assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert served.lines == []


@pytest.mark.parametrize("body", [b'{"name": "x"}', b'"{\\"name\\": \\"x\\"}"'])
def test_json_is_read_also_encoded_twice(served: Served, body: bytes) -> None:
    assert served.ask("POST", "/api/2.0/mlflow/experiments/create", body=body).status == 200


def test_a_packed_body_is_unpacked_within_limits(served: Served) -> None:
    for wbits, encoding in ((31, "gzip"), (15, "deflate")):
        packing = zlib.compressobj(wbits=wbits)
        body = packing.compress(json.dumps({"name": encoding}).encode()) + packing.flush()
        headers = {"Content-Encoding": encoding}
        reply = served.ask("POST", "/api/2.0/mlflow/experiments/create", body=body, headers=headers)
        assert reply.status == 200
    packing = zlib.compressobj(wbits=31)
    bomb = b"".join(packing.compress(b" " * 2**20) for _ in range(65)) + packing.flush()
    for body in (bomb, b"rubbish"):
        headers = {"Content-Encoding": "gzip"}
        reply = served.ask("POST", "/api/2.0/mlflow/experiments/create", body=body, headers=headers)
        assert reply.status == 400


@pytest.mark.parametrize(
    "prefix",
    ["/api/2.0/mlflow", "/api/2.0/preview/mlflow", "/ajax-api/2.0/mlflow"],
)
def test_every_prefix_leads_to_the_same(served: Served, prefix: str) -> None:
    query = {"experiment_id": "0"}
    reply = served.ask("GET", f"{prefix}/experiments/get", query=query)
    assert reply.json["experiment"]["name"] == "Default"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/version"),
        ("GET", "/api/3.0/mlflow/server-info"),
        ("POST", "/api/2.0/mlflow/nothing"),
        ("GET", "/api/2.0/mlflow/runs/create"),
        ("PATCH", "/api/2.0/mlflow-artifacts/artifacts/x"),
        ("GET", "/api/2.0/mlflow"),
    ],
)
def test_what_is_not_served_is_not_found(served: Served, method: str, path: str) -> None:
    reply = served.ask(method, path)
    assert (reply.status, reply.json["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_health_is_told(served: Served) -> None:
    assert served.ask("GET", "/health").body == b"OK"


def test_a_database_with_a_rollback_journal_is_served(tmp_path: Path) -> None:
    with gateway_over(tmp_path) as served:
        run_id = make_run(served)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    database.close()
    with gateway_over(tmp_path) as served:
        for step in range(20):
            assert served.api("POST", "/runs/log-metric", metric(run_id, step)).status == 200
        assert served.api("GET", "/runs/get", {"run_id": run_id}).status == 200
        other = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        reader = threading.Thread(target=served.api, args=("GET", "/runs/get", {"run_id": run_id}))
        reader.start()
        time.sleep(0.1)
        assert served.ask("GET", "/health").status == 200
        other.execute("COMMIT")
        other.close()
        reader.join()
    assert steps(tmp_path) == list(range(20))


def test_a_killed_process_leaves_what_was_answered(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from tests.gateways import gateway_over
with gateway_over(Path(sys.argv[1])) as served:
    made = served.api("POST", "/runs/create", {"experiment_id": "0", "start_time": 1}).json
    run_id = made["run"]["info"]["run_id"]
    for step in range(30):
        content = {"run_id": run_id, "key": "m", "value": 1, "step": step, "timestamp": 1}
        assert served.api("POST", "/runs/log-metric", content).status == 200
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], timeout=60, check=False)
    assert done.returncode == -9
    assert steps(tmp_path) == list(range(30))


def test_a_file_that_is_no_database_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database " * 1000)
    with gateway_over(tmp_path) as served:
        for _ in range(2):
            reply = served.api("GET", "/experiments/get", {"experiment_id": "0"})
            assert reply.status == 400
            assert "not an SQLite database" in reply.json["message"]
        (tmp_path / "mlflow.db").unlink()
        assert served.api("GET", "/experiments/get", {"experiment_id": "0"}).status == 200
        assert len(served.lines) == 1
