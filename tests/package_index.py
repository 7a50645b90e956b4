"""A small package index on this machine: JSON with upload times (PEP 691, 700), and logins."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

JSON = "application/vnd.pypi.simple.v1+json"


@dataclass
class PackageIndex:
    """What the index has, and what it was asked.

    Attributes:
        address: Where it listens, without a slash at the end.
        files: Wheels and source archives by name.
        uploaded: When each came, RFC 3339; a file without an entry has no upload time.
        login: `user:password` that all requests must have, None for none.
        requests: Paths that were asked for, in order.
    """

    address: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    uploaded: dict[str, str] = field(default_factory=dict)
    login: str | None = None
    requests: list[str] = field(default_factory=list)

    def add(self, file: Path, uploaded: str | None = None) -> str:
        """Take a file in, and return its address."""
        self.files[file.name] = file
        if uploaded is not None:
            self.uploaded[file.name] = uploaded
        return f"{self.address}/files/{file.name}"

    @property
    def simple(self) -> str:
        """What an installer is given."""
        return f"{self.address}/simple/"

    @property
    def with_login(self) -> str:
        """What an installer is given, with the login in it."""
        scheme, _, rest = self.simple.partition("://")
        return f"{scheme}://{self.login}@{rest}"

    def page(self, package: str) -> bytes | None:
        """Return what the index says of a package."""
        files = [self._entry(name) for name in self.files if name.split("-")[0] == package]
        if not files:
            return None
        document = {"meta": {"api-version": "1.1"}, "name": package, "files": files}
        return json.dumps(document).encode()

    def _entry(self, name: str) -> dict[str, object]:
        digest = hashlib.sha256(self.files[name].read_bytes()).hexdigest()
        entry: dict[str, object] = {"filename": name, "url": f"../../files/{name}"}
        entry["hashes"] = {"sha256": digest}
        uploaded = self.uploaded.get(name)
        return entry if uploaded is None else {**entry, "upload-time": uploaded}


@contextmanager
def serving(index: PackageIndex) -> Iterator[PackageIndex]:
    """Answer requests for a block of code."""

    class Handler(_Handler):
        serves = index

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    serves: PackageIndex

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.serves.requests.append(path)
        if not self._is_let_in():
            self._answer(401, b"", "text/plain", {"WWW-Authenticate": 'Basic realm="index"'})
            return
        content = self._content(path)
        kind = JSON if path.startswith("/simple/") else "application/octet-stream"
        self._answer(404 if content is None else 200, content or b"", kind, {})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _is_let_in(self) -> bool:
        if self.serves.login is None:
            return True
        wanted = base64.b64encode(self.serves.login.encode()).decode()
        return self.headers.get("Authorization") == f"Basic {wanted}"

    def _content(self, path: str) -> bytes | None:
        kind, _, name = path.strip("/").partition("/")
        if kind == "simple":
            return self.serves.page(name)
        file = self.serves.files.get(name)
        return file.read_bytes() if file is not None else None

    def _answer(self, code: int, content: bytes, kind: str, more: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": kind, "Cache-Control": "no-cache", **more}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return
