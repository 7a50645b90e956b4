"""A gateway in front of a tracking server: requests pass through, and outlive its outages."""

from __future__ import annotations

from aiohttp import web

from mlrun.tracking.database.api_error import UNAVAILABLE
from mlrun.tracking.gateway.answers import error_answer
from mlrun.tracking.gateway.passing import parts_of, pass_on, whole_body
from mlrun.tracking.gateway.service import Call
from mlrun.tracking.gateway.upstream import Upstream, UpstreamAway


class ForwardingService:
    """Answers requests by asking the real server.

    Args:
        upstream: That server.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def begin(self) -> None:
        """Get ready."""

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request."""
        if not call.request.raw_path.startswith("/"):
            return error_answer("BAD_REQUEST", "The gateway is no proxy.", 400)
        body = await whole_body(call.request)
        try:
            if body is None:
                return await pass_on(self._upstream, call, parts_of(call.request), None)
            return await pass_on(self._upstream, call, body, self._upstream.limits.answer)
        except UpstreamAway as away:
            return unavailable(self._upstream.base, away.reason)

    async def finish(self, patience: float | None) -> int:  # noqa: ARG002 - nothing waits
        """Deliver what still waits, and return how much could not be."""
        return 0

    async def close(self) -> None:
        """Let go of the server."""
        await self._upstream.close()


def unavailable(base: str, reason: str) -> web.Response:
    """Return the answer that clients take as "ask again later"."""
    answer = error_answer(UNAVAILABLE, f"The tracking server {base} is away: it {reason}.", 503)
    answer.headers["Retry-After"] = "1"
    return answer
