"""The body of a request to a test's own server."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler


def read_body(request: BaseHTTPRequestHandler) -> bytes:
    """Read all of it, also where the client sends it in chunks, as git does."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    blocks = []
    while size := int(request.rfile.readline(), 16):
        blocks.append(request.rfile.read(size))
        request.rfile.readline()
    request.rfile.readline()
    return b"".join(blocks)
