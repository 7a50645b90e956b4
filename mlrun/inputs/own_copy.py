"""A copy of what is in the cache, or lies on this machine, to write into."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from mlrun.disk import discard
from mlrun.errors import InputError
from mlrun.inputs.failures import disk_errors
from mlrun.lease import Lease, claim_folder

_CLONE = 0x40049409
"""FICLONE of Linux: two files share their blocks until one is written."""


_ELSEWHERE = "--storage-dir names another place"
_UNFINISHED = ".mlrun-"
"""How the name of what is not in its place yet, or not any more, begins."""


@contextmanager
def own_copy(storage: Path, number: int, source: Path) -> Iterator[Path]:
    """Copy a file or a folder to where no other run writes, as long as in the context.

    The copy stays, until a later run puts its own in its place.

    Args:
        storage: Below it goes to `param_<number>`, or, while another run has its copy there, to
            `param_<number>.2`, and so on. Made if it is not there.
        number: Which of the run's remote paths it is.
        source: The copy gets its name. Links in it lead from the copy to where they led.

    Yields:
        Where the copy is.

    Raises:
        InputError: The disk refuses.
    """
    folder, lease = _claimed(storage.absolute(), f"param_{number}")
    try:
        yield _copy_into(folder, source)
    finally:
        lease.release()


def _claimed(storage: Path, name: str) -> tuple[Path, Lease]:
    """Return a folder that no other run has, and the hold on it."""
    for count in itertools.count(1):
        folder = storage / (name if count == 1 else f"{name}.{count}")
        with _disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if _is_planted(folder.lstat(), folder.parent.stat()):
                raise InputError(f"{folder} is another user's", hint=_ELSEWHERE)
            lease = claim_folder(folder)
        if lease is not None:
            return folder, lease
    raise AssertionError("counting has no end")


def _is_planted(here: os.stat_result, parent: os.stat_result) -> bool:
    """Return whether a folder, or a link to one, may be another user's trap.

    Where everybody may make files but not remove those of others (`/tmp`), one is trusted that
    is the user's own or that of the folder's owner, as Linux does with links.
    """
    is_for_all = parent.st_mode & (stat.S_ISVTX | stat.S_IWOTH) == stat.S_ISVTX | stat.S_IWOTH
    return is_for_all and here.st_uid not in (os.geteuid(), parent.st_uid)


def _copy_into(folder: Path, source: Path) -> Path:
    """Put a copy into a folder that one has alone, in the place of an earlier one."""
    target = folder / source.name
    fresh = _unfinished(folder)
    with _disk_errors(folder):
        # What an mlrun that was killed left behind.
        for left in folder.glob(f"{_UNFINISHED}*"):
            _remove(left)
        try:
            if source.is_dir():
                _copy_folder(source, fresh)
            else:
                _copy_file(source, fresh)
            _put(fresh, target)
        except BaseException:
            _remove(fresh)
            raise
    return target


def _disk_errors(folder: Path) -> AbstractContextManager[None]:
    return disk_errors(folder, full=f"make room; {_ELSEWHERE}", otherwise=_ELSEWHERE)


def _unfinished(folder: Path) -> Path:
    return folder / f"{_UNFINISHED}{os.urandom(6).hex()}"


def _put(fresh: Path, target: Path) -> None:
    """Put what is new in the place of what was there. A folder can only be moved aside first."""
    if fresh.is_dir() or (target.is_dir() and not target.is_symlink()):
        old = _unfinished(target.parent)
        with suppress(FileNotFoundError):
            target.rename(old)
        fresh.rename(target)
        _remove(old)
    else:
        fresh.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        discard(path)
    else:
        path.unlink(missing_ok=True)


def _copy_folder(source: Path, target: Path) -> None:
    target.mkdir()
    with os.scandir(source) as found:
        for one in found:
            if one.is_dir(follow_symlinks=False):
                _copy_folder(source / one.name, target / one.name)
            elif one.is_symlink():
                (target / one.name).symlink_to(os.path.realpath(one.path))
            elif one.is_file():
                _copy_file(source / one.name, target / one.name)


def _copy_file(source: Path, target: Path) -> None:
    with open(source, "rb") as given, open(target, "xb") as taken:
        if _clone(given.fileno(), taken.fileno()):
            return
    shutil.copyfile(source, target)


def _clone(source: int, target: int) -> bool:
    """Let a file share the blocks of another one, where the file system can."""
    try:
        import fcntl

        fcntl.ioctl(target, _CLONE, source)
    except (ImportError, OSError):
        return False
    return True
