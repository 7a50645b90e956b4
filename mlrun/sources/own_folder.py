"""The folder that a run has for itself while it runs: its checkout, or its unpacked archive.

In the cache folder::

    work/<id>/lease         held (exclusive) by the mlrun whose run it is; a folder that the user
                            asked to keep has none
              about.json    whose it is: what was fetched, process, host, time, whether kept
              NAME/         the folder itself, named as the repository or the archive
    work/.new-<id>/         being made; nobody else touches it
    work/.gone-<id>/        being removed

The id is the project's name, a hash of its address, and the first number that is free: so runs of
one project that follow each other see the same path, and what they keep by path (an environment
that has the project installed in place) serves the next one, too.

A folder whose lease nobody holds was left by an mlrun that was killed, and goes with the next
sweep. It gets its name only once its lease is held, so that no sweep finds it without.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from contextlib import suppress
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

from mlrun.disk import discard
from mlrun.execution.interruption import Deferral
from mlrun.folders import cache_folder
from mlrun.lease import Lease, claim
from mlrun.sources.disk import disk_errors, make_private, read_document, write_document

LEASE = "lease"
ABOUT = "about.json"
_NEW = ".new-"
GONE = ".gone-"
_NAME_LENGTH = 60
"""Characters of a name at most: 240 bytes, where file systems allow 255."""
_DAY = 86400.0
_ELSEWHERE_PATIENCE = 7 * _DAY
"""Age in seconds up to which another host's folder is left alone: its lease may not be seen."""


class Condition(Enum):
    """What a run's folder is."""

    USED = "used"
    """A run's that goes on, or maybe does on another host."""
    KEPT = "kept"
    """The user's, who asked to keep it."""
    LEFT = "left"
    """A killed mlrun's, or the rest of one that could not be removed."""


class OwnFolder:
    """A folder that exists until it is released.

    Attributes:
        path: The folder (`NAME/`); it is there, and empty, when it is given out.
    """

    path: Path

    def __init__(self, path: Path, lease: Lease | None, *, borrows: bool) -> None:
        self.path = path
        self._borrows = borrows
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
        try:
            if keep:
                self._keep()
            else:
                with Deferral(lambda: None) as deferral:
                    _remove(self.path.parent)
                deferral.end()
        finally:
            for lease in self._leases:
                lease.release()

    def _keep(self) -> None:
        # First, since whoever does not wait for the rest wants the folder all the same.
        _mark_kept(self.path.parent)
        if self._borrows:
            from mlrun.sources.git.dissociation import dissociate

            dissociate(self.path)


def _mark_kept(home: Path) -> None:
    """Make sweeps pass a folder by; on a full disk, removing its lease alone does that."""
    with suppress(OSError):
        write_document(home / ABOUT, {**read_document(home / ABOUT), "kept": True})
    with suppress(OSError):
        (home / LEASE).unlink()


def work_folder() -> Path:
    """Return where the own folders of runs are."""
    return cache_folder() / "work"


def make_own_folder(name: str, uri: str, *, borrows: bool = False) -> OwnFolder:
    """Make a folder for one run.

    Args:
        name: What to call it; anything that cannot be a file's name is replaced.
        uri: What it is for, without credentials.
        borrows: Whether it is to hold a repository of mlrun's making, which borrows its history.
            In any other folder git must not be started: a `.git` there is others' text.

    Raises:
        SourceError: The cache cannot be written.
    """
    own = None
    try:
        # Interrupted between two steps, it would have a name that nobody knows of.
        with Deferral(lambda: None) as deferral:
            own = _make(name, uri, borrows=borrows)
        deferral.end()
    except BaseException:
        if own is not None:
            own.release()
        raise
    return own


def _make(name: str, uri: str, *, borrows: bool) -> OwnFolder:
    work = work_folder()
    new = work / f"{_NEW}{_random()}"
    lease = None
    with disk_errors(work):
        make_private(work)
        try:
            new.mkdir(mode=0o700)
            # None only where the file system has no locks: then a sweep gets none either.
            lease = claim(new / LEASE)
            write_document(new / ABOUT, _facts(uri))
            path = new / _as_file_name(name)
            path.mkdir(mode=0o700)
            home = _named(new, work, f"{path.name}-{_hash(uri)}")
        except BaseException:
            discard(new)
            if lease is not None:
                lease.release()
            raise
    return OwnFolder(home / path.name, lease, borrows=borrows)


def _facts(uri: str) -> dict[str, Any]:
    return {
        "uri": uri,
        "pid": os.getpid(),
        "host": _host(),
        "start_time": time.time(),
        "kept": False,
    }


def _named(new: Path, work: Path, beginning: str) -> Path:
    """Give a folder the first name that is free."""
    for number in count():
        home = work / f"{beginning}-{number}"
        try:
            new.rename(home)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return home
    raise AssertionError


def sweep_own_folders() -> None:
    """Remove what killed runs have left behind. Never raises."""
    work = work_folder()
    try:
        names = os.listdir(work)
    except OSError:
        return
    for name in names:
        if condition(work / name) is Condition.LEFT:
            remove_own_folder(work / name)


def condition(home: Path) -> Condition:
    """Say what a folder in the work folder is."""
    if home.name.startswith(_NEW):
        return Condition.LEFT if _age(home) > _DAY else Condition.USED
    if not (home / LEASE).exists():
        return Condition.LEFT if home.name.startswith(GONE) else Condition.KEPT
    lease = _claim(home)
    if lease is None:
        return Condition.USED
    try:
        return _condition_of_unheld(home)
    finally:
        lease.release()


def _condition_of_unheld(home: Path) -> Condition:
    if home.name.startswith(GONE):
        return Condition.LEFT
    about = read_document(home / ABOUT)
    if about.get("kept"):
        return Condition.KEPT
    if about.get("host") == _host() and sys.platform != "win32":
        return Condition.LEFT
    # Another host may hold it without being seen, where the file system is shared.
    is_old = _age(home / ABOUT if about else home) > _ELSEWHERE_PATIENCE
    return Condition.LEFT if is_old else Condition.USED


def remove_own_folder(home: Path, *, kept: bool = False) -> bool:
    """Remove a folder that is left; return whether all of it is gone.

    It does nothing to one that turns out to be used, or to be kept: since somebody looked, the
    name may have become another run's.

    Args:
        home: The folder.
        kept: Remove it also where it is kept.
    """
    lease = None
    if (home / LEASE).exists():
        lease = _claim(home)
        if lease is None:
            return False
    try:
        is_left = home.name.startswith((GONE, _NEW)) or (
            lease is not None and _condition_of_unheld(home) is Condition.LEFT
        )
        return (is_left or kept) and _remove(home)
    finally:
        if lease is not None:
            lease.release()


def _claim(home: Path) -> Lease | None:
    try:
        return claim(home / LEASE)
    except OSError:
        return None


def _remove(home: Path) -> bool:
    """Take a folder away from its name first, so that nobody meets half of it."""
    if home.name.startswith((GONE, _NEW)):
        return discard(home)
    gone = home.with_name(f"{GONE}{_random()}")
    try:
        home.rename(gone)
    except OSError:
        return False
    return discard(gone)


def _random() -> str:
    return os.urandom(6).hex()


def _hash(uri: str) -> str:
    """Return a few digits that differ for most addresses; those that share them share nothing."""
    return f"{crc32(uri.partition('#')[0].encode('utf-8', 'surrogatepass')):08x}"


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
