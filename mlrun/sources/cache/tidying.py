"""Makes entries of the cache smaller that stay: what killed fetches left, too many packs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mlrun.sources.cache.entries import Entry, Kind
from mlrun.sources.cache.holding import lock_of

_MOST_PACKS = 50
"""As many as git itself bears before it repacks (`gc.autoPackLimit`)."""
_PART_OF_ARCHIVE = "part"


def tidy(entry: Entry) -> int:
    """Remove what of an entry nobody needs, unless somebody fetches into it. Never raises.

    Runs may use the mirror meanwhile: all that it has is kept, and git finds what it has open or
    lent to others also in the new pack.

    Returns:
        Bytes freed.
    """
    if not entry.is_fetched or entry.kind is Kind.INPUT:
        return 0
    from filelock import Timeout

    try:
        lock = lock_of(entry.folder)
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return 0
    try:
        return _tidy(entry)
    finally:
        lock.release()


def _tidy(entry: Entry) -> int:
    partial = list(_partial(entry))
    is_scattered = len(list(entry.folder.glob("objects/pack/*.pack"))) > _MOST_PACKS
    if not partial and not is_scattered:
        return 0
    before = entry.size()
    for file in partial:
        with suppress(OSError):
            file.unlink()
    if is_scattered:
        _repack(entry.folder)
    return max(0, before - entry.size())


def _partial(entry: Entry) -> Iterator[Path]:
    """Yield what is there only while something is fetched."""
    if entry.kind is Kind.ARCHIVE:
        yield from entry.folder.glob(_PART_OF_ARCHIVE)
        return
    from mlrun.sources.git.cut_off import parts_left

    for repository in (entry.folder, entry.folder / "history"):
        yield from parts_left(repository)


def _repack(mirror: Path) -> None:
    from mlrun.sources.git.process import GitError, GitMissingError, run_git

    with suppress(GitError, GitMissingError):
        # -A keeps what no ref reaches.
        run_git("--bare", "repack", "-A", "-d", "-q", folder=mirror)
