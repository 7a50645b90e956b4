"""The cache of inputs on the disk, and who holds what of it.

::

    <cache>/inputs/<address>-<version>/
        about.json     whose content it is, since when
        lease          held (shared) by all who use it; its time: last used
        lock           held by the one who fetches into it
        fetching       the process of that one
        parts/         files that are being fetched
        fetched.jsonl  which files are whole, a line each
        content/NAME   the file or folder, read-only
        content.json   what is in it; it is complete only with this. Its time: when it was current

Whoever wants an entry takes its lease first and looks then; whoever removes it claims the lease.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from mlrun.disk import Removal, discard, read_json, write_atomically
from mlrun.folders import cache_folder
from mlrun.hashing import hash_of
from mlrun.inputs.base import Report
from mlrun.inputs.failures import disk_errors
from mlrun.lease import Lease, claim, share

ABOUT = "about.json"
CONTENT = "content"
FETCHED = "fetched.jsonl"
MARKER = "content.json"
PARTS = "parts"
GONE = ".gone-"
"""How the name of what is being removed begins."""

_LEASE = "lease"
_LOCK = "lock"
_HOLDER = "fetching"
_POLL = 0.05
"""Seconds between two looks at whether somebody else is done."""
_ADDRESS_DIGITS = 24
_VERSION_DIGITS = 16


def inputs_folder() -> Path:
    """Return where inputs are kept."""
    return cache_folder() / "inputs"


def entry_for(key: str, version: str) -> Path:
    """Return the folder of one version of what lies at an address.

    Args:
        key: The address's.
        version: What is different for different content.
    """
    return inputs_folder() / f"{_address(key)}-{hash_of(version)[:_VERSION_DIGITS]}"


def entries_of(key: str) -> Sequence[Path]:
    """Return the folders of all versions of what lies at an address."""
    return sorted(inputs_folder().glob(f"{_address(key)}-*"))


def hold_entry(entry: Path) -> Lease | None:
    """Take a shared hold on an entry; None where there is none.

    Raises:
        InputError: The cache's file system has no locks.
    """
    with disk_errors(entry.parent):
        return share(entry / _LEASE)


def use(entry: Path) -> Lease | None:
    """Take a shared hold on an entry and note that it is used; None where there is none.

    Raises:
        InputError: The cache's file system has no locks.
    """
    lease = hold_entry(entry)
    if lease is not None:
        with suppress(OSError):
            os.utime(entry / _LEASE)
    return lease


def use_or_make(entry: Path, shown: str) -> Lease:
    """Take a shared hold on an entry, made empty if it is not there.

    Args:
        entry: Its folder.
        shown: The address, without credentials.

    Raises:
        InputError: The cache cannot be written.
    """
    while True:
        lease = use(entry)
        if lease is not None:
            break
        _make(entry)
    try:
        if not (entry / ABOUT).exists():
            about = json.dumps({"uri": shown, "created": time.time()})
            with disk_errors(entry.parent):
                write_atomically(entry / ABOUT, f"{about}\n")
    except BaseException:
        lease.release()
        raise
    return lease


@contextmanager
def locked(entry: Path, shown: str, report: Report) -> Iterator[None]:
    """Be the only one who fetches into an entry that one holds; says for whom it waits.

    Raises:
        InputError: The cache cannot be written.
    """
    lock = _claimed(entry)
    if lock is None:
        report(f"waiting for another mlrun that fetches {shown}{_who(entry)}")
        while lock is None:
            time.sleep(_POLL)
            lock = _claimed(entry)
    try:
        with suppress(OSError):
            (entry / _HOLDER).write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        with suppress(OSError):
            (entry / _HOLDER).unlink()
        lock.release()


def forget(entry: Path) -> None:
    """Drop all that is known of an entry's content, by the one who fetches into it."""
    with disk_errors(entry):
        for name in (MARKER, FETCHED):
            (entry / name).unlink(missing_ok=True)
    discard(entry / PARTS)


def remove_entry(entry: Path) -> Removal:
    """Remove an entry, unless somebody uses it. Never raises."""
    gone = entry.with_name(f"{GONE}{entry.name}-{os.urandom(4).hex()}")
    try:
        lease = claim(entry / _LEASE)
        if lease is None:
            return Removal.IN_USE
        try:
            entry.rename(gone)
        finally:
            lease.release()
    except FileNotFoundError:
        return Removal.REMOVED
    except OSError:
        return Removal.REFUSED
    return Removal.REMOVED if discard(gone) else Removal.REFUSED


def _claimed(entry: Path) -> Lease | None:
    with disk_errors(entry.parent):
        return claim(entry / _LOCK)


def _make(entry: Path) -> None:
    """Make an entry's folder and lease; whoever removes it meanwhile does no harm."""
    with disk_errors(entry.parent):
        entry.parent.parent.mkdir(parents=True, exist_ok=True)
        for folder in (entry.parent, entry):
            folder.mkdir(mode=0o700, exist_ok=True)
        # Opened, since one that is there and cannot be opened would be made for ever.
        with suppress(FileNotFoundError):
            os.close(os.open(entry / _LEASE, os.O_RDONLY | os.O_CREAT, 0o600))


def _address(key: str) -> str:
    return hash_of(key)[:_ADDRESS_DIGITS]


def _who(entry: Path) -> str:
    process = read_json(entry / _HOLDER)
    return f" (process {process})" if isinstance(process, int) else ""
