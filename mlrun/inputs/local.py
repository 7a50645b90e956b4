"""What lies on this machine already."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def size_of_all(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder; links in it are not followed.

    Raises:
        OSError: It is not there, or may not be looked into.
    """
    status = path.stat()
    if not stat.S_ISDIR(status.st_mode):
        return status.st_size
    total = 0
    left = [os.fspath(path)]
    while left:
        with os.scandir(left.pop()) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    left.append(one.path)
                else:
                    total += one.stat(follow_symlinks=False).st_size
    return total
