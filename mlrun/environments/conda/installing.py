"""Puts chosen packages into a prefix: fetched once, then hard-linked from the cache."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rattler.exceptions import InstallerError
from rattler.install.installer import InstallerReporter
from rattler.install.installer import install as rattler_install

from mlrun.environments.conda.locked import file_of

if TYPE_CHECKING:
    from rattler.networking.client import Client
    from rattler.repo_data.record import RepoDataRecord

_PERIOD = 0.5
"""Seconds between two looks at how far the transfer is."""


class Progress(InstallerReporter):
    """Counts what is fetched and linked; rattler calls it from its own threads."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._bytes: dict[int, int] = {}
        self._linked = 0
        self._begun = time.monotonic()

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        """Note how much of one package is there."""
        del total
        self._bytes[download_idx] = progress

    def on_download_start(self, cache_entry: int) -> int:
        """Tell the transfers apart by what they fill."""
        return cache_entry

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        """Tell the packages apart by their place in the whole."""
        del package_name
        return operation

    def on_link_complete(self, index: int) -> None:
        """Note that one package more is in its place."""
        del index
        self._linked += 1

    def line(self) -> str:
        """Return how far it is, in words."""
        fetched = sum(list(self._bytes.values())) / 1e6
        transfer = f", {fetched:.0f} MB fetched" if fetched >= 1 else ""
        return f"{self._linked} of {self._count} conda packages installed{transfer}"


async def install(
    records: Sequence[RepoDataRecord],
    prefix: Path,
    cache: Path,
    client: Client,
    progress: Callable[[str], None] | None,
) -> None:
    """Install packages, and run the scripts that belong to it, as conda does.

    Args:
        records: What to install.
        prefix: The folder to make.
        cache: Where unpacked packages are kept.
        client: Fetches them.
        progress: Takes a line now and then, each of which replaces the one before.

    Raises:
        rattler.exceptions.InstallerError: A package cannot be had, is not what it should be, or
            the disk is full.
    """
    for record in records:
        _check_file(record)
    # The methods that it leaves out have bodies that do nothing.
    counted = Progress(len(records))  # type: ignore[abstract]
    installation = asyncio.ensure_future(
        rattler_install(
            list(records),
            prefix,
            cache_dir=cache,
            client=client,
            execute_link_scripts=True,
            reporter=counted,
        )
    )
    try:
        while not installation.done():
            await asyncio.wait([installation], timeout=_PERIOD)
            if progress is not None and not installation.done():
                progress(counted.line())
        installation.result()
    finally:
        installation.cancel()


def _check_file(record: RepoDataRecord) -> None:
    """Check a package that lies in a folder: rattler checks only what it fetches."""
    file = file_of(record)
    expected = record.sha256 or record.md5
    if file is None or not expected:
        return
    digest = hashlib.sha256() if record.sha256 else hashlib.md5(usedforsecurity=False)
    try:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise InstallerError(f"{file} cannot be read: {error.strerror}") from error
    if digest.digest() != expected:
        raise InstallerError(
            f"hash mismatch: {file.name} has {digest.hexdigest()}, not {expected.hex()}"
        )
