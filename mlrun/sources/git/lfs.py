"""Git LFS: which files of a commit are pointers, fetching what they point to, filling them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlrun.sources.base import Report
from mlrun.sources.git.url import GitUrl


@dataclass(frozen=True, slots=True)
class Pointer:
    """A file whose content is kept by Git LFS.

    Attributes:
        path: In the working tree, with `/`.
        oid: SHA-256 of the content, as hexadecimal digits.
        size: Of the content, in bytes.
        executable: Whether the file has that mode.
    """

    path: str
    oid: str
    size: int
    executable: bool = False


def pointers_of(repository: Path, commit: str) -> tuple[Pointer, ...]:
    """Return the files of a commit that have the attribute `filter=lfs` and are pointers.

    Args:
        repository: A Git folder that has the commit and its blobs.
        commit: Full hash.

    Raises:
        GitError: Objects are missing.
    """
    raise NotImplementedError


def fetch_contents(
    url: GitUrl,
    mirror: Path,
    commit: str,
    pointers: Sequence[Pointer],
    *,
    may_ask: bool,
    report: Report,
) -> None:
    """Bring what pointers point to into the mirror's own store (`<mirror>/lfs/objects`).

    Only what is missing there is fetched, and what came is checked against its hash.

    Raises:
        SourceError: `git-lfs` is not there: the error names the pointers that the project would
            read as data, and says what to install.
        SourceUnavailableError: No answer.
        SourceRefusedError: The server does not have them, or does not give them.
    """
    raise NotImplementedError


def fill_in(
    folder: Path, pointers: Sequence[Pointer], stores: Sequence[Path]
) -> tuple[Pointer, ...]:
    """Replace pointers in a working tree by what they point to.

    Args:
        folder: The working tree.
        pointers: Of its commit.
        stores: Folders that may have the content (`.git/lfs/objects` of a repository), in order.

    Returns:
        The pointers whose content is in none of the stores.

    Raises:
        OSError: The disk is full.
    """
    raise NotImplementedError
