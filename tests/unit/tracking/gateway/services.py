"""Services for tests of what stands before them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from mlrun.tracking.gateway.answers import json_answer
from mlrun.tracking.gateway.service import Call

Answer = Callable[[Call], Awaitable[web.StreamResponse]]


async def echo(call: Call) -> web.StreamResponse:
    """Tell what came."""
    body = await call.request.read()
    return json_answer(
        {
            "path": call.request.raw_path,
            "is_local": call.is_local,
            "size": len(body),
            "method": call.request.method,
        }
    )


class StubService:
    """Answers with a function, and counts what is asked of it."""

    def __init__(self, answer: Answer = echo, undelivered: int = 0) -> None:
        self._answer = answer
        self._undelivered = undelivered
        self.begun = 0
        self.closed = 0
        self.patience: list[float | None] = []
        self.delays: list[float] = []

    async def begin(self) -> None:
        self.begun += 1

    async def answer(self, call: Call) -> web.StreamResponse:
        return await self._answer(call)

    async def finish(self, patience: float | None) -> int:
        self.patience.append(patience)
        if self.delays:
            await asyncio.sleep(self.delays.pop(0))
        return self._undelivered

    async def close(self) -> None:
        self.closed += 1
