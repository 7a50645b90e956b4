"""On which file systems several processes may share memory through a file.

SQLite's write-ahead log needs that: over a network, two machines would each see an index of
their own. Source: https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

import os
from pathlib import Path

# Kinds of one machine. What is not named here is taken for a network's, since its cost is a
# slower journal, and the cost of the contrary mistake a damaged database.
_LOCAL = frozenset(
    (
        *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs"),
        *("nilfs2", "apfs", "hfs", "hfsplus", "ufs", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk"),
        *("tmpfs", "ramfs", "overlay", "aufs", "ecryptfs", "fuse.fuse-overlayfs"),
    )
)
_MOUNTS = Path("/proc/self/mountinfo")


def is_local(path: Path, mounts: str | None = None) -> bool:
    """Return whether a path is on a disk of this machine, False where that cannot be known.

    Args:
        path: Absolute; need not exist.
        mounts: In the form of Linux's `/proc/self/mountinfo`, which is read if this is None.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return False
    return _kind(os.path.realpath(path), mounts) in _LOCAL


def _kind(path: str, mounts: str) -> str:
    """Return the kind of the file system at a path: of the longest mount point, the last one."""
    longest, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = _unescape(fields[4]).rstrip("/")
        if len(point) >= longest and (path == point or path.startswith(f"{point}/")):
            longest, kind = len(point), after.split(" ")[0]
    return kind


def _unescape(point: str) -> str:
    """Undo how the kernel writes blanks and backslashes in a mount point."""
    if "\\" not in point:
        return point
    for code, character in (("040", " "), ("011", "\t"), ("012", "\n"), ("134", "\\")):
        point = point.replace(f"\\{code}", character)
    return point
