"""The server: who is let in, what a failure does, and how connections are kept."""

from __future__ import annotations

import asyncio
import http.client
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from mlrun.tracking.gateway import server
from mlrun.tracking.gateway.answers import json_answer
from mlrun.tracking.gateway.service import Call
from tests.gateways import Reply, Served, basic, gateway_before
from tests.unit.tracking.gateway.services import StubService, echo


@pytest.fixture
def served() -> Iterator[Served]:
    with gateway_before(StubService, also="127.0.0.2") as started:
        yield started


def assert_refused(reply: Reply) -> None:
    assert reply.status == 401
    assert reply.json["error_code"] == "UNAUTHENTICATED"
    assert set(reply.json) == {"error_code", "message"}
    assert reply.headers["Server"] == "mlrun"


@pytest.mark.parametrize("path", ["/api/2.0/mlflow/runs/get", "/nothing", "/health", "/version"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_nobody_is_let_in_without_a_token(served: Served, path: str, method: str) -> None:
    assert_refused(served.ask(method, path, headers={"Authorization": ""}))


def test_a_wrong_token_opens_nothing(served: Served) -> None:
    token = served.gateway.token
    with gateway_before(StubService) as other:
        others = other.gateway.token
    for header in (
        f"Bearer {others}",
        f"Bearer {token[:-1]}",
        f"Bearer {token}0",
        "Bearer",
        "Bearer ",
        token,
        f"Token {token}",
        f"Digest {token}",
        basic("mlrun", others),
        basic(token, "mlrun"),
        basic("mlrun", ""),
        "Basic not-base64!",
        "Basic " + "=" * 7,
        "Bearer \u00e4",
    ):
        assert_refused(served.ask("GET", "/x", headers={"Authorization": header}))


def test_the_token_opens_as_bearer_and_as_password(served: Served) -> None:
    token = served.gateway.token
    for header in (
        f"Bearer {token}",
        f"bearer {token}",
        basic("mlrun", token),
        basic("anybody", token),
        basic("", token),
    ):
        assert served.ask("GET", "/x", headers={"Authorization": header}).status == 200


def test_a_name_that_leads_here_is_not_ours(served: Served) -> None:
    for host in ("evil.example", f"evil.example:{served.port}", "127.0.0.1", "127.0.0.1:1"):
        assert_refused(served.ask("GET", "/x", headers={"Host": host}))
    assert served.ask("GET", "/x", headers={"Host": f"localhost:{served.port}"}).status == 200


def test_the_second_address_needs_the_token_too(served: Served) -> None:
    (other,) = [x for x in served.gateway._listeners if not x.is_local]
    address = "http://{}:{}".format(*other.socket.getsockname())
    assert_refused(served.ask("GET", "/x", headers={"Authorization": ""}, address=address))
    assert served.ask("GET", "/x", address=address).json["is_local"] is False


def test_a_connection_is_kept(served: Served) -> None:
    connection = served.connect()
    for number in range(20):
        assert served.ask("GET", f"/{number}", connection=connection).status == 200
        if number == 0:
            first = connection.sock
    assert connection.sock is first
    connection.close()


def test_requests_in_a_row_are_answered_in_order(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        head = f"Host: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.gateway.token}\r\n"
        for number in range(50):
            line.sendall(f"GET /{number} HTTP/1.1\r\n{head}\r\n".encode())
        got = b""
        while got.count(b"HTTP/1.1 200") < 50 or not got.endswith(b"}"):
            got += line.recv(65536)
    paths = [part.split(b'"')[0] for part in got.split(b'"path":"')[1:]]
    assert paths == [f"/{number}".encode() for number in range(50)]


def test_a_body_without_a_length_is_read(served: Served) -> None:
    reply = served.ask("POST", "/x", body=iter([b"abc", b"de"]), headers={"X": "1"})
    assert reply.json["size"] == 5


def test_who_expects_to_be_told_to_go_on_is_told(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(
            f"PUT /x HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: 3\r\n"
            f"Authorization: Bearer {served.gateway.token}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"abc")
        assert b'"size":3' in line.recv(1000)


def test_an_answer_comes_in_one_piece(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(
            f"GET /x HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
            f"Authorization: Bearer {served.gateway.token}\r\n\r\n".encode()
        )
        assert b'"path":"/x"' in line.recv(65536)


def test_too_large_a_body_is_refused() -> None:
    with gateway_before(StubService) as served:
        reply = served.ask("POST", "/x", body=b" " * (64 * 2**20 + 1))
        assert reply.status == 413
        assert reply.json["error_code"] == "BAD_REQUEST"
        assert served.ask("GET", "/x").status == 200


def test_a_failure_is_one_request_s(capfd: pytest.CaptureFixture[str]) -> None:
    async def fail(call: Call) -> web.StreamResponse:
        if call.request.raw_path == "/fail":
            raise KeyError("run")
        return await echo(call)

    with gateway_before(lambda: StubService(fail)) as served:
        connection = served.connect()
        for _ in range(3):
            reply = served.ask("GET", "/fail", connection=connection)
            assert reply.status == 500
            assert reply.json["error_code"] == "INTERNAL_ERROR"
            assert "KeyError: 'run'" in reply.json["message"]
        assert served.ask("GET", "/x", connection=connection).status == 200
        connection.close()
        assert served.lines == [
            "the gateway to the tracking store could not answer: KeyError: 'run'"
        ]
    assert capfd.readouterr() == ("", "")


def test_what_is_not_http_is_cut_off(capfd: pytest.CaptureFixture[str]) -> None:
    with gateway_before(StubService) as served:
        for rubbish in (
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"GET / HTTP/9.9\r\n\r\n",
            b"\r\n\r\nx y\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", served.port), timeout=20) as line:
                line.sendall(rubbish)
                line.shutdown(socket.SHUT_WR)
                assert b"200 OK" not in line.recv(1000)
        assert served.ask("GET", "/x").status == 200
    assert capfd.readouterr() == ("", "")


async def _die(call: Call) -> web.StreamResponse:
    loop = asyncio.get_running_loop()
    if call.request.raw_path == "/stop":
        loop.stop()
    elif call.request.raw_path == "/exit":
        loop.call_soon(sys.exit)
    elif call.request.raw_path == "/close":
        for task in asyncio.all_tasks():
            task.cancel()
    return await echo(call)


def _ask_again(served: Served) -> Reply:
    """Ask as clients do: a connection that was just accepted may die with the loop."""
    for _ in range(5):
        with suppress(OSError, http.client.HTTPException):
            return served.ask("GET", "/x")
    return served.ask("GET", "/x")


@pytest.mark.parametrize("way", ["/stop", "/exit", "/close"])
def test_a_dead_loop_is_made_anew_on_the_same_socket(way: str) -> None:
    services: list[StubService] = []

    def make() -> StubService:
        services.append(StubService(_die, undelivered=5))
        return services[-1]

    with gateway_before(make) as served:
        kept = served.connect()
        assert served.ask("GET", "/x", connection=kept).status == 200
        for _ in range(3):
            with suppress(OSError, http.client.HTTPException):  # it may die with the loop
                served.ask("GET", way)
            assert _ask_again(served).status == 200
        kept.close()
        assert served.gateway.close(5) == 5
    assert len(services) == 4
    assert [service.closed for service in services] == [1, 1, 1, 1]
    assert len(served.lines) == 1
    assert "starts again" in served.lines[0]


def test_a_loop_that_dies_while_it_ends_is_tried_again() -> None:
    class Dying(StubService):
        async def finish(self, patience: float | None) -> int:
            if len(services) < 2:
                asyncio.get_running_loop().stop()
            return await super().finish(patience)

    services: list[Dying] = []

    def make() -> Dying:
        services.append(Dying(undelivered=4))
        return services[-1]

    with gateway_before(make) as served:
        assert served.ask("GET", "/x").status == 200
        assert served.gateway.close(5) == 4
    assert len(services) == 2


def test_a_service_that_cannot_begin_is_tried_with_the_next_request() -> None:
    tries: list[int] = []

    class Late(StubService):
        async def begin(self) -> None:
            tries.append(1)
            if len(tries) < 3:
                raise OSError("no room")

    with gateway_before(Late) as served:
        reply = served.ask("GET", "/x")
        assert reply.status == 500
        assert "no room" in reply.json["message"]
        assert served.ask("GET", "/x").status == 200
        assert len(served.lines) == 1


def test_no_other_site_is_let_in_by_a_browser(served: Served) -> None:
    reply = served.ask("GET", "/x", headers={"Origin": "http://evil.example"})
    assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_many_connections_at_once_are_all_answered() -> None:

    async def slow(call: Call) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        return json_answer({})

    with gateway_before(lambda: StubService(slow)) as served:
        connections = [served.connect() for _ in range(200)]
        header = {"Authorization": f"Bearer {served.gateway.token}"}
        for connection in connections:
            connection.request("GET", "/x", headers=header)
        assert [c.getresponse().status for c in connections] == [200] * 200
        for connection in connections:
            connection.close()


def test_a_failure_in_the_middle_of_an_answer_cuts_the_line() -> None:
    async def begin_and_fail(call: Call) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.content_length = 10
        await answer.prepare(call.request)
        await answer.write(b"12345")
        raise KeyError("x")

    with gateway_before(lambda: StubService(begin_and_fail)) as served:
        with pytest.raises(http.client.IncompleteRead):
            served.ask("GET", "/x")


def test_who_never_shows_the_token_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_STRANGERS_TIME", 0.2)
    with gateway_before(StubService) as served:
        known = served.connect()
        assert served.ask("GET", "/a", connection=known).status == 200
        for beginning in (b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n"):
            with socket.create_connection(("127.0.0.1", served.port), timeout=60) as stranger:
                stranger.sendall(beginning)
                with suppress(ConnectionResetError):
                    assert stranger.recv(1) == b""
        assert known.sock is not None
        before = known.sock
        assert served.ask("GET", "/b", connection=known).status == 200
        assert known.sock is before
        known.close()


def test_endless_headers_are_refused(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n")
        with suppress(ConnectionError):
            for number in range(10_000):
                stranger.sendall(b"X-%d: %s\r\n" % (number, b"a" * 1000))
            pytest.fail("ten megabytes of headers were taken")


def test_the_token_opens_as_the_first_part_of_a_path(served: Served, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("default login a password b", encoding="utf-8")
    found = served.gateway.variables({"HOME": str(tmp_path)})
    address = found["MLFLOW_TRACKING_URI"]
    assert address == f"{served.gateway.address}/{served.gateway.token}"
    assert found["MLRUN_GATEWAY_ADDRESS"] == address
    path = address.removeprefix(served.gateway.address)
    wrong = {"Authorization": basic("a", "b")}
    for rest in ("/api/2.0/mlflow/runs/get?run_id=%2F1", "//api/2.0/x", "/"):
        reply = served.ask("POST", f"{path}{rest}", body=b"12", headers=wrong)
        assert (reply.status, reply.json["path"]) == (200, f"/{rest.lstrip('/')}")
        assert reply.json["size"] == 2
    for other in (f"{path[:-1]}/x", f"{path}0/x", path, f"//{path[1:]}/x", f"/x{path}/x", "//x"):
        assert_refused(served.ask("GET", other, headers=wrong))
    named = {**wrong, "Host": "elsewhere"}
    assert_refused(served.ask("GET", f"{path}/x", headers=named))
