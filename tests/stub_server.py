"""A real HTTP server on the loopback that answers as a test says, also badly."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: tuple[str, int]

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer.

    Attributes:
        body: An object is sent as JSON, bytes as they are.
        drop: Close the connection instead.
        hang: Never answer, as long as the server lives.
        cut: Announce more bytes than are sent.
    """

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    hang: bool = False
    cut: bool = False


Answering = Callable[[Received], Reply]


class StubServer:
    """Answers each request with the next reply; the last one is for all that follow."""

    def __init__(
        self, replies: Iterable[Reply] | Answering, context: ssl.SSLContext | None = None
    ) -> None:
        self.received: list[Received] = []
        self._answering = replies if callable(replies) else _in_turn(list(replies))
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._scheme = "http" if context is None else "https"
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> StubServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, received: Received) -> Reply:
        """Record a request and say what to answer."""
        self.received.append(received)
        return self._answering(received)

    def wait_for_end(self) -> None:
        """Return when the server stops."""
        self._stopping.wait(60)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is part of the tests."""


def _in_turn(replies: list[Reply]) -> Answering:
    def answering(_: Received) -> Reply:
        return replies.pop(0) if len(replies) > 1 else replies[0]

    return answering


def _handler(stub: StubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            received = Received(
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
                peer=self.client_address,
            )
            reply = stub.answer(received)
            if reply.hang:
                stub.wait_for_end()
            if reply.hang or reply.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self._send(reply)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for
        do_PUT = do_GET  # noqa: N815
        do_DELETE = do_GET  # noqa: N815
        do_CONNECT = do_GET  # noqa: N815

        def _send(self, reply: Reply) -> None:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            headers = {
                "Content-Type": "application/json",
                "Content-Length": str(len(body) + (10 if reply.cut else 0)),
                **reply.headers,
            }
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if reply.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
