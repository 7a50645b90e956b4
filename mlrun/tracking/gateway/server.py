"""The HTTP server of a gateway: an event loop in a thread, made anew when it fails.

Imported only after the command has started, in that thread.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from aiohttp import web

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.gateway.admission import Admission
from mlrun.tracking.gateway.answers import FULL, INTERNAL, error_answer, refusal, unauthenticated
from mlrun.tracking.gateway.gateway import Ending, Identity, Listener
from mlrun.tracking.gateway.injected_run import InjectedRun
from mlrun.tracking.gateway.requests import LARGEST_BODY
from mlrun.tracking.gateway.service import Call, Service

_KEEP_ALIVE = 30 * 24 * 3600.0
"""Seconds: a training may pause for days between two requests, and its client does not ask."""

_LONGEST_LINE = 64 * 2**10
_MOST_HEADERS = 128
_BACKLOG = 1024

_STRANGERS_TIME = 20.0
"""Seconds that a connection has to bring a request with the token: a process has few of them,
and anyone on this machine can open one."""

_LAST_REQUESTS = 1.0
"""Seconds that requests have that are being answered when the server ends."""

_PAUSE = 0.05
"""Seconds between a failure and the next start."""

_LAST_TRIES = 2
"""How often the end is tried again, where the server fails while it ends."""


def serve_until(
    ending: Ending,
    listeners: Sequence[Listener],
    identity: Identity,
    make_service: Callable[[], Service],
    notify: Callable[[str], None],
) -> None:
    """Serve until the end is asked for; whatever fails in here is started anew.

    The sockets stay open meanwhile: who connects then waits, and is answered.
    """
    once = _Once(notify)
    failed_ends = 0
    is_wanted = not ending.is_asked
    while is_wanted:
        server = _Server(listeners, identity, make_service, once)
        if _has_ended(server, ending, once):
            break
        failed_ends += ending.is_asked
        is_wanted = failed_ends <= _LAST_TRIES
        ending.wait(_PAUSE)
    ending.when_asked(None)


def _has_ended(server: _Server, ending: Ending, once: _Once) -> bool:
    """Run one event loop to its end, and return whether that was the one asked for."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: once.say_failure(context.get("exception")))
    try:
        ending.undelivered = loop.run_until_complete(server.run(ending))
    except BaseException as error:  # also an exit from within: the command goes on
        ending.when_asked(None)
        once(f"the gateway to the tracking store failed, and starts again: {_named(error)}")
        with suppress(BaseException):
            loop.run_until_complete(asyncio.wait_for(server.abandon(), _LAST_REQUESTS))
        return False
    else:
        return True
    finally:
        with suppress(BaseException):
            _end_tasks(loop)
        loop.close()


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=_LAST_REQUESTS))


class _Server:
    """One event loop's server: the listeners, and the service behind them."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        identity: Identity,
        make_service: Callable[[], Service],
        once: _Once,
    ) -> None:
        self._listeners = listeners
        self._identity = identity
        self._make_service = make_service
        self._once = once
        self._injected = InjectedRun(
            identity.run_id, identity.experiment_id, once, identity.experiment_name
        )
        self._runners: list[web.ServerRunner] = []
        self._copies: list[socket.socket] = []
        self._admitted: WeakSet[asyncio.Transport] = WeakSet()
        self._service: Service | None = None
        self._beginning = asyncio.Lock()

    async def run(self, ending: Ending) -> int:
        """Serve until the end is asked for, and return how many records are undelivered."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        with suppress(Exception):  # said already, and tried again with the first request
            await self._begun_service()
        for listener in self._listeners:
            await self._listen(listener)
        ending.when_asked(partial(_set_from_afar, loop, asked))
        cutting = loop.create_task(self._cut_strangers())
        await asked.wait()
        cutting.cancel()
        undelivered = await self._finish(asked, ending)
        await self._end()
        return undelivered

    async def abandon(self) -> None:
        """Cut all connections at once, and let go of what the service holds."""
        await self._stop_listening()
        for runner in self._runners:
            for connection in runner.server.connections if runner.server else ():
                if connection.transport is not None:
                    connection.transport.abort()
        await _let_turn()
        await self._end()

    async def _end(self) -> None:
        """Let the last requests be answered, and let go of everything."""
        await self._stop_listening()
        runners, self._runners = self._runners, []
        for runner in runners:
            await runner.cleanup()
        service, self._service = self._service, None
        if service is not None:
            await service.close()

    async def _stop_listening(self) -> None:
        """Accept nothing more.

        What was just accepted must become a connection first: asyncio forgets it otherwise,
        and who is at the other end waits for ever.
        """
        copies, self._copies = self._copies, []
        for copy in copies:
            asyncio.get_running_loop().remove_reader(copy)
        await _let_turn()
        for runner in self._runners:
            for site in runner.sites:
                await site.stop()

    async def _cut_strangers(self) -> None:
        """Cut who has connected and brings no request with the token."""
        seen: WeakKeyDictionary[asyncio.Transport, float] = WeakKeyDictionary()
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_STRANGERS_TIME / 4)
            for runner in self._runners:
                for connection in runner.server.connections if runner.server else ():
                    transport = connection.transport
                    if transport is None or transport in self._admitted:
                        continue
                    if loop.time() - seen.setdefault(transport, loop.time()) > _STRANGERS_TIME:
                        transport.abort()

    async def _listen(self, listener: Listener) -> None:
        admission = Admission(self._identity.token, listener.hosts)
        server = web.Server(
            partial(self._handle, listener, admission),
            request_factory=partial(_make_request, admission),
            access_log=None,
            logger=_quiet_logger(),
            keepalive_timeout=_KEEP_ALIVE,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            max_headers=_MOST_HEADERS,
            auto_decompress=False,
        )
        runner = web.ServerRunner(server, shutdown_timeout=_LAST_REQUESTS)
        await runner.setup()
        self._runners.append(runner)
        # A copy, since the loop closes what it listens on.
        copy = socket.socket(fileno=os.dup(listener.socket.fileno()))
        self._copies.append(copy)
        await web.SockSite(runner, copy, backlog=_BACKLOG).start()

    async def _finish(self, asked: asyncio.Event, ending: Ending) -> int:
        """Have the service deliver; a later asking with another patience begins that anew."""
        if self._service is None:
            return 0
        while True:
            asked.clear()
            finishing = asyncio.ensure_future(self._service.finish(ending.patience))
            again = asyncio.ensure_future(asked.wait())
            await asyncio.wait((finishing, again), return_when=asyncio.FIRST_COMPLETED)
            again.cancel()
            if finishing.done():
                return finishing.result()
            finishing.cancel()
            with suppress(asyncio.CancelledError):
                await finishing

    async def _handle(
        self, listener: Listener, admission: Admission, request: web.BaseRequest
    ) -> web.StreamResponse:
        if not admission.admits(request):
            return unauthenticated()
        if request.transport is not None:
            self._admitted.add(request.transport)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        answer = await self._answer(Call(request, listener.is_local))
        if request.writer.output_size and not answer.prepared:
            raise ConnectionAbortedError("another answer had begun: only the line can be cut")
        if answer.status == FULL:
            self._once("the disk is full: what the command logs is not recorded, and it is told so")
        return answer

    async def _answer(self, call: Call) -> web.StreamResponse:
        try:
            service = self._service or await self._begun_service()
            return await self._injected.satisfied(call, await service.answer(call))
        except ApiError as error:
            return refusal(error)
        except web.HTTPRequestEntityTooLarge as error:
            return error_answer("BAD_REQUEST", error.text or error.reason, 413)
        except ConnectionError:
            raise
        except Exception as error:  # contained: the next request is answered
            self._once.say_failure(error)
            return error_answer(INTERNAL, f"mlrun's gateway failed: {_named(error)}", 500)

    async def _begun_service(self) -> Service:
        async with self._beginning:
            if self._service is None:
                service = self._make_service()
                try:
                    await service.begin()
                except Exception as error:
                    self._once.say_failure(error)
                    with suppress(Exception):
                        await service.close()
                    raise
                self._service = service
            return self._service


class _Once:
    """Says each line once, however often it happens."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self._said: set[str] = set()

    def __call__(self, line: str, kind: str | None = None) -> None:
        if (kind or line) not in self._said:
            self._said.add(kind or line)
            with suppress(Exception):
                self._notify(line)

    def say_failure(self, error: BaseException | None) -> None:
        """Say that a request could not be answered, once for each kind of failure."""
        if error is None or isinstance(error, ConnectionError):
            return
        line = f"the gateway to the tracking store could not answer: {_named(error)}"
        self(line, type(error).__name__)


async def _let_turn() -> None:
    """Let the loop do what is due, and what follows from that at once."""
    for _ in range(8):
        await asyncio.sleep(0)


def _set_from_afar(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with suppress(RuntimeError):  # a loop that has just ended
        loop.call_soon_threadsafe(event.set)


def _make_request(admission: Admission, *words: Any) -> web.BaseRequest:
    message, payload, protocol, writer, task = words
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        admission.read_path(message),
        payload,
        protocol,
        writer,
        task,
        loop,
        client_max_size=LARGEST_BODY,
    )


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _quiet_logger() -> logging.Logger:
    """Return a logger that prints nothing: what matters is said by `notify`."""
    logger = logging.getLogger("mlrun.gateway")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return logger
