"""Files and folders that outlive the machine's end: what is needed beside writing them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def take_lock(path: Path) -> int:
    """Lock a file for this process, until it ends in whatever way; return the descriptor.

    Raises:
        BlockingIOError: Another has it.
    """
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, onto the disk itself."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_above(folder: Path) -> None:
    """Bring a new folder's name onto the disk, and what stands beside it to say what it is."""
    with suppress(OSError):
        for beside in sorted(folder.parent.glob("*.json")):
            sync(beside)
    for above in (folder.parent, folder.parent.parent):
        sync(above)


def move(source: Path, target: Path) -> None:
    """Move a file, also from another disk, with its content on the disk. Its owner alone reads it.

    The new name is on the disk only when its folder is brought there too.
    """
    import shutil

    sync(source)
    shutil.move(source, target)
    target.chmod(0o600)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
    sync(path.parent)
