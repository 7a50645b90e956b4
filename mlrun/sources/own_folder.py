"""The folder that a run has for itself while it runs: its checkout, or its unpacked archive.

::

    <cache>/work/<id>/lease         held (exclusive) by the mlrun whose run it is; a folder that
                                    the user asked to keep has none
                      about.json    whose it is: what was fetched, process, host, time
                      NAME/         the folder itself, named as the repository or the archive
                 .new-<id>/         being made; nobody else touches it
                 .gone-<id>/        being removed

A folder whose lease nobody holds was left by an mlrun that was killed, and goes with the next
sweep. It gets its name only once its lease is held, so that no sweep finds it without.
"""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from pathlib import Path

from mlrun.folders import cache_folder
from mlrun.lease import Lease, claim
from mlrun.sources.disk import discard, disk_errors, make_private, read_document, write_document

LEASE = "lease"
ABOUT = "about.json"
_NEW = ".new-"
GONE = ".gone-"
_NAME_LENGTH = 60
"""Characters of a name at most: 240 bytes, where file systems allow 255."""
_DAY = 86400.0
_ELSEWHERE_PATIENCE = 7 * _DAY
"""Age in seconds up to which another host's folder is left alone: its lease may not be seen."""


class OwnFolder:
    """A folder that exists until it is released.

    Attributes:
        path: The folder (`NAME/`); it is there, and empty, when it is given out.
    """

    path: Path

    def __init__(self, path: Path, lease: Lease | None) -> None:
        self.path = path
        self._leases = [lease] if lease is not None else []
        self._is_released = False

    def hold(self, lease: Lease) -> None:
        """Let go of a lease (on a mirror that the folder borrows from) when this one goes."""
        self._leases.append(lease)

    def release(self, *, keep: bool = False) -> None:
        """Remove the folder; a second call does nothing. Never raises.

        Args:
            keep: Leave it where it is, marked as the user's, and able to do without the cache.
        """
        if self._is_released:
            return
        self._is_released = True
        home = self.path.parent
        if keep:
            from mlrun.sources.git.dissociation import dissociate

            dissociate(self.path)
            with suppress(OSError):
                (home / LEASE).unlink()
        else:
            _remove(home)
        for lease in self._leases:
            lease.release()


def work_folder() -> Path:
    """Return where the own folders of runs are."""
    return cache_folder() / "work"


def make_own_folder(name: str, uri: str) -> OwnFolder:
    """Make a folder for one run.

    Args:
        name: What to call it; anything that cannot be a file's name is replaced.
        uri: What it is for, without credentials.

    Raises:
        SourceError: The cache cannot be written.
    """
    work = work_folder()
    identity = os.urandom(6).hex()
    new, home = work / f"{_NEW}{identity}", work / identity
    with disk_errors(work):
        make_private(work)
        try:
            new.mkdir(mode=0o700)
            # None only where the file system has no locks: then a sweep gets none either.
            lease = claim(new / LEASE)
            about = {"uri": uri, "pid": os.getpid(), "host": _host(), "start_time": time.time()}
            write_document(new / ABOUT, about)
            path = new / _as_file_name(name)
            path.mkdir(mode=0o700)
            new.rename(home)
        except BaseException:
            discard(new)
            raise
    return OwnFolder(home / path.name, lease)


def sweep_own_folders() -> None:
    """Remove what killed runs have left behind. Never raises."""
    work = work_folder()
    try:
        names = os.listdir(work)
    except OSError:
        return
    for name in names:
        if name.startswith(GONE):
            _discard_unless_held(work / name)
        elif name.startswith(_NEW):
            if _age(work / name) > _DAY:
                discard(work / name)
        else:
            remove_left_behind(work / name)


def remove_left_behind(home: Path) -> bool:
    """Remove a run's folder if its mlrun is gone; return whether it was taken away."""
    try:
        lease = claim(home / LEASE) if (home / LEASE).exists() else None
    except OSError:
        return False
    if lease is None:
        return False
    try:
        return _is_left_behind(home) and _remove(home)
    finally:
        lease.release()


def _is_left_behind(home: Path) -> bool:
    about = read_document(home / ABOUT)
    if about.get("host") == _host() and sys.platform != "win32":
        return True
    return _age(home / ABOUT) > _ELSEWHERE_PATIENCE


def _remove(home: Path) -> bool:
    """Take a folder away from its name, then remove it as far as possible."""
    gone = home.with_name(f"{GONE}{home.name}")
    try:
        home.rename(gone)
    except OSError:
        return False
    discard(gone)
    return True


def _discard_unless_held(gone: Path) -> None:
    """Remove the rest of a folder, unless its mlrun is still at that."""
    lease = None
    if (gone / LEASE).exists():
        try:
            lease = claim(gone / LEASE)
        except OSError:
            return
        if lease is None:
            return
    discard(gone)
    if lease is not None:
        lease.release()


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _host() -> str:
    return os.uname().nodename if sys.platform != "win32" else os.environ.get("COMPUTERNAME", "")


def _as_file_name(name: str) -> str:
    """Return a name that is safe as a folder's, also in lists of paths and at a prompt."""
    plain = re.sub(r"[^\w.+@-]", "_", name).lstrip(".-")[:_NAME_LENGTH] or "project"
    return f"{plain}_" if plain in (LEASE, ABOUT) else plain
