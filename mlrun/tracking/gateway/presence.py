"""Whether the tracking server is there, so that nobody waits for one that is known to be away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mlrun.tracking.gateway.probing import absence
from mlrun.tracking.gateway.upstream import Upstream

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class Presence:
    """Remembers that a server is away, and asks again and again until it is back.

    Args:
        upstream: The server.
        on_return: Called when it is back.
        notify: Takes a line for the user.

    Attributes:
        reason: Why it is away, None while it is there.
    """

    def __init__(
        self, upstream: Upstream, on_return: Callable[[], None], notify: Callable[[str], None]
    ) -> None:
        self.reason: str | None = None
        self._upstream = upstream
        self._on_return = on_return
        self._notify = notify
        self._asking: asyncio.Task[None] | None = None

    def lost(self, reason: str) -> None:
        """Take note that no answer came, or one that says "later"."""
        is_new = self.reason is None
        self.reason = reason
        if is_new:
            self._notify(
                f"the tracking server {self._upstream.base} is away ({reason}); what is logged "
                "meanwhile is kept and delivered later"
            )
            self._asking = asyncio.create_task(self._ask())

    async def is_lost(self, reason: str) -> bool:
        """Find out whether the server is away, where its answer was strange.

        Args:
            reason: Why it seems to be.
        """
        if self.reason is None and await absence(self._upstream) is not None:
            self.lost(reason)
        return self.reason is not None

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _ask(self) -> None:
        pause = _FIRST_PAUSE
        while self.reason is not None:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            self.reason = await absence(self._upstream)
        self._on_return()
