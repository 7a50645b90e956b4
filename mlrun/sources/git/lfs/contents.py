"""Git LFS: which files of a commit are pointers, fetching what they point to, filling them in.

Most repositories have none: what only the others need is imported where it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlrun.sources.base import Report
from mlrun.sources.git.process import GitError, run_git
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


def store_of(repository: Path) -> Path:
    """Return where a Git folder keeps contents of Git LFS."""
    return repository / "lfs" / "objects"


def stored_file(store: Path, oid: str) -> Path:
    """Return where a store (`lfs/objects` of a Git folder) keeps a content."""
    return store / oid[:2] / oid[2:4] / oid


def is_stored(store: Path, pointer: Pointer) -> bool:
    """Return whether a store has a content whole; like git-lfs, it looks at the size."""
    try:
        return stored_file(store, pointer.oid).stat().st_size == pointer.size
    except OSError:
        return False


def pointers_of(repository: Path, commit: str) -> tuple[Pointer, ...]:
    """Return the files of a commit that have the attribute `filter=lfs` and are pointers.

    Without those that `.lfsconfig` excludes from fetching. The attributes are those of the
    commit's own `.gitattributes`, at every level. One git process answers for a repository
    without Git LFS, five and more for another.

    Args:
        repository: A Git folder that has the commit and its blobs.
        commit: Full hash.

    Raises:
        SourceError: A file is made by an extension of Git LFS: a program of the user's. Or
            `.lfsconfig` is not in git's form.
        GitError: Objects are missing.
        GitMissingError: There is no git.
    """
    words = ("grep", "-q", "-a", "-F", "-e", "filter=lfs", commit, "--")
    try:
        run_git("--bare", *words, ":(glob)**/.gitattributes", folder=repository)
    except GitError as error:
        if error.code == 1:
            return ()
        raise
    from mlrun.sources.git.lfs.pointers import find_pointers

    return find_pointers(repository, commit)


def fetch_contents(
    url: GitUrl,
    mirror: Path,
    commit: str,
    pointers: Sequence[Pointer],
    *,
    may_ask: bool,
    report: Report,
    repository: Path | None = None,
) -> None:
    """Bring what pointers point to into the mirror's own store (`<mirror>/lfs/objects`).

    Only what is missing there is fetched, and what came is checked against its hash.

    Args:
        url: The repository; its credentials go to no other host.
        mirror: A bare repository.
        commit: Full hash.
        pointers: Of the commit.
        may_ask: Whether a person is there whom git may ask for a password.
        report: Takes lines of progress.
        repository: A Git folder that has the commit; the mirror if None. Its `.lfsconfig` may
            name another server for the contents.

    Raises:
        SourceError: `git-lfs` is not there: the error names the pointers that the project would
            read as data, and says what to install. Or the repository's `.lfsconfig` names a
            server that is not asked, or the disk is full.
        SourceUnavailableError: No answer, or a stalled transfer.
        SourceRefusedError: The server does not have them, or does not give them.
    """
    store = store_of(mirror)
    missing = [pointer for pointer in pointers if not is_stored(store, pointer)]
    if missing:
        from mlrun.sources.git.lfs.program import Download, download

        download(Download(url, mirror, repository or mirror, commit, missing, may_ask), report)


def fill_in(
    folder: Path, pointers: Sequence[Pointer], stores: Sequence[Path]
) -> tuple[Pointer, ...]:
    """Replace pointers in a working tree by what they point to.

    What is no longer the expected pointer is left alone, and nothing is written through a
    symbolic link. Each file is whole or still the pointer, whenever this is cut off. Git is told
    that it need not look at these files, so that the folder counts as unchanged.

    Args:
        folder: The working tree.
        pointers: Of its commit.
        stores: Folders that may have the content (`.git/lfs/objects` of a repository), in order.

    Returns:
        The pointers whose content is in none of the stores.

    Raises:
        OSError: The disk is full.
        GitError: The index cannot be written.
    """
    if not pointers:
        return ()
    from mlrun.sources.git.lfs.filling import fill

    return fill(folder, pointers, stores)
