"""What a command wrote into the run's own folder, which goes when the run has ended."""

from __future__ import annotations

import os
from pathlib import Path

_NOT_MEANT = frozenset({".git", "__pycache__", ".ipynb_checkpoints", ".pytest_cache"})
_MOST_ENTRIES = 20_000
"""Entries that are looked at: a tree with more must not make a run's end slow."""


def written_since(folder: Path, moment: float) -> list[str]:
    """Return the files below a folder that were written or changed since, with `/`.

    Args:
        folder: Where to look; symbolic links are not followed.
        moment: Seconds since the epoch.
    """
    found: list[str] = []
    seen = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _NOT_MEANT)
        seen += len(files) + len(folders)
        if seen > _MOST_ENTRIES:
            break
        for name in sorted(files):
            path = Path(root, name)
            try:
                if path.lstat().st_ctime >= moment:
                    found.append(path.relative_to(folder).as_posix())
            except OSError:
                continue
    return found
