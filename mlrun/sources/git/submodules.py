"""Which submodules a commit has, where they come from, and at which commit they stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Submodule:
    """One submodule of a commit.

    Attributes:
        path: Its folder in the working tree, with `/`.
        url: As `.gitmodules` has it; possibly relative to the repository's own.
        commit: The recorded one, full hash.
    """

    path: str
    url: str
    commit: str


def submodules_of(repository: Path, commit: str) -> tuple[Submodule, ...]:
    """Return the submodules of a commit, by reading `.gitmodules` and the tree, not running them.

    Args:
        repository: A Git folder that has the commit.
        commit: Full hash.

    Raises:
        SourceError: A submodule that `.gitmodules` does not name, or an unsafe path.
        GitError: Objects are missing.
    """
    raise NotImplementedError
