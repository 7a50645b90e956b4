"""Where a repository on this machine keeps what, read from its files: gitrepository-layout(5)."""

from __future__ import annotations

import os
from pathlib import Path

from mlrun.light_dataclass import dataclass

_POINTER = b"gitdir:"
_LONGEST_POINTER = 8192
"""Bytes; a `.git` file holds one path."""


@dataclass(frozen=True)
class GitFolders:
    """The Git folders of a working tree, or of a bare repository.

    Attributes:
        own: HEAD and index: `.git`, for a worktree its folder in `.git/worktrees`, for a
            submodule its folder in `.git/modules`.
        common: Objects, refs and configuration; of a worktree those of its main repository.
    """

    own: Path
    common: Path


def git_folders(entry: Path) -> GitFolders | None:
    """Return the Git folders that a `.git` (or a bare repository) is or names; None if none.

    Args:
        entry: A folder, or a file with `gitdir: PATH` as worktrees and submodules have it.
    """
    own = entry
    if entry.is_file():
        named = _path_in(entry, _POINTER)
        if named is None:
            return None
        own = Path(os.path.normpath(entry.parent / named))
    if not os.path.lexists(own / "HEAD"):
        return None
    common = own
    shared = _path_in(own / "commondir")
    if shared is not None:
        common = Path(os.path.normpath(own / shared))
    if (common / "objects").is_dir() and (common / "refs").is_dir():
        return GitFolders(own, common)
    return None


def _path_in(file: Path, prefix: bytes = b"") -> str | None:
    """Return the path that a file consists of; None where it is not there or something else."""
    if not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            text = stream.read(_LONGEST_POINTER)
    except OSError:
        return None
    if not text.startswith(prefix) or b"\0" in text:
        return None
    return os.fsdecode(text[len(prefix) :].lstrip(b" ").rstrip(b"\r\n")) or None
