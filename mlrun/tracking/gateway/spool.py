"""A file that comes in while nobody knows yet whether the server will take it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from mlrun.tracking.gateway.journal import Journal, JournalFullError
from mlrun.tracking.gateway.passing import parts_of


class Spool:
    """Writes down a request's body as it is read.

    Args:
        request: Its body is not read yet.
        journal: In whose folder the copy stands, within its budget.
    """

    def __init__(self, request: web.BaseRequest, journal: Journal) -> None:
        self._request = request
        self._room = journal.room()
        self._problem: str | None = None
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        try:
            self._path = journal.spool_folder / f".{os.urandom(8).hex()}"
            self._file = self._path.open("xb")
        except (OSError, JournalFullError) as error:
            self._problem = str(error)

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the parts that are still to be read; each is written down before."""
        async for part in parts_of(self._request):
            self._write(part)
            yield part

    async def whole(self) -> Path:
        """Read what is still to be read, and return the file with all of it.

        Raises:
            JournalFullError: It could not be written down.
        """
        async for _ in self.parts():
            if self._problem is not None:
                break
        self._close()
        if self._problem is not None or self._path is None:
            raise JournalFullError(f"a file cannot be kept: {self._problem}")
        path, self._path = self._path, None
        return path

    def discard(self) -> None:
        """Remove the file, unless it was handed out."""
        self._close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    def _write(self, part: bytes) -> None:
        """Write at once: an interruption must not come between reading and writing."""
        if self._file is None:
            return
        self._room -= len(part)
        if self._room < 0:
            self._problem = "the budget of the journal is used up"
        else:
            try:
                self._file.write(part)
            except OSError as error:
                self._problem = error.strerror or str(error)
        if self._problem is not None:
            self.discard()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                self._problem = error.strerror or str(error)
