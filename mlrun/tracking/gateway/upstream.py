"""The real tracking server: requests to it with the user's credentials, or why none came back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from mlrun.errors import UsageError
from mlrun.tracking.connection import Origin
from mlrun.tracking.http import origin_of
from mlrun.tracking.proxies import choose_proxy
from mlrun.tracking.target import find_access
from mlrun.tracking.tls import tls_settings

ANSWER_LIMIT = "MLRUN_GATEWAY_ANSWER_LIMIT"
"""The variable for the seconds that a server has to answer before it counts as away."""

_CLIENT_LIMIT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
_CLIENT_LIMIT_SECONDS = 120.0
_CHUNK = 256 * 1024

Headers = Mapping[str, str]
Body = bytes | Path | AsyncIterator[bytes] | None

_AS_IT_IS = "/?%:@!$&'()*+,;=~-._[]#\"<>\\^`{|}"


class UpstreamAway(Exception):  # noqa: N818 - a state, not a mistake
    """No answer came: refused, unreachable, cut, or too late. The server may have acted.

    Attributes:
        reason: Why, in words.
        is_settled: Whether the server cannot have acted, since nothing was sent.
    """

    def __init__(self, reason: str, *, is_settled: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_settled = is_settled


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a server may take, in seconds.

    Attributes:
        connect: To an address, with the TLS handshake.
        write: From the request to the end of the answer, for a write that can be kept instead.
        answer: For every other request that is small.
        stall: Between two parts of a body, and from its end to the answer.
    """

    connect: float = 5.0
    write: float = 30.0
    answer: float = 90.0
    stall: float = 90.0


def read_limits(environ: Mapping[str, str]) -> Limits:
    """Read the limits from variables, so that a client hears of an outage before it gives up.

    Raises:
        UsageError: A variable that holds no number.
    """
    client = _seconds(_CLIENT_LIMIT, environ) or _CLIENT_LIMIT_SECONDS
    usual = Limits()
    most = client * 0.75
    write = _seconds(ANSWER_LIMIT, environ) or usual.write
    return Limits(
        connect=min(usual.connect, most / 2),
        write=min(write, most / 2),
        answer=min(usual.answer, most),
        stall=max(usual.stall, most),
    )


@dataclass(frozen=True)
class Answer:
    """A whole answer.

    Attributes:
        status: HTTP status.
        headers: As they came.
        body: All of it, still encoded where its headers say so.
    """

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def is_outage(self) -> bool:
        """Whether it says that the server cannot work now, whatever it was asked."""
        return is_outage(self.status)


def is_outage(status: int) -> bool:
    """Return whether a status says "later", not "no": 408, 429, 5xx but for 501."""
    return status in (408, 429) or (status >= 500 and status != 501)


class Upstream:
    """Speaks to one tracking server; made anywhere, used in one event loop.

    Args:
        uri: The server's address.
        environ: The user's variables: credentials, certificates, proxies, time limits.
        asked: What the user gave as the tracking URI: its credentials are used.

    Attributes:
        base: The address without credentials and closing slash.

    Raises:
        NotSupportedError: A kind of authentication or proxy that mlrun does not speak.
        UsageError: An address, a variable, or a file that cannot be understood.
    """

    def __init__(
        self,
        uri: str,
        environ: Mapping[str, str],
        asked: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        access = find_access(uri, environ, asked)
        self.base = access.base
        self.limits = limits or read_limits(environ)
        origin = origin_of(access.base)
        self._tls = tls_settings(environ).context() if origin.scheme == "https" else None
        self._own_headers, self._by_proxy = _ways(origin, environ)
        if access.credentials is not None:
            self._own_headers["Authorization"] = access.credentials.header()

    async def send(
        self,
        method: str,
        target: str,
        headers: Headers | None = None,
        body: bytes | Path | None = None,
        *,
        limit: float | None = None,
        repeat: bool = True,
    ) -> Answer:
        """Send a request and return the whole answer. Redirects are not followed.

        Args:
            method: Of HTTP.
            target: Path with query, below the server's address, sent byte for byte.
            headers: All but Host, Authorization and Content-Length.
            body: A file is streamed.
            limit: Seconds for all of it; by default the limit of a write, for a file none but
                that of stalling.
            repeat: Whether to send it once more where the connection was cut.

        Raises:
            UpstreamAway: No whole answer came.
        """
        if limit is None and not isinstance(body, Path):
            limit = self.limits.write
        async with self.stream(
            method, target, headers, body, limit=limit, repeat=repeat
        ) as response:
            try:
                return Answer(response.status, response.headers, await response.read())
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
                raise self._away(error) from error

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        target: str,
        headers: Headers | None = None,
        body: Body = None,
        *,
        limit: float | None = None,
        repeat: bool = True,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request whose body may be of any size, and give the answer before its body.

        Raises:
            UpstreamAway: No answer came.
        """
        response = await self._respond(method, target, headers, body, limit, repeat=repeat)
        try:
            yield response
        finally:
            response.release()

    async def read_part(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the next part of an answer's body, empty at its end.

        Raises:
            UpstreamAway: The answer breaks off.
        """
        try:
            return await response.content.read(_CHUNK)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise self._away(error) from error

    async def close(self) -> None:
        """Let go of all connections."""
        session = self.__dict__.pop("_session", None)
        if session is not None:
            await session.close()

    async def _respond(
        self,
        method: str,
        target: str,
        headers: Headers | None,
        body: Body,
        limit: float | None,
        *,
        repeat: bool,
    ) -> aiohttp.ClientResponse:
        """Send, once more where the server may just have closed a connection that was kept."""
        can_repeat = repeat and isinstance(body, (bytes, Path, type(None)))
        try:
            return await self._request(method, target, headers, body, limit)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            first = self._away(error)
            is_cut = isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionError))
            if first.is_settled or not (can_repeat and is_cut):
                raise first from error
        try:
            return await self._request(method, target, headers, body, limit)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            # What was sent first may have got through.
            raise UpstreamAway(self._away(error).reason) from error

    async def _request(
        self, method: str, target: str, headers: Headers | None, body: Body, limit: float | None
    ) -> aiohttp.ClientResponse:
        if not target.isascii():
            target = quote(target.encode("utf-8", "surrogateescape"), safe=_AS_IT_IS)
        sent = CIMultiDict(headers or {})
        sent.extend(self._own_headers)
        if isinstance(body, Path):
            sent["Content-Length"] = str(body.stat().st_size)
            body = _parts_of(body)
        timeout = aiohttp.ClientTimeout(
            total=limit, sock_connect=self.limits.connect, sock_read=self.limits.stall
        )
        moving = _Moving(body) if body is not None and not isinstance(body, bytes) else None
        asking = self._session.request(
            method,
            URL(self.base + target, encoded=True),
            data=moving or body,
            headers=sent,
            allow_redirects=False,
            timeout=timeout,
            **self._by_proxy,
        )
        return await (moving.watch(asking, self.limits.stall) if moving else asking)

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls or True, limit=0, ttl_dns_cache=60),
            auto_decompress=False,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    def _away(self, error: BaseException) -> UpstreamAway:
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return UpstreamAway("its certificate is not trusted", is_settled=True)
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return UpstreamAway(
                f"could not be reached within {self.limits.connect:g} s", is_settled=True
            )
        if isinstance(error, aiohttp.ClientConnectorError):
            return UpstreamAway(f"no connection: {_reason(error)}", is_settled=True)
        if isinstance(error, asyncio.TimeoutError):
            return UpstreamAway("did not answer in time")
        if isinstance(error, aiohttp.ServerDisconnectedError):
            return UpstreamAway("closed the connection before its answer")
        return UpstreamAway(f"the connection broke: {str(error) or type(error).__name__}")


def _reason(error: aiohttp.ClientConnectorError) -> str:
    """Return why there is no connection; asyncio's own text names a call, not the reason."""
    number = error.errno
    if number and number > 0 and not isinstance(error, aiohttp.ClientSSLError):
        return os.strerror(number)
    return error.strerror or str(error.os_error)


class _Moving:
    """A body on its way, and whether it still moves: no time limit of aiohttp's watches that."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._parts = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            self._parts += 1
            yield part
        self._parts += 1

    async def watch(
        self, asking: Awaitable[aiohttp.ClientResponse], stall: float
    ) -> aiohttp.ClientResponse:
        """Wait for the answer.

        Raises:
            TimeoutError: Nothing moved for so many seconds.
        """
        task = asyncio.ensure_future(asking)
        try:
            while True:
                before = self._parts
                done, _ = await asyncio.wait((task,), timeout=stall)
                if done:
                    return task.result()
                if self._parts == before:
                    raise asyncio.TimeoutError
        finally:
            task.cancel()


async def _parts_of(file: Path) -> AsyncIterator[bytes]:
    opened = await asyncio.to_thread(file.open, "rb")
    try:
        while part := await asyncio.to_thread(opened.read, _CHUNK):
            yield part
    finally:
        opened.close()


def _ways(origin: Origin, environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the headers, and what else a request is given, to go through the user's proxy."""
    proxy = choose_proxy(origin.scheme, origin.host, origin.port, environ)
    if proxy is None:
        return {}, {}
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    way: dict[str, Any] = {"proxy": f"http://{host}:{proxy.port}"}
    shown = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
    if origin.scheme == "http":
        return shown, way
    return {}, {**way, "proxy_headers": shown}


def _seconds(name: str, environ: Mapping[str, str]) -> float | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise UsageError(f"{name} must be a number of seconds, not {text!r}")
    return number
