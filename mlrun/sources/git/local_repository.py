"""A version of a repository on this machine, in a checkout of its own.

The user's repository is only read: working tree, HEAD, index, remotes, refs and stashes stay byte
for byte what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlrun.sources.git.placing import Placement


@dataclass(frozen=True, slots=True)
class LocalRepository:
    """A repository on this machine.

    Attributes:
        git: Its Git folder: `.git` (of a worktree, the common one), or the bare repository.
        inside: The project's folder relative to the working tree, with `/`; empty for its root.
    """

    git: Path
    inside: str = ""


def find_repository(folder: Path) -> LocalRepository | None:
    """Return the repository that a folder is, or lies in; None where there is none."""
    raise NotImplementedError


def is_bare(folder: Path) -> bool:
    """Return whether a folder is a bare repository, by its layout (no process is started)."""
    raise NotImplementedError


def resolve_locally(repository: LocalRepository, version: str | None) -> Placement:
    """Say which commit a version is: a branch, a tag, a full or short commit, any revision.

    Args:
        repository: Where.
        version: None for HEAD. A name that is both a branch and a tag is the branch, as in
            `git checkout`.

    Raises:
        VersionNotFoundError: No such version, with the near names; or a short hash that several
            commits share.
        SourceError: The repository is another user's and git does not trust it, or there is no git.
    """
    raise NotImplementedError
