"""Puts one commit into a folder as a small repository that borrows its history from another.

Nothing of the history is copied: the folder's `.git` names the other repository's objects
(`objects/info/alternates`, gitrepository-layout(5)). One `git` process writes the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlrun.sources.git.process import run_git


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

    Submodules are left as empty folders, LFS files as their pointers.

    Raises:
        GitError: Objects are missing, or the disk is full.
        OSError: The folder cannot be written.
    """
    git = folder / ".git"
    (git / "objects" / "info").mkdir(parents=True)
    (git / "refs").mkdir()
    borrowed = placement.repository / "objects"
    (git / "objects" / "info" / "alternates").write_text(f"{borrowed}\n", encoding="utf-8")
    shallow = placement.repository / "shallow"
    if shallow.exists():
        (git / "shallow").write_bytes(shallow.read_bytes())
    (git / "config").write_text(_configuration(placement.origin), encoding="utf-8")
    (git / "packed-refs").write_text(_packed_refs(placement), encoding="utf-8")
    head = f"ref: refs/heads/{placement.branch}" if placement.branch else placement.commit
    (git / "HEAD").write_text(f"{head}\n", encoding="utf-8")
    run_git("read-tree", "--reset", "-u", placement.commit, folder=folder)


def _configuration(origin: str | None) -> str:
    lines = ["[core]", "\trepositoryformatversion = 0", "\tbare = false"]
    if origin is not None:
        quoted = origin.replace("\\", "\\\\").replace('"', '\\"')
        lines += ['[remote "origin"]', f'\turl = "{quoted}"']
        lines += ["\tfetch = +refs/heads/*:refs/remotes/origin/*"]
    return "\n".join(lines) + "\n"


def _packed_refs(placement: Placement) -> str:
    refs = dict(placement.refs)
    if placement.branch:
        refs[f"refs/heads/{placement.branch}"] = placement.commit
    return "".join(f"{commit} {name}\n" for name, commit in sorted(refs.items()))
