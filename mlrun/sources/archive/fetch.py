"""From an archive's address to its unpacked content: the story of `sources/archive/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlrun.sources.address import ArchiveAddress
from mlrun.sources.base import Report
from mlrun.sources.own_folder import OwnFolder


@dataclass(frozen=True, slots=True)
class UnpackedArchive:
    """An archive's content in a run's own folder.

    Attributes:
        root: Where the project starts: the folder itself, or, where the archive holds one folder
            alone (as those of code hosts do), that one.
        digest: SHA-256 of the archive's bytes, as hexadecimal digits.
    """

    root: Path
    digest: str


def fetch_archive(
    address: ArchiveAddress, own: OwnFolder, *, offline: bool, report: Report
) -> UnpackedArchive:
    """Download an archive, or find it downloaded, and unpack it into a run's own folder.

    Args:
        address: Which one.
        own: The folder to unpack into; it is there, and empty.
        offline: Use the copy in the cache, and say how old it is.
        report: Takes lines of progress.

    Raises:
        SourceUnavailableError: No answer, a stalled or cut-off download.
        SourceRefusedError: 401, 403, 404 and the like.
        SourceError: No archive, an unsafe one, one too big, a full disk, not cached (offline).
    """
    raise NotImplementedError
