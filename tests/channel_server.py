"""A web server on the loopback for a conda channel: with a password, or by TLS."""

from __future__ import annotations

import ssl
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import trustme


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder, to those who know the password if there is one."""

    authorization: str | None = None

    def do_GET(self) -> None:
        if self.authorization and self.headers.get("Authorization") != self.authorization:
            self.send_error(401)
            return
        super().do_GET()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class ServedChannel:
    """A channel on the loopback while in this context; gives its address."""

    def __init__(
        self,
        folder: Path,
        authorization: str | None = None,
        *,
        authority: trustme.CA | None = None,
    ) -> None:
        handler = type("Own", (_Handler,), {"authorization": authorization})
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(handler, directory=str(folder))
        )
        self._scheme = "http" if authority is None else "https"
        if authority is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        # A client that trusts nobody hangs up.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> str:
        self._thread.start()
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
