"""Whether a server that answers one write with an error does others: then the write is at fault.

That a server can be read says nothing: its disk may be full. So something of the same kind is
written beside what fails, and removed again. Only where that succeeds each time, and the write
fails each time, again and again, is it given up.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from mlrun.tracking.gateway.doubts import read_object
from mlrun.tracking.gateway.paths import endpoint_of
from mlrun.tracking.gateway.probing import is_strange

if TYPE_CHECKING:
    from mlrun.tracking.gateway.records import Entry
    from mlrun.tracking.gateway.upstream import Upstream

_ENOUGH = 8
"""How often in turn; even a server that fails every other time at random hardly ever does that."""

_PATIENCE = 3
"""Failures before anything is tried beside: most are over by then."""

_ERRORS = frozenset({500, 502, 504})
_RUNS = "/api/2.0/mlflow/runs/"
_TAG = "mlrun.trial"
_FILE = ".mlrun-trial"
_MOST_BYTES = 1 << 20
_JSON = {"Content-Type": "application/json"}


class Trial:
    """What speaks against the entry that fails.

    Args:
        upstream: The server.

    Attributes:
        has_passed: Whether the server did another write after the last failure.
    """

    def __init__(self, upstream: Upstream) -> None:
        self.has_passed = False
        self._upstream = upstream
        self._number = 0
        self._count = 0
        self._failures = 0
        self._can_remove_files = True

    async def is_at_fault(self, entry: Entry, status: int, *, alone: bool) -> bool:
        """Take note of a failure, and return whether it was one too many.

        Args:
            entry: What failed, or the first of what failed together.
            status: Of the server's answer.
            alone: Whether it failed by itself.

        Raises:
            UpstreamAway: The server is away.
        """
        is_enough = alone and entry.number == self._number and self._count >= _ENOUGH
        self._failures += 1
        is_due = status in _ERRORS and self._failures >= _PATIENCE
        self.has_passed = is_due and await self._does_others(entry)
        is_same = self.has_passed and alone and entry.number == self._number
        self._count = self._count + 1 if is_same else int(self.has_passed and alone)
        self._number = entry.number
        return is_enough and self.has_passed

    def forget(self) -> None:
        """Take note of something else than such a failure."""
        self.has_passed = False
        self._failures = 0

    async def _does_others(self, entry: Entry) -> bool:
        if entry.method == "PUT":
            return self._can_remove_files and await self._takes_file(entry)
        run_id = (read_object(entry.body) or {}).get("run_id")
        is_of_run = entry.kind == "request" and endpoint_of(entry.target).startswith("/runs/")
        if not is_of_run or not isinstance(run_id, str):
            return False
        tag = {"run_id": run_id, "key": _TAG}
        value = os.urandom(8).hex()
        was_set = await self._is_done("POST", f"{_RUNS}set-tag", _json({**tag, "value": value}))
        return was_set and await self._is_done("POST", f"{_RUNS}delete-tag", _json(tag))

    async def _takes_file(self, entry: Entry) -> bool:
        size = entry.body_file.stat().st_size if entry.body_file else len(entry.body)
        folder = entry.target.partition("?")[0].rpartition("/")[0]
        beside = f"{folder}/{_FILE}-{os.urandom(4).hex()}"
        if not await self._is_done("PUT", beside, bytes(min(size, _MOST_BYTES))):
            return False
        self._can_remove_files = await self._is_done("DELETE", beside, None)
        return self._can_remove_files

    async def _is_done(self, method: str, target: str, body: bytes | None) -> bool:
        headers = _JSON if method == "POST" else None
        answer = await self._upstream.send(method, target, headers, body, repeat=False)
        return 200 <= answer.status < 300 and not is_strange(answer.status, answer.body)


def _json(document: dict[str, str]) -> bytes:
    return json.dumps(document).encode()
