"""Puts one commit into a folder as a small repository that borrows its history from another.

Nothing of the history is copied: the folder's `.git` names the other repository's objects
(`objects/info/alternates`, gitrepository-layout(5)). One `git` process writes the files, and sees
no settings but those written here: no template, no hook, no filter has a part in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlrun.sources.git.process import run_git

# Many files are written by several processes: a third less time on a disk, more on a network's.
# Git that does not know these settings (before 2.32) does not mind them.
_MANY_FILES = ("-c", "checkout.workers=4", "-c", "checkout.thresholdForParallelism=1000")
_SHA256_DIGITS = 64
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\b": "\\b"})


@dataclass(frozen=True, slots=True)
class Placement:
    """What to put into a folder.

    Attributes:
        repository: The Git folder (`.git`, or a bare repository) to borrow objects from.
        commit: Full hash.
        branch: The branch that HEAD is to be on; None for a detached HEAD.
        refs: Further refs, full name to hash.
        origin: URL of the remote `origin`, without credentials.
    """

    repository: Path
    commit: str
    branch: str | None = None
    refs: Mapping[str, str] = field(default_factory=dict)
    origin: str | None = None


def place(placement: Placement, folder: Path) -> None:
    """Write a commit's files, and a `.git`, into a folder that is there and empty.

    Files are as the commit and its attributes have them, whatever the user's settings say.
    Submodules are left as empty folders, LFS files as their pointers.

    Raises:
        GitError: Objects are missing, or the disk is full.
        OSError: The folder cannot be written.
    """
    git = folder / ".git"
    (git / "objects" / "info").mkdir(parents=True)
    (git / "refs").mkdir()
    _write(git / "objects" / "info" / "alternates", _alternates(placement.repository))
    shallow = placement.repository / "shallow"
    if shallow.exists():
        (git / "shallow").write_bytes(shallow.read_bytes())
    _write(git / "config", _configuration(placement))
    _write(git / "packed-refs", _packed_refs(placement))
    _write(git / "HEAD", _head(placement))
    words = (*_MANY_FILES, "--git-dir=.git", "read-tree", "--reset", "-u", placement.commit)
    run_git(*words, folder=folder)


def _write(file: Path, text: str) -> None:
    """Write text in which paths and refs may have any byte."""
    file.write_bytes(os.fsencode(text))


def _alternates(repository: Path) -> str:
    path = os.path.abspath(repository / "objects")
    # A line is a path, unless it begins as a comment or as a quoted one.
    if "\n" in path or path.startswith(('"', "#")):
        path = f'"{path.translate(_ESCAPES)}"'
    return f"{path}\n"


def _configuration(placement: Placement) -> str:
    is_sha256 = len(placement.commit) == _SHA256_DIGITS
    lines = ["[core]", f"\trepositoryformatversion = {int(is_sha256)}", "\tbare = false"]
    if is_sha256:
        lines += ["[extensions]", "\tobjectFormat = sha256"]
    if placement.origin is not None:
        lines += ['[remote "origin"]', f'\turl = "{placement.origin.translate(_ESCAPES)}"']
        lines += ["\tfetch = +refs/heads/*:refs/remotes/origin/*"]
    return "\n".join(lines) + "\n"


def _packed_refs(placement: Placement) -> str:
    refs = dict(placement.refs)
    if placement.branch is not None:
        refs[f"refs/heads/{placement.branch}"] = placement.commit
    return "".join(f"{commit} {name}\n" for name, commit in sorted(refs.items()))


def _head(placement: Placement) -> str:
    if placement.branch is None:
        return f"{placement.commit}\n"
    return f"ref: refs/heads/{placement.branch}\n"
