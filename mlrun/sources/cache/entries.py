"""What lies in the cache of sources and inputs, and taking it away: for `mlrun cache`.

An entry is claimed before it goes, so that none goes that a run uses: see `holding.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mlrun.disk import Removal, discard
from mlrun.inputs.entry import MARKER, inputs_folder, remove_entry
from mlrun.lease import Lease, claim
from mlrun.sources.cache.holding import (
    ABOUT,
    LEASE,
    LOCKS,
    archives_folder,
    lock_of,
    repositories_folder,
)
from mlrun.sources.disk import read_document
from mlrun.sources.own_folder import (
    GONE,
    Condition,
    condition,
    remove_own_folder,
    work_folder,
)

_BLOCK = 512
"""Bytes of a block as stat(2) counts them, whatever the file system's own are."""


class Kind(str, Enum):
    """What an entry is."""

    REPOSITORY = "repository"
    ARCHIVE = "archive"
    INPUT = "input"
    """One version of the data at an address."""
    WORKING = "working"
    KEPT = "kept"
    LEFT = "left"
    """What a killed run, or a removal that was not allowed all, has left behind."""


_OF_CONDITION = {
    Condition.USED: Kind.WORKING,
    Condition.KEPT: Kind.KEPT,
    Condition.LEFT: Kind.LEFT,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the cache.

    Attributes:
        kind: What it is.
        folder: All of it; its name is the entry's key.
        uri: What it is for, without credentials; empty where that is not known.
        last_used: Seconds since the epoch.
        in_use: Whether a run has it now.
    """

    kind: Kind
    folder: Path
    uri: str
    last_used: float
    in_use: bool

    @property
    def key(self) -> str:
        """Its name in the cache."""
        return self.folder.name

    @property
    def is_fetched(self) -> bool:
        """Whether it is kept so that further runs need not fetch it again."""
        return self.kind in (Kind.REPOSITORY, Kind.ARCHIVE, Kind.INPUT)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever fetched into it, or only half of a download."""
        if self.kind is Kind.INPUT:
            return not (self.folder / MARKER).exists()
        try:
            return self.is_fetched and set(os.listdir(self.folder)) <= {LEASE, ABOUT, "part"}
        except OSError:
            return False

    def size(self) -> int:
        """Return the bytes that it takes on the disk."""
        return _size(self.folder)


def entries() -> tuple[Entry, ...]:
    """Return what is in the cache, the last used first."""
    found = [
        *(_fetched(Kind.REPOSITORY, folder) for folder in _folders(repositories_folder())),
        *(_fetched(Kind.ARCHIVE, folder) for folder in _folders(archives_folder())),
        *(_fetched(Kind.INPUT, folder) for folder in _folders(inputs_folder())),
        *(_own(folder) for folder in _folders(work_folder())),
    ]
    return tuple(sorted(found, key=lambda entry: -entry.last_used))


def remove(entry: Entry) -> Removal:
    """Remove an entry, unless a run uses it. Never raises."""
    if entry.kind is Kind.WORKING:
        return Removal.IN_USE
    try:
        if entry.kind is Kind.INPUT:
            return remove_entry(entry.folder)
        if entry.is_fetched:
            return _remove_fetched(entry.folder)
        is_gone = remove_own_folder(entry.folder, kept=entry.kind is Kind.KEPT)
        if is_gone or not os.path.lexists(entry.folder):
            return Removal.REMOVED
        is_same = _OF_CONDITION[condition(entry.folder)] is entry.kind
    except OSError:
        return Removal.REFUSED
    return Removal.REFUSED if is_same else Removal.IN_USE


def _remove_fetched(folder: Path) -> Removal:
    """Remove a mirror or a download.

    The lock keeps a second remover out, which could claim the lease of a folder that the first
    has taken away, and then take away the one that a run has made in its place.
    """
    from filelock import Timeout

    lock = lock_of(folder)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return Removal.IN_USE
    gone = folder.with_name(f"{GONE}{folder.name}-{os.urandom(4).hex()}")
    try:
        if not folder.exists():
            return Removal.REMOVED
        lease = claim(folder / LEASE)
        if lease is None:
            return Removal.IN_USE
        try:
            folder.rename(gone)
        finally:
            lease.release()
    finally:
        lock.release()
    return Removal.REMOVED if discard(gone) else Removal.REFUSED


def _fetched(kind: Kind, folder: Path) -> Entry:
    about = read_document(folder / ABOUT)
    return Entry(
        kind=Kind.LEFT if folder.name.startswith(GONE) else kind,
        folder=folder,
        uri=str(about.get("uri", "")),
        last_used=_time_of(folder / LEASE) or _time_of(folder),
        in_use=_is_held(folder / LEASE),
    )


def _own(folder: Path) -> Entry:
    about = read_document(folder / ABOUT)
    start_time = about.get("start_time")
    kind = _OF_CONDITION[condition(folder)]
    return Entry(
        kind=kind,
        folder=folder,
        uri=str(about.get("uri", "")),
        last_used=start_time if isinstance(start_time, float) else _time_of(folder),
        in_use=kind is Kind.WORKING,
    )


def _is_held(lease: Path) -> bool:
    """Return whether somebody holds a lease, by holding it for a moment."""
    try:
        hold = claim(lease) if lease.exists() else Lease(None)
    except OSError:
        return False
    if hold is not None:
        hold.release()
    return hold is None


def _folders(parent: Path) -> Iterator[Path]:
    try:
        names = os.listdir(parent)
    except OSError:
        return
    for name in names:
        if name != LOCKS and (parent / name).is_dir():
            yield parent / name


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    """Return what `du` would: blocks, those of hard links once."""
    seen: dict[tuple[int, int], int] = {}
    left = [os.fspath(folder)]
    while left:
        # What is being removed meanwhile is left out.
        with suppress(OSError), os.scandir(left.pop()) as found:
            for entry in found:
                status = entry.stat(follow_symlinks=False)
                seen[status.st_dev, status.st_ino] = status.st_blocks * _BLOCK
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
    return sum(seen.values())
