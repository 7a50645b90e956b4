"""Requests that pass through the gateway to a server, and the answers that come back."""

from __future__ import annotations

import hashlib
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mlrun.tracking.gateway.forwarding import ForwardingService
from mlrun.tracking.gateway.upstream import Limits, Upstream
from tests.gateways import Served, gateway_before
from tests.stub_server import Received, Reply, StubServer

MEBIBYTE = 2**20


@contextmanager
def forwarded(
    url: str, environ: dict[str, str] | None = None, limits: Limits | None = None
) -> Iterator[Served]:
    variables = {"HOME": "/nonexistent", **(environ or {})}

    def service() -> ForwardingService:
        return ForwardingService(Upstream(url, variables, limits=limits))

    with gateway_before(service, target=url) as served:
        yield served


def answer_once(reply: Reply) -> Callable[[Received], Reply]:
    return lambda _: reply


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/runs/get?run_id=1&run_id=2",
        "/api/2.0/mlflow-artifacts/artifacts/0/1/a%20b%2Fc/%C3%A4.txt",
        "/api/2.0/mlflow-artifacts/artifacts?path=a+b%2F..%2Fc&empty=",
        "/unknown//to/../mlflow/./x;y=1?a[]=%zz&b='\"",
        "/graphql",
        "/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_passes_byte_for_byte(path: str, method: str) -> None:
    with StubServer([Reply(body={"a": 1})]) as server, forwarded(server.url) as served:
        reply = served.ask(method, path, body=b"{}" if method == "POST" else None)
    assert (reply.status, reply.json) == (200, {"a": 1})
    assert (server.received[0].method, server.received[0].path) == (method, path)


def test_the_server_below_a_path_is_found_there() -> None:
    with StubServer([Reply()]) as server, forwarded(f"{server.url}/ml/flow/") as served:
        served.ask("GET", "/api/2.0/mlflow/runs/get?run_id=1")
    assert server.received[0].path == "/ml/flow/api/2.0/mlflow/runs/get?run_id=1"


def test_body_and_content_headers_pass() -> None:
    headers = {"Content-Type": "application/json; charset=x", "X-Custom": "\u00e4", "TE": "gzip"}
    with StubServer([Reply()]) as server, forwarded(server.url) as served:
        served.ask("POST", "/x", body=b'{"a": NaN}', headers=headers)
    received = server.received[0]
    assert received.body == b'{"a": NaN}'
    assert received.headers["content-type"] == "application/json; charset=x"
    assert "x-custom" in received.headers
    assert "te" not in received.headers
    assert received.headers["host"] == server.url.removeprefix("http://")


def test_the_token_stays_here_and_the_users_credentials_are_sent() -> None:
    with StubServer([Reply()]) as server:
        with forwarded(server.url, {"MLFLOW_TRACKING_TOKEN": "users-own"}) as served:
            served.ask("GET", "/x")
        with forwarded(server.url) as served:
            served.ask("GET", "/x")
    assert server.received[0].headers["authorization"] == "Bearer users-own"
    assert "authorization" not in server.received[1].headers


def test_an_answer_passes_back_with_its_status_and_headers() -> None:
    reply = Reply(
        status=404,
        body=b'{"error_code": "X"}',
        headers={"X-Its-Own": "1", "Set-Cookie": "a=b; Domain=example.org", "Keep-Alive": "5"},
    )
    with StubServer([reply]) as server, forwarded(server.url) as served:
        got = served.ask("GET", "/x")
    assert (got.status, got.body) == (404, b'{"error_code": "X"}')
    assert got.headers["X-Its-Own"] == "1"
    assert not {"Set-Cookie", "Keep-Alive"} & set(got.headers)


def test_a_cookie_of_the_server_goes_back_to_it_alone() -> None:
    replies = [Reply(headers={"Set-Cookie": "sticky=7; Path=/"}), Reply()]
    with StubServer(replies) as server, forwarded(server.url) as served:
        served.ask("GET", "/x")
        served.ask("GET", "/y")
    assert server.received[1].headers["cookie"] == "sticky=7"


def test_a_redirect_is_the_clients_to_follow_and_stays_behind_the_gateway() -> None:
    def answer(received: Received) -> Reply:
        own = f"http://{received.headers['host']}/ml/there?a=1"
        elsewhere = "https://bucket.example.org/x?signature=1"
        if "/api/" in received.path:
            return Reply()  # the question whether it is a tracking server that redirects
        return Reply(302, headers={"Location": own if "own" in received.path else elsewhere})

    with StubServer(answer) as server, forwarded(f"{server.url}/ml") as served:
        assert served.ask("GET", "/own").headers["Location"] == "/there?a=1"
        location = served.ask("GET", "/other").headers["Location"]
    assert location == "https://bucket.example.org/x?signature=1"
    assert not any("there" in received.path for received in server.received)


def test_a_server_that_is_away_is_a_503_that_clients_retry() -> None:
    with StubServer([Reply()]) as server:
        url = server.url
    with forwarded(url) as served:
        reply = served.ask("POST", "/api/2.0/mlflow/runs/search", {})
    assert reply.status == 503
    assert reply.json["error_code"] == "TEMPORARILY_UNAVAILABLE"
    assert url in reply.json["message"]


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(drop=True), Reply(cut=True)])
def test_an_answer_that_does_not_come_is_a_503(reply: Reply) -> None:
    limits = Limits(answer=0.5, stall=0.5)
    with StubServer([reply]) as server, forwarded(server.url, limits=limits) as served:
        assert served.ask("GET", "/api/2.0/mlflow/runs/get?run_id=1").status == 503


def test_a_connection_that_the_server_closed_is_made_anew() -> None:
    replies = [Reply(body={"n": 1}), Reply(drop=True), Reply(body={"n": 2})]
    with StubServer(replies) as server, forwarded(server.url) as served:
        assert served.ask("POST", "/x", {}).json == {"n": 1}
        assert served.ask("POST", "/x", {}).json == {"n": 2}


class _Files(BaseHTTPRequestHandler):
    """Takes files and gives them back, in little memory."""

    protocol_version = "HTTP/1.1"
    folder: Path
    headers_seen: list[dict[str, str]]

    def do_PUT(self) -> None:
        self.headers_seen.append({name.lower(): value for name, value in self.headers.items()})
        with (self.folder / "file").open("wb") as file:
            for part in self._parts():
                file.write(part)
        self._reply(b"{}")

    def do_GET(self) -> None:
        path = self.folder / "file"
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        with path.open("rb") as file:
            while part := file.read(MEBIBYTE):
                self.wfile.write(part)

    def _parts(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers["Content-Length"])
        while left:
            part = self.rfile.read(min(left, MEBIBYTE))
            left -= len(part)
            yield part

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[str, Path, list[dict[str, str]]]]:
    seen: list[dict[str, str]] = []
    handler = type("Handler", (_Files,), {"folder": tmp_path, "headers_seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", tmp_path / "file", seen
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("size", [0, 1, 300_000, 5 * MEBIBYTE])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_files_pass_both_ways(
    files: tuple[str, Path, list[dict[str, str]]], size: int, is_chunked: bool
) -> None:
    url, there, seen = files
    content = os.urandom(size)
    path = "/api/2.0/mlflow-artifacts/artifacts/0/1/artifacts/x"
    with forwarded(url) as served:
        body = iter([content]) if is_chunked else content
        assert served.ask("PUT", path, body=body).json == {}
        assert there.read_bytes() == content
        assert served.ask("GET", path).body == content
    if not is_chunked:
        assert seen[0]["content-length"] == str(size)


def test_a_large_file_takes_little_memory(
    files: tuple[str, Path, list[dict[str, str]]], tmp_path: Path
) -> None:
    url, there, _ = files
    large = tmp_path / "large"
    part = os.urandom(MEBIBYTE)
    with large.open("wb") as file:
        for _ in range(200):
            file.write(part)
    path = "/api/2.0/mlflow-artifacts/artifacts/0/1/artifacts/x"
    with forwarded(url) as served:
        served.ask("PUT", path, body=b"")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with large.open("rb") as file:
            length = {"Content-Length": str(large.stat().st_size)}
            assert served.ask("PUT", path, body=file, headers=length).status == 200
        connection = served.connect()
        connection.request("GET", path, headers={"Authorization": f"Bearer {served.gateway.token}"})
        answer, digest = connection.getresponse(), hashlib.sha256()
        while got := answer.read(MEBIBYTE):
            digest.update(got)
        connection.close()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert there.stat().st_size == 200 * MEBIBYTE
    assert digest.digest() == hashlib.sha256(large.read_bytes()).digest()
    assert grown < 40 * 1024  # KiB
