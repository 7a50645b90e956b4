"""What stands behind a gateway: a local database, or a tracking server far away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web


@dataclass(frozen=True)
class Call:
    """One request whose token was right.

    Attributes:
        request: As it came; its body is not read yet.
        is_local: Whether it came in on the loopback address: then its sender sees the same
            files as mlrun. Not so in a container.
    """

    request: web.BaseRequest
    is_local: bool


class Service(Protocol):
    """Answers requests. All is called in the gateway's event loop."""

    async def begin(self) -> None:
        """Get ready, before the first request."""

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request; what is raised becomes an answer of 500 in MLflow's form.

        Answers on experiments and runs (`runs/get`, `experiments/get-by-name`...) must be a
        `web.Response` with its body at hand, since the gateway may look at it.
        """

    async def finish(self, patience: float | None) -> int:
        """Deliver what still waits, and return how many records could not be.

        Args:
            patience: Seconds to try; None without limit.
        """

    async def close(self) -> None:
        """Let go of files and connections."""
