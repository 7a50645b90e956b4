"""Unpacked conda packages that no environment links to any more, and taking them away.

Only mlrun's own folder of packages is looked at: one that the user has named is used by other
programs, too. rattler holds a lock (flock) beside a package while it uses it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from mlrun.disk import discard, names_in
from mlrun.environments.conda.cache_folders import packages_cache
from mlrun.folders import cache_folder
from mlrun.lease import claim

_LOCK_OF_ALL = ".cache.lock"


def unused_packages(environ: Mapping[str, str], moment: float) -> tuple[Path, ...]:
    """Return the packages that were fetched before a moment and that nothing links to.

    Where the file system has no hard links, environments have copies, and need none of them.
    """
    folder = packages_cache(environ)
    if not folder.is_relative_to(cache_folder()):
        return ()
    packages = (folder / name for name in names_in(folder))
    return tuple(p for p in packages if p.is_dir() and _fetched(p) < moment and not _is_linked(p))


def remove_package(package: Path) -> bool:
    """Remove a package, unless somebody is using it now; return whether it is gone."""
    lock = _lock_of(package)
    try:
        hold = claim(lock)
    except OSError:
        return False
    if hold is None:
        return False
    try:
        if _is_linked(package):
            return False
        discard(package)
        if not _is_partial(package):
            # What it says of the package is no longer true.
            with suppress(OSError):
                lock.unlink()
    finally:
        hold.release()
    return not package.exists()


def _is_partial(package: Path) -> bool:
    """Return whether a folder is what rattler had unpacked when it was killed."""
    return package.name.startswith(".")


def _lock_of(package: Path) -> Path:
    """Return the lock of a package; one for all is held while any is unpacked."""
    if _is_partial(package):
        return package.with_name(_LOCK_OF_ALL)
    return package.with_name(f"{package.name}.lock")


def _fetched(package: Path) -> float:
    try:
        return package.stat().st_mtime
    except OSError:
        return float("inf")


def _is_linked(package: Path) -> bool:
    """Return whether a file of a package has another name, in an environment."""
    left = [os.fspath(package)]
    while left:
        with suppress(OSError), os.scandir(left.pop()) as found:
            for entry in found:
                status = entry.stat(follow_symlinks=False)
                if S_ISREG(status.st_mode) and status.st_nlink > 1:
                    return True
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
    return False
