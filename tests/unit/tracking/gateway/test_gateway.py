"""The gateway as the line sees it."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mlrun.errors import TrackingError
from mlrun.tracking.gateway.gateway import Gateway
from tests.gateways import Served, gateway_before, gateway_over
from tests.unit.tracking.gateway.services import StubService


def make(service: StubService, lines: list[str] | None = None) -> Gateway:
    notify = lines.append if lines is not None else lambda line: None
    return Gateway(
        lambda: service,
        target="sqlite:////tmp/mlflow.db",
        run_id="r",
        experiment_id="0",
        notify=notify,
    )


def test_a_connection_made_before_it_serves_is_answered() -> None:
    gateway = make(StubService())
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2]))) as early:
        host = gateway.address.removeprefix("http://")
        request = (
            f"GET /x HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {gateway.token}\r\n\r\n"
        )
        early.sendall(request.encode())
        gateway.serve()
        assert early.recv(100).startswith(b"HTTP/1.1 200")
    gateway.close(5)


def test_each_gateway_has_a_token_of_its_own() -> None:
    first, second = make(StubService()), make(StubService())
    assert first.token != second.token
    assert len(bytes.fromhex(first.token)) == 32
    first.close(0)
    second.close(0)


def test_it_closes_before_it_serves() -> None:
    service = StubService(undelivered=7)
    gateway = make(service)
    assert gateway.close(None) == 0
    gateway.serve()
    assert gateway.close(None) == 0
    assert service.begun == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])))


def test_it_closes_while_the_thread_imports() -> None:
    # In a process of its own, where nothing is imported yet.
    script = """
import sys, time
from mlrun.tracking.gateway.gateway import Gateway
from pathlib import Path
def make():
    raise AssertionError("the command has ended before anything was asked")
said = []
gateway = Gateway(make, target="sqlite:////x", run_id="r", experiment_id="0", notify=said.append)
gateway.serve()
time.sleep(float(sys.argv[1]))
assert gateway.close(0) == 0
assert gateway.close(0) == 0
"""
    for delay in ("0", "0.02", "0.1"):
        subprocess.run([sys.executable, "-c", script, delay], check=True, timeout=60)


def test_closing_finishes_the_service_and_tells_what_is_left() -> None:
    service = StubService(undelivered=3)
    with gateway_before(lambda: service) as served:
        assert served.ask("GET", "/x").status == 200
        assert served.gateway.close(4.5) == 3
        assert service.patience == [4.5]
        assert service.closed == 1
        assert served.gateway.close(4.5) == 3
        assert service.patience == [4.5]


def test_a_second_closing_cuts_the_patience_of_the_first() -> None:
    service = StubService(undelivered=2)
    service.delays = [600.0]
    with gateway_before(lambda: service) as served:
        assert served.ask("GET", "/x").status == 200
        found: list[int] = []
        patient = threading.Thread(target=lambda: found.append(served.gateway.close(None)))
        patient.start()
        while not service.patience:
            time.sleep(0.005)
        assert served.gateway.close(0) == 2
        patient.join()
        assert found == [2]
        assert service.patience == [None, 0]


def test_requests_are_answered_while_it_delivers() -> None:
    service = StubService()
    service.delays = [600.0]
    with gateway_before(lambda: service) as served:
        assert served.ask("GET", "/x").status == 200
        patient = threading.Thread(target=served.gateway.close, args=(None,))
        patient.start()
        while not service.patience:
            time.sleep(0.005)
        assert served.ask("GET", "/x").status == 200
        served.gateway.close(0)
        patient.join()


def test_its_sockets_are_not_inherited() -> None:
    service = StubService()
    with gateway_before(lambda: service) as served:
        assert served.ask("GET", "/x").status == 200
        script = "import sys; print(flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            close_fds=False,
        ) as command:
            assert command.stdout is not None
            command.stdout.readline()
            served.gateway.close(0)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", served.port))
            command.communicate()


def test_a_second_address_is_not_local() -> None:
    with gateway_before(StubService, also="127.0.0.2") as served:
        (other,) = [x for x in served.gateway._listeners if not x.is_local]
        host, port = other.socket.getsockname()
        assert host == "127.0.0.2"
        assert served.ask("GET", "/x").json["is_local"] is True
        assert served.ask("GET", "/x", address=f"http://{host}:{port}").json["is_local"] is False


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    gateway = make(StubService())
    with pytest.raises(TrackingError, match=r"cannot listen on 192\.0\.2\.1"):
        gateway.listen_also("192.0.2.1")
    gateway.close(0)


def test_making_it_imports_nothing_heavy() -> None:
    script = """
import sys
import mlrun.runner
from mlrun.tracking.gateway.gateway import Gateway
gateway = Gateway(lambda: None, target="sqlite:////x", run_id="r", experiment_id="0", notify=print)
gateway.variables({})
heavy = {"aiohttp", "asyncio", "ssl", "sqlite3", "http.client", "socket", "secrets", "hmac"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_the_interpreter_ends_while_it_serves(tmp_path: Path) -> None:
    script = """
from mlrun.tracking.gateway import gateway
from tests.gateways import gateway_over
from pathlib import Path
import sys
gateway._MARGIN = 1000
context = gateway_over(Path(sys.argv[1]))
served = context.__enter__()
assert served.ask("GET", "/health").status == 200
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=30)


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.01, 0.03, 0.06, 0.1, 0.2])
def test_it_closes_at_every_moment_under_load(
    tmp_path: Path, delay: float, capfd: pytest.CaptureFixture[str]
) -> None:
    stop = threading.Event()

    def ask(served: Served) -> None:
        while not stop.is_set():
            with suppress(OSError, http.client.HTTPException):
                served.api("POST", "/experiments/create", {"name": str(time.monotonic_ns())})

    with gateway_over(tmp_path) as served:
        clients = [threading.Thread(target=ask, args=(served,)) for _ in range(4)]
        for client in clients:
            client.start()
        time.sleep(delay)
        assert served.gateway.close(10) == 0
        assert served.gateway.close(0) == 0
        stop.set()
        for client in clients:
            client.join()
        assert served.lines == []
    assert capfd.readouterr() == ("", "")


def test_server_is_not_even_imported_for_a_command_that_is_over_at_once() -> None:
    code = """
import sys, time
from mlrun.tracking.gateway.gateway import Gateway
def make():
    raise AssertionError("made")
gateway = Gateway(make, target="sqlite:////x.db", run_id="r", experiment_id="0", notify=print)
gateway.serve()
print(gateway.close(5), "aiohttp" in sys.modules)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.split() == ["0", "False"], answer.stderr
