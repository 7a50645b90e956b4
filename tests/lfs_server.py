"""A server of Git LFS on the loopback: the batch API with basic transfers, and how it may fail.

The tests' own: it is asked by the real git-lfs, and can also do what a sound server never does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.http_body import read_body

_JSON = "application/vnd.git-lfs+json"


@dataclass(frozen=True)
class LfsRequest:
    """A request as it came.

    Attributes:
        method: `GET`, `POST` or `PUT`.
        path: Without the query.
        authorization: That header; empty without one.
    """

    method: str
    path: str
    authorization: str


@dataclass
class LfsManner:
    """How the server answers.

    Attributes:
        login: `user:password` that it wants; empty for none.
        status: What a question for contents is answered with, in place of an answer.
        corrupt: Whether other bytes come than were asked for.
        hang: Whether contents begin to come, and stop.
        contents_at: Where contents are said to be, in place of this server.
    """

    login: str = ""
    status: int = 200
    corrupt: bool = False
    hang: bool = False
    contents_at: str = ""


@dataclass
class LfsServer:
    """A running server.

    Attributes:
        objects: The folder of contents, each a file named by its hash.
        manner: How it answers; can be changed between requests.
        requests: Those that came.
    """

    objects: Path
    manner: LfsManner = field(default_factory=LfsManner)
    requests: list[LfsRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.objects.mkdir(parents=True, exist_ok=True)
        self.ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def site(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def keep(self, content: bytes) -> str:
        """Have a content, and return its hash."""
        oid = hashlib.sha256(content).hexdigest()
        (self.objects / oid).write_bytes(content)
        return oid

    @property
    def given(self) -> list[str]:
        """The hashes of contents that were asked for, in order."""
        return [r.path.rpartition("/")[2] for r in self.requests if r.method == "GET"]

    def stop(self) -> None:
        """End it."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(server: LfsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        owner = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: LfsServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent."""

    def do_POST(self) -> None:
        body = read_body(self)
        if not self._may_enter():
            return
        if self.owner.manner.status != 200:
            self._answer(self.owner.manner.status, {"message": "not now"})
        elif not self.path.endswith("/objects/batch"):
            self._answer(404, {"message": "no such page"})
        else:
            wanted = json.loads(body)
            entries = [self._entry(o, wanted["operation"]) for o in wanted["objects"]]
            self._answer(200, {"transfer": "basic", "objects": entries})

    def do_GET(self) -> None:
        if not self._may_enter():
            return
        content = (self.owner.objects / self._oid()).read_bytes()
        if self.owner.manner.corrupt:
            content = bytes(len(content))
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.owner.manner.hang:
            self.wfile.write(content[:1])
            self.owner.ended.wait()
            self.close_connection = True
            return
        self.wfile.write(content)

    def do_PUT(self) -> None:
        content = read_body(self)
        if self._may_enter():
            (self.owner.objects / self._oid()).write_bytes(content)
            self._answer(200, {})

    def _entry(self, wanted: dict[str, Any], operation: str) -> dict[str, Any]:
        oid = wanted["oid"]
        is_there = (self.owner.objects / oid).exists()
        elsewhere = self.owner.manner.contents_at
        given = self.headers.get("Authorization")
        # As GitLab does: whoever may ask is told how to fetch.
        header = {"Authorization": given} if given and not elsewhere else {}
        href = f"{elsewhere or self.owner.site}/contents/{oid}"
        action = {operation: {"href": href, "header": header}}
        if operation == "download" and not is_there:
            return {**wanted, "error": {"code": 404, "message": "Object does not exist"}}
        return {**wanted, "actions": {} if operation == "upload" and is_there else action}

    def _may_enter(self) -> bool:
        given = self.headers.get("Authorization", "")
        self.owner.requests.append(LfsRequest(self.command, self.path.partition("?")[0], given))
        login = self.owner.manner.login
        if not login or given == f"Basic {base64.b64encode(login.encode()).decode()}":
            return True
        self._answer(401, {"message": "who are you?"}, {"LFS-Authenticate": 'Basic realm="lfs"'})
        return False

    def _oid(self) -> str:
        return Path(self.path.partition("?")[0]).name

    def _answer(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Type": _JSON, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
