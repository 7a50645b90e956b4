"""A proxy on the loopback that passes HTTP on to a real server, well or badly."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host", "expect"}


class Trouble(Enum):
    """What befalls a request."""

    NONE = "none"
    CUT_BEFORE = "the connection breaks before the server sees the request"
    CUT_AFTER = "the server has done what was asked, and the answer is lost"
    CUT_WITHIN = "the answer breaks off"
    ERROR_BEFORE = "500 without asking the server"
    ERROR_AFTER = "500 although the server has done what was asked"
    BUSY = "503 without asking the server"


@dataclass(frozen=True)
class Fault:
    """What befalls a request, and how late it is.

    Attributes:
        seconds: Waited before the request is passed on.
    """

    trouble: Trouble = Trouble.NONE
    seconds: float = 0


Choice = Callable[[str, str], Fault]
"""Given the method and the path with its query, says what happens."""


class FaultProxy:
    """Passes requests on, and answers back; bodies are streamed.

    Attributes:
        met: How often each kind of trouble was met.
    """

    def __init__(
        self,
        target: str,
        choose: Choice = lambda method, path: Fault(),
        rewrite: Callable[[str], str] = lambda path: path,
    ) -> None:
        self.met: Counter[Trouble] = Counter()
        self.choose = choose
        self._target = target
        self._rewrite = rewrite
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self._ready.wait(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._until_stopped())
        self._loop.close()

    async def _until_stopped(self) -> None:
        self._stop = asyncio.Event()
        timeout = ClientTimeout(total=None)
        async with ClientSession(
            timeout=timeout, auto_decompress=False, connector=TCPConnector(limit=0)
        ) as self._session:
            runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._port = runner.addresses[0][1]
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        fault = self.choose(request.method, request.raw_path)
        self.met[fault.trouble] += 1
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
        if fault.trouble is Trouble.CUT_BEFORE:
            return _cut(request)
        if fault.trouble in (Trouble.ERROR_BEFORE, Trouble.BUSY):
            await request.read()
            code = 500 if fault.trouble is Trouble.ERROR_BEFORE else 503
            return web.Response(status=code, text="<html>no</html>", content_type="text/html")
        try:
            return await self._pass_on(request, fault.trouble)
        except (ClientError, OSError):
            return _cut(request)

    async def _pass_on(self, request: web.BaseRequest, trouble: Trouble) -> web.StreamResponse:
        url = URL(self._target + self._rewrite(request.raw_path), encoded=True)
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP]
        data = request.content if request.body_exists else None
        async with self._session.request(
            request.method, url, data=data, headers=headers, allow_redirects=False
        ) as answer:
            if trouble is Trouble.CUT_AFTER:
                await answer.read()
                return _cut(request)
            if trouble is Trouble.ERROR_AFTER:
                await answer.read()
                return web.Response(status=500, text="lost")
            reply = web.StreamResponse(status=answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    reply.headers.add(name, value)
            await reply.prepare(request)
            async for block in answer.content.iter_chunked(1 << 18):
                if trouble is Trouble.CUT_WITHIN:
                    await reply.write(block[: len(block) // 2])
                    return _cut(request, reply)
                await reply.write(block)
            await reply.write_eof()
            return reply


def _cut(request: web.BaseRequest, reply: web.StreamResponse | None = None) -> web.StreamResponse:
    """Break the connection off."""
    if request.transport is not None:
        request.transport.abort()
    return reply or web.Response(status=500)
