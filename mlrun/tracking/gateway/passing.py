"""One request passed on to the real server as it is, and its answer back; of any size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from mlrun.tracking.gateway.paths import endpoint_of
from mlrun.tracking.gateway.service import Call
from mlrun.tracking.gateway.upstream import Upstream

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
"""Where a server takes and gives files."""

_WHOLE_REQUEST = 16 * 2**20
_WHOLE_ANSWER = 64 * 2**20
_WHOLE_FILE = 256 * 2**10
_PART = 256 * 1024

# RFC 9110, 7.6.1, and what is only between the client and us.
_HOP_BY_HOP = (
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)
_OUR_OWN = frozenset((*_HOP_BY_HOP, "host", "authorization", "expect"))
# Cookies are the server's for the user whose credentials are sent: they stay with us.
_NOT_BACK = frozenset((*_HOP_BY_HOP, "set-cookie", "www-authenticate"))

Headers = CIMultiDict[str]


async def whole_body(request: web.BaseRequest) -> bytes | None:
    """Return a request's body, None for one that is to be streamed."""
    if not request.body_exists:
        return b""
    await _allow(request)
    length = request.content_length
    is_file = is_of_files(request.raw_path)
    if length is None:
        return None if is_file else await request.read()
    most = _WHOLE_FILE if is_file else _WHOLE_REQUEST
    return await request.read() if length <= most else None


def is_of_files(target: str) -> bool:
    """Return whether a path is for files rather than for MLflow's JSON."""
    endpoint = endpoint_of(target)
    return endpoint.startswith("/api/2.0/mlflow-artifacts/") or "get-artifact" in endpoint


def request_headers(request: web.BaseRequest) -> Headers:
    """Return the headers of a request that are for the server."""
    named = _named_in(request.headers.get("Connection", ""))
    headers = CIMultiDict(
        (name, value)
        for name, value in request.headers.items()
        if (lower := name.lower()) not in _OUR_OWN and lower not in named
    )
    if not is_of_files(request.raw_path):
        # What is known of a run is read from its answers.
        headers["Accept-Encoding"] = "identity"
    return headers


async def pass_on(
    upstream: Upstream,
    call: Call,
    body: bytes | AsyncIterator[bytes] | None,
    limit: float | None,
    *,
    target: str | None = None,
) -> web.StreamResponse:
    """Send a request to the server, and return its answer.

    Args:
        upstream: The server.
        call: The request.
        body: Its body, as a whole or in parts.
        limit: Seconds for the whole exchange; None where that may take any time.
        target: Path with query, where it is not the request's own.

    Returns:
        A `web.Response` with its body at hand, but for files and for what grows while it is read.

    Raises:
        UpstreamAway: No answer came.
    """
    request = call.request
    headers = request_headers(request)
    if isinstance(body, bytes):
        headers.popall("Content-Length", None)
    target = target or request.raw_path
    most = _WHOLE_FILE if is_of_files(target) else _WHOLE_ANSWER
    async with upstream.stream(request.method, target, headers, body or None, limit=limit) as got:
        back = _kept(got.headers, upstream.base)
        head = b"" if _grows(got) else await _head(upstream, got, most)
        if got.content.at_eof():
            return web.Response(status=got.status, reason=got.reason, headers=back, body=head)
        return await _streamed(upstream, call, got, back, head)


async def parts_of(request: web.BaseRequest) -> AsyncIterator[bytes]:
    """Yield a request's body as it comes in."""
    while part := await request.content.read(_PART):
        yield part


async def _allow(request: web.BaseRequest) -> None:
    """Let a client send its body that asks first (`Expect`)."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _head(upstream: Upstream, got: aiohttp.ClientResponse, most: int) -> bytes:
    """Return the beginning of an answer, all of it where that is not too much."""
    parts: list[bytes] = []
    size = 0
    while size <= most and (part := await upstream.read_part(got)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


async def _streamed(
    upstream: Upstream, call: Call, got: aiohttp.ClientResponse, headers: Headers, head: bytes
) -> web.StreamResponse:
    length = got.headers.get("Content-Length")
    response = web.StreamResponse(status=got.status, reason=got.reason, headers=headers)
    if length is not None and length.isdigit():
        response.content_length = int(length)
    await response.prepare(call.request)
    part = head
    while True:
        if part:
            await response.write(part)
        part = await upstream.read_part(got)
        if not part:
            break
    await response.write_eof()
    return response


def _grows(got: aiohttp.ClientResponse) -> bool:
    """Return whether an answer is one that a client reads while the server still writes it."""
    return got.content_type in ("text/event-stream", "application/x-ndjson")


def _kept(headers: CIMultiDictProxy[str], base: str) -> Headers:
    named = _named_in(headers.get("Connection", ""))
    kept = CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if (lower := name.lower()) not in _NOT_BACK and lower not in named
    )
    kept.popall("Content-Length", None)
    if "Location" in kept:
        kept["Location"] = _seen_from_here(kept["Location"], base)
    return kept


def _seen_from_here(location: str, base: str) -> str:
    """Return where to go by way of the gateway, for a place on the server itself.

    A client that went there by itself would come without credentials.
    """
    home, place = urlsplit(base), urlsplit(location)
    if (place.scheme.lower(), place.netloc.lower()) != (home.scheme, home.netloc):
        return location
    if not place.path.startswith(f"{home.path}/"):
        return location
    path = place.path[len(home.path) :]
    return f"{path}?{place.query}" if place.query else path


def _named_in(connection: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in connection.split(",")) if connection else _NO


_NO: frozenset[str] = frozenset()
