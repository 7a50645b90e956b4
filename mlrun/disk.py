"""Reading, writing and removing where others may do so too, or may have done."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any

_BLOCK = 512
"""Bytes of a block as stat(2) counts them."""


class Removal(Enum):
    """How removing what others may use went."""

    REMOVED = "removed"
    IN_USE = "in use"
    REFUSED = "refused"
    """Something in it may not be removed."""


def content_of(file: Path) -> bytes:
    """Return what is in a file; nothing where there is none that can be read."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def names_in(folder: Path) -> list[str]:
    """Return what is in a folder, sorted; nothing where there is none that can be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def read_json(file: Path) -> Any:
    """Return the JSON in a file, None where there is none that can be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_atomically(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def size_of(folder: Path) -> int:
    """Return the bytes on the disk of all that is in a folder.

    What is shared with another folder by hard links counts fully, for it cannot be told how
    much of it will be free when this goes.
    """
    total = 0
    left = [os.fspath(folder)]
    while left:
        # What is removed meanwhile is left out.
        with suppress(OSError), os.scandir(left.pop()) as found:
            for entry in found:
                total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
    return total


def is_for_want_of_room(error: OSError) -> bool:
    """Return whether the disk is full, or what the user may have of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def free_space(folder: Path) -> int:
    """Return how many bytes can still be written into a folder."""
    place = os.statvfs(folder)
    return place.f_bavail * place.f_frsize


def discard(folder: Path) -> bool:
    """Remove a folder with all that is in it, as far as that is allowed; return whether it is gone.

    Symbolic links are removed and never followed. Folders that were made read-only (as package
    caches of some languages are) are made writable first. Never raises.
    """
    from shutil import rmtree

    if folder.is_symlink():
        with suppress(OSError):
            folder.unlink()
        return not os.path.lexists(folder)
    rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        _open_up(folder)
        rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)


def _open_up(folder: Path) -> None:
    """Give the user all rights in the folders of a tree, from its top down."""
    left = [os.fspath(folder)]
    while left:
        path = left.pop()
        try:
            os.chmod(path, 0o700)  # noqa: PTH101 - no Path for each of many
            with os.scandir(path) as entries:
                left += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
