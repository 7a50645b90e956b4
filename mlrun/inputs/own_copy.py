"""A copy of what is in the cache that is the user's own, to write into."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from mlrun.disk import discard
from mlrun.inputs.failures import disk_errors

_CLONE = 0x40049409
"""FICLONE of Linux: two files share their blocks until one is written."""


def copy_into(folder: Path, source: Path) -> Path:
    """Copy a file or a folder, and put the copy in the place of an earlier one.

    Args:
        folder: Made if it is not there.
        source: Has no symbolic links in it; the copy gets its name.

    Returns:
        Where the copy is.

    Raises:
        InputError: The disk refuses.
    """
    target = folder / source.name
    fresh = folder / f".{os.urandom(6).hex()}"
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
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


def _put(fresh: Path, target: Path) -> None:
    """Put what is new in the place of what was there. A folder can only be moved aside first."""
    if fresh.is_dir() or (target.is_dir() and not target.is_symlink()):
        old = target.with_name(f".{os.urandom(6).hex()}")
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
            elif one.is_file(follow_symlinks=False):
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
