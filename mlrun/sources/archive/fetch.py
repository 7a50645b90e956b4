"""From an archive's address to its unpacked content: the story of `sources/archive/`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mlrun.errors import SourceError
from mlrun.execution.redact import mask_url
from mlrun.sources.addresses.address import ArchiveAddress
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
    from mlrun.sources.archive.unpacking import find_root, unpack
    from mlrun.sources.digests import digest_of

    if address.file is None:
        from mlrun.sources.archive.copies import current_copy

        name = mask_url(address.uri)
        url = address.url or address.uri
        copy = current_copy(url, address.uri, offline=offline, report=report)
        with copy.file as file:
            unpack(file, address.kind, own.path, name)
        return UnpackedArchive(find_root(own.path, address.subfolder), copy.digest)
    name = f"'{address.file}'"
    with _open(address.file) as file:
        before = _state(file)
        digest = digest_of(file)
        unpack(file, address.kind, own.path, name)
        if _state(file) != before:
            raise SourceError(f"the archive {name} changed while it was read", hint="try again")
    return UnpackedArchive(find_root(own.path, address.subfolder), digest)


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"the archive '{path}' cannot be read: {error.strerror}") from error


def _state(file: IO[bytes]) -> tuple[int, int]:
    state = os.fstat(file.fileno())
    return state.st_size, state.st_mtime_ns
