"""How much an archive may hold: what it says of itself is checked, and what then comes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mlrun.disk import free_space
from mlrun.errors import UsageError
from mlrun.folders import MAKE_ROOM
from mlrun.sizes import parse_size, size_in_words
from mlrun.sources.archive.members import ArchiveFaultError

ARCHIVE_LIMIT = "MLRUN_ARCHIVE_LIMIT"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too much.

    Attributes:
        size: Bytes, of the archive and of what it holds. A project is code and some data; what
            is bigger belongs to where data is kept.
        members: Files, folders and links. Each takes a place in the file system's own tables.
        ratio: How many times more than the archive its content may be. Text packs to a tenth,
            at best a fiftieth; a bomb packs zeros, a thousand to one and more.
        ratio_from: Bytes of content up to which the ratio does not matter.
    """

    size: int = 20 << 30
    members: int = 100_000
    ratio: int = 500
    ratio_from: int = 100 << 20


def read_limits() -> Limits:
    """Return the limits, of which `MLRUN_ARCHIVE_LIMIT` sets the size (`500M`, `50G`).

    Raises:
        UsageError: It holds no size.
    """
    text = os.environ.get(ARCHIVE_LIMIT, "").strip()
    if not text:
        return Limits()
    size = parse_size(text)
    if not size:
        raise UsageError(
            f"{ARCHIVE_LIMIT} is a size, not {text!r}", hint="give bytes, or as in 500M or 50G"
        )
    return Limits(size=size)


class Budget:
    """What one archive has taken of its limits.

    Args:
        limits: What is too much.
        packed: Bytes of the archive itself.
        folder: Where it is unpacked.
    """

    def __init__(self, limits: Limits, packed: int, folder: Path) -> None:
        self.limits = limits
        self._packed = packed
        self._folder = folder
        self._size = 0
        self._members = 0

    def expect(self, size: int) -> None:
        """Take note that so many bytes of content are still to come, before any of it is read.

        Raises:
            ArchiveFaultError: That would be too much, or more than there is space for.
        """
        self.require_size(self._size + size)
        free = free_space(self._folder)
        if size > free:
            raise ArchiveFaultError(
                f"needs {size_in_words(size)} more to be unpacked, and in {self._folder} there "
                f"are {size_in_words(free)} free",
                MAKE_ROOM,
            )

    def add(self, size: int) -> None:
        """Count content that has come.

        Raises:
            ArchiveFaultError: It is too much.
        """
        self._size += size
        self.require_size(self._size)

    def add_member(self) -> None:
        """Count a member.

        Raises:
            ArchiveFaultError: There are too many.
        """
        self._members += 1
        self.require_members(self._members)

    def require_members(self, count: int) -> None:
        """Look at the number of members before any is unpacked.

        Raises:
            ArchiveFaultError: They are too many.
        """
        if count > self.limits.members:
            raise ArchiveFaultError(
                f"holds more than {self.limits.members:,} files and folders",
                "unpack it where you trust it, and run the folder",
            )

    def require_size(self, size: int) -> None:
        """Look at a total size.

        Raises:
            ArchiveFaultError: It is too much.
        """
        limits = self.limits
        if size > limits.size:
            raise ArchiveFaultError(
                f"holds more than {size_in_words(limits.size)}",
                f"{ARCHIVE_LIMIT} sets how much an archive may hold",
            )
        if size > max(limits.ratio_from, limits.ratio * self._packed):
            raise ArchiveFaultError(
                f"of {size_in_words(self._packed)} holds more than {limits.ratio} times as much, "
                "as only one does that is made to fill disks",
                "unpack it where you trust it, and run the folder",
            )
