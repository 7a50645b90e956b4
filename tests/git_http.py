"""A web server that gives Git repositories, well or badly, and notes what it was asked."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from tests.git_programs import SERVER_VARIABLES, git_program
from tests.http_body import read_body

USER, PASSWORD = "alice", "s3cret"

_BLOCK = 1 << 16
_PACK = b"PACK\x00\x00\x00\x02"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for.

    Attributes:
        method: `GET` or `POST`.
        area: The first part of the path: `pub`, `priv`, `dumb`, `old`.
        repository: The repository's path below the root, `team/project.git`.
        what: The rest of the path: `info/refs`, `git-upload-pack`.
        query: Without the question mark.
        authorization: The header as it came, empty without one.
    """

    method: str
    area: str
    repository: str
    what: str
    query: str = ""
    authorization: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a request is met.

    Attributes:
        wait: Seconds until anything is answered.
        status: Answer this alone.
        location: Redirect to this URL.
        cut_after: Break the connection after so many bytes of the answer's body.
        stall_after: Send nothing more after so many bytes of it, and keep the connection.
    """

    wait: float = 0
    status: int | None = None
    location: str | None = None
    cut_after: int | None = None
    stall_after: int | None = None


Choice = Callable[[Request], Manner]


class GitHttpServer:
    """Serves the bare repositories below a folder with `git http-backend`.

    `/pub/PATH` is open, `/priv/PATH` wants a password, `/dumb/PATH` gives the plain files
    (of a repository after `git update-server-info`), `/old/PATH` speaks no protocol 2.

    Attributes:
        choose: Says how each request is met.
        requests: All that came, in order.
        packs: Those that were answered with objects: the fetches.
    """

    def __init__(self, root: Path, tls: ssl.SSLContext | None = None) -> None:
        self.root = root
        self.choose: Choice = lambda request: Manner()
        self.requests: list[Request] = []
        self.packs: list[Request] = []
        self.closing = threading.Event()
        self._server = _Server(self, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def __enter__(self) -> GitHttpServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def forget(self) -> None:
        """Count anew."""
        self.requests.clear()
        self.packs.clear()

    def stop(self) -> None:
        """End it with all its connections. A second call does nothing."""
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._thread.join()
            self._server.hang_up()
            self._server.server_close()
            assert not self._server.failures, self._server.failures


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, owner: GitHttpServer, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner
        self.failures: list[BaseException] = []
        self._tls = tls
        self._open: set[socket.socket] = set()

    def server_bind(self) -> None:
        """Leave out the base class's look-up of this machine's name."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:
            # The handshake is the handler's thread's, not that of the one who accepts.
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        # A client that goes away is none of the server's failures.
        if error is not None and not isinstance(error, OSError):
            self.failures.append(error)


class _CutError(OSError):
    """The connection is to be broken."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        self._meet()

    def do_POST(self) -> None:
        self._meet()

    def _meet(self) -> None:
        request = self._read_request()
        owner = self.server.owner
        owner.requests.append(request)
        body = read_body(self)
        manner = owner.choose(request)
        if manner.wait:
            owner.closing.wait(manner.wait)
        if manner.location is not None:
            self._answer_bare(302, Location=manner.location)
        elif manner.status is not None:
            self._answer_bare(manner.status)
        elif request.area == "priv" and request.authorization != _basic():
            self._answer_bare(401, **{"WWW-Authenticate": 'Basic realm="git"'})
        elif request.area == "dumb":
            self._answer_file(request)
        else:
            self._answer_from_git(request, body, manner)

    def _read_request(self) -> Request:
        path, _, query = self.path.partition("?")
        path = unquote(path)
        area, _, rest = path.lstrip("/").partition("/")
        head, dot_git, what = rest.partition(".git/")
        authorization = self.headers.get("Authorization", "")
        return Request(self.command, area, head + dot_git[:-1], what, query, authorization)

    def _answer_bare(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer_file(self, request: Request) -> None:
        file = self.server.owner.root / request.repository / request.what
        if not file.is_file():
            self._answer_bare(404)
            return
        content = file.read_bytes()
        name = f'"{hashlib.sha256(content).hexdigest()}"'
        if self.headers.get("If-None-Match") == name:
            self._answer_bare(304, ETag=name)
            return
        if request.what.startswith("objects/") and request.what != "objects/info/packs":
            self.server.owner.packs.append(request)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", name)
        self.end_headers()
        self.wfile.write(content)

    def _answer_from_git(self, request: Request, body: bytes, manner: Manner) -> None:
        with subprocess.Popen(
            [git_program("git-http-backend", "git-http")],
            env=self._cgi_variables(request, len(body)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as git:
            try:
                self._pass_on(git, request, body, manner)
            finally:
                git.kill()

    def _pass_on(
        self, git: subprocess.Popen[bytes], request: Request, body: bytes, manner: Manner
    ) -> None:
        assert git.stdin is not None
        assert git.stdout is not None
        feeder = threading.Thread(target=_feed, args=(git.stdin, body))
        feeder.start()
        status, headers = 200, []
        while line := git.stdout.readline().rstrip(b"\r\n"):
            name, _, value = line.decode().partition(": ")
            if name.lower() == "status":
                status = int(value[:3])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in [*headers, ("Transfer-Encoding", "chunked")]:
            self.send_header(name, value)
        self.end_headers()
        for block in self._noting_packs(request, _blocks(git.stdout)):
            self._send(block, manner)
            manner = _after(manner, len(block))
        self.wfile.write(b"0\r\n\r\n")
        feeder.join()

    def _noting_packs(self, request: Request, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Note a request as a fetch as soon as its answer begins to hold objects."""
        tail, noted = b"", False
        for block in blocks:
            if not noted and _PACK in tail + block:
                self.server.owner.packs.append(request)
                noted = True
            tail = block[-len(_PACK) :]
            yield block

    def _send(self, block: bytes, manner: Manner) -> None:
        limits = [n for n in (manner.cut_after, manner.stall_after) if n is not None]
        part = block[: min(limits)] if limits else block
        if part:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if len(part) < len(block):
            if manner.stall_after is not None:
                self.server.owner.closing.wait()
            self.close_connection = True
            raise _CutError

    def _cgi_variables(self, request: Request, length: int) -> dict[str, str]:
        variables = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.owner.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{request.repository}/{request.what}",
            "QUERY_STRING": request.query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
            **SERVER_VARIABLES,
        }
        if request.area != "old":
            variables["GIT_PROTOCOL"] = self.headers.get("Git-Protocol", "")
        return variables


def _after(manner: Manner, sent: int) -> Manner:
    """Return what is left to do once so many bytes have gone."""

    def less(limit: int | None) -> int | None:
        return None if limit is None else limit - sent

    return Manner(cut_after=less(manner.cut_after), stall_after=less(manner.stall_after))


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def _feed(stdin: IO[bytes], body: bytes) -> None:
    try:
        stdin.write(body)
        stdin.close()
    except OSError:
        return


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    assert isinstance(stream, io.BufferedReader)
    while block := stream.read1(_BLOCK):
        yield block
