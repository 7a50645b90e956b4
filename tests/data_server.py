"""A real HTTP server of files on the loopback, with parts and versions, that fails on demand."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

_BLOCK = 1 << 16


@dataclass(frozen=True)
class Asked:
    """A request as it came.

    Attributes:
        start: The first byte that was asked for, None where all were.
    """

    method: str
    path: str
    start: int | None
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Manner:
    """How a request is answered.

    Attributes:
        status: Answer with this alone, without content.
        headers: Beside the usual ones.
        cut_after: Close the connection after so many bytes.
        stall_after: Send so many bytes, and then nothing for as long as the server lives.
        wait: Seconds before anything is sent.
        length: What to say that the length is, in place of the truth.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    stall_after: int | None = None
    wait: float = 0
    length: int | None = None


@dataclass
class DataServer:
    """Serves contents by path.

    Attributes:
        files: The contents; may be changed at any time.
        choose: Says how each request is answered.
        has_parts: Whether it knows Range.
        has_versions: Whether it gives an ETag.
        has_head: Whether it knows HEAD.
        asked: All requests.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    choose: Callable[[Asked], Manner] = lambda asked: Manner()
    has_parts: bool = True
    has_versions: bool = True
    has_head: bool = True
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def gets(self) -> list[Asked]:
        """Return the requests for content."""
        return [asked for asked in self.asked if asked.method == "GET"]

    def __enter__(self) -> DataServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving."""
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    owner: DataServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        owner = self.server.owner
        asked = Asked(self.command, self.path, self._start(), dict(self.headers.items()))
        owner.asked.append(asked)
        manner = owner.choose(asked)
        if manner.wait:
            owner.closing.wait(manner.wait)
        content = owner.files.get(self.path.partition("?")[0])
        status = manner.status
        if status is None and self.command == "HEAD" and not owner.has_head:
            status = 405
        if status is None and content is None:
            status = 404
        if status is not None or content is None:
            self._send_bare(status or 404, manner.headers)
        else:
            self._send_file(content, asked, manner)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _start(self) -> int | None:
        owner = self.server.owner
        given = self.headers.get("Range", "").partition("bytes=")[2]
        return int(given.partition("-")[0]) if given and owner.has_parts else None

    def _send_bare(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_file(self, content: bytes, asked: Asked, manner: Manner) -> None:
        start = asked.start or 0
        if asked.start is not None and start >= len(content):
            self._send_bare(416, {"Content-Range": f"bytes */{len(content)}"})
            return
        self.send_response(200 if asked.start is None else 206)
        if asked.start is not None:
            part = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", part)
        length = len(content) - start if manner.length is None else manner.length
        self.send_header("Content-Length", str(length))
        if self.server.owner.has_versions and "ETag" not in manner.headers:
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()[:16]}"')
        for name, value in manner.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_content(content[start:], manner)

    def _send_content(self, content: bytes, manner: Manner) -> None:
        limits = [n for n in (manner.cut_after, manner.stall_after) if n is not None]
        rest = memoryview(content)[: min(limits)] if limits else memoryview(content)
        while rest:
            self.wfile.write(rest[:_BLOCK])
            rest = rest[_BLOCK:]
        if manner.stall_after is not None:
            self.server.owner.closing.wait()
        if limits or (manner.length or 0) > len(content):
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
