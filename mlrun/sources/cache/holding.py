"""What the cache folder holds of sources: mirrors of repositories, downloaded archives.

::

    repositories/<key>/about.json   which repository, since when
                       lease        held (shared) by all who use it; its time: last used
                       ...          the rest is of `git/mirror.py`
                 .locks/<key>       held by the one who fetches into it, or removes it
    archives/<key>/...              the same, the rest is of `archive/copies.py`
    work/<id>/                      see `own_folder.py`

Whoever wants an entry takes its lease first and looks then, so that nothing is removed under
its feet; whoever removes claims the lease and renames the folder before anything goes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlrun.folders import cache_folder
from mlrun.lease import Lease, share
from mlrun.sources.base import Report
from mlrun.sources.disk import disk_errors, make_private, write_document

LEASE = "lease"
ABOUT = "about.json"
LOCKS = ".locks"
_POLL = 0.05
"""Seconds between two looks at whether somebody else is done."""


def repositories_folder() -> Path:
    """Return where mirrors are kept."""
    return cache_folder() / "repositories"


def archives_folder() -> Path:
    """Return where downloaded archives are kept."""
    return cache_folder() / "archives"


def use(entry: Path) -> Lease | None:
    """Take a shared hold on an entry and note that it is used; None where there is none.

    Raises:
        SourceError: The cache's file system has no locks.
    """
    file = entry / LEASE
    with disk_errors(entry.parent):
        lease = share(file)
    if lease is not None:
        # A cache that others fill, and that cannot be written here, can still be used.
        with suppress(OSError):
            os.utime(file)
    return lease


def use_or_make(entry: Path, uri: str) -> Lease:
    """Take a shared hold on an entry, made empty if it is not there.

    Args:
        entry: The entry's folder.
        uri: What it is for, without credentials.

    Raises:
        SourceError: The cache cannot be written.
    """
    while True:
        lease = use(entry)
        if lease is not None:
            try:
                _describe(entry, uri)
            except BaseException:
                lease.release()
                raise
            return lease
        _make(entry)


def _describe(entry: Path, uri: str) -> None:
    if not (entry / ABOUT).exists():
        with disk_errors(entry.parent):
            write_document(entry / ABOUT, {"uri": uri, "created": time.time()})


def _make(entry: Path) -> None:
    """Make an entry's folder and lease; whoever removes it meanwhile does no harm."""
    with disk_errors(entry.parent):
        make_private(entry.parent)
        make_private(entry)
        # Opened, since one that is there and cannot be opened would be made for ever.
        with suppress(FileNotFoundError):
            os.close(os.open(entry / LEASE, os.O_RDONLY | os.O_CREAT, 0o600))


@contextmanager
def locked(entry: Path, report: Report, doing: str) -> Iterator[None]:
    """Be the only one who changes an entry; says for whom it waits.

    Args:
        entry: The entry's folder.
        report: Takes the line, if there is somebody to wait for.
        doing: What the other one does, as in "fetches this repository".

    Raises:
        SourceError: The cache cannot be written.
    """
    from filelock import Timeout

    with disk_errors(entry.parent):
        lock = lock_of(entry)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            report(f"waiting for another mlrun that {doing}{_who(entry)}")
            lock.acquire(poll_interval=_POLL)
    try:
        with suppress(OSError):
            _holder(entry).write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        with suppress(OSError):
            _holder(entry).unlink()
        lock.release()


def lock_of(entry: Path) -> Any:
    """Return the lock of an entry, not yet taken.

    Raises:
        OSError: The folder of the locks cannot be made.
    """
    from filelock import FileLock

    make_private(entry.parent)
    make_private(entry.parent / LOCKS)
    return FileLock(entry.parent / LOCKS / entry.name)


def _holder(entry: Path) -> Path:
    return entry.parent / LOCKS / f"{entry.name}.holder"


def _who(entry: Path) -> str:
    try:
        return f" (process {int(_holder(entry).read_text(encoding='ascii'))})"
    except (OSError, ValueError):
        return ""
