"""Shared and exclusive holds on what is kept in a cache, which end with the process that has them.

The kernel keeps them (flock), so nothing stays behind when a process is killed. Windows has no
such lock, and needs none: it refuses to remove a program that runs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class Lease:
    """A hold on a file. Letting go twice does no harm."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def outlive_program(self) -> None:
        """Keep the hold when another program takes this process over (exec)."""
        if self._descriptor is not None:
            os.set_inheritable(self._descriptor, True)

    def release(self) -> None:
        """Let go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def share(file: Path) -> Lease | None:
    """Take a shared hold; None where the file is not there.

    It waits for one who has an exclusive hold: that is never for long.
    """
    while True:
        try:
            descriptor = os.open(file, os.O_RDONLY)
        except OSError:
            return None
        if sys.platform == "win32":
            os.close(descriptor)
            return Lease(None)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if _is_still(file, descriptor):
            return Lease(descriptor)
        os.close(descriptor)


def claim(file: Path) -> Lease | None:
    """Take an exclusive hold without waiting; None while somebody has a hold, or has just had."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    if sys.platform == "win32":
        os.close(descriptor)
        return Lease(None)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    if not _is_still(file, descriptor):
        # Somebody removed it between the two calls; the path means another's now.
        os.close(descriptor)
        return None
    return Lease(descriptor)


def claim_folder(folder: Path) -> Lease | None:
    """Take an exclusive hold on a folder itself without waiting; None while somebody has one.

    Where the file system has no locks for folders (as NFS), nobody is kept from having one too.

    Raises:
        OSError: There is no such folder, or it may not be read.
    """
    if sys.platform == "win32":
        return Lease(None)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        return Lease(None)
    return Lease(descriptor)


def _is_still(file: Path, descriptor: int) -> bool:
    """Return whether the path still means the file that is open: it may have been removed."""
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except OSError:
        return False
