"""A file while it is fetched: what came so far, and its SHA-256 as far as that."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from mlrun.inputs.failures import disk_errors

_CHUNK = 1 << 20


class Part:
    """The beginning of a file, which may be there from an earlier mlrun.

    Args:
        file: Where it is kept.

    Raises:
        InputError: The disk refuses.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.size = 0
        self._digest = sha256()
        with disk_errors(file.parent):
            self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)

    def __enter__(self) -> Part:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    @property
    def digest(self) -> str:
        """SHA-256 of what is there, as hexadecimal digits."""
        return self._digest.hexdigest()

    def take_up(self) -> int:
        """Go on from what is there already; return how many bytes that are."""
        with disk_errors(self.file.parent):
            while block := os.pread(self._descriptor, _CHUNK, self.size):
                self._digest.update(block)
                self.size += len(block)
        return self.size

    def begin_again(self) -> None:
        """Drop what is there."""
        with disk_errors(self.file.parent):
            os.ftruncate(self._descriptor, 0)
        self.size = 0
        self._digest = sha256()

    def write(self, block: bytes) -> None:
        """Add what came."""
        rest = memoryview(block)
        with disk_errors(self.file.parent):
            while rest:
                written = os.pwrite(self._descriptor, rest, self.size)
                self._digest.update(rest[:written])
                self.size += written
                rest = rest[written:]
