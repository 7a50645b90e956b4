"""Which files of Git LFS a project wants to be fetched: `.lfsconfig` can leave some as pointers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mlrun.sources.git.committed_config import read_committed_config
from mlrun.sources.git.lfs.contents import Pointer
from mlrun.sources.git.process import local_environ, run_git


def wanted_pointers(
    repository: Path, commit: str, pointers: Sequence[Pointer]
) -> tuple[Pointer, ...]:
    """Return the pointers without those that `.lfsconfig` excludes from fetching.

    These are `lfs.fetchinclude` and `lfs.fetchexclude`: patterns as of `.gitignore`, separated by
    commas (git-lfs-fetch(1)). What is left out stays a pointer, as in a clone with git-lfs.

    Raises:
        SourceError: `.lfsconfig` is not in git's form.
        GitError: Objects are missing.
    """
    settings = dict(read_committed_config(repository, commit, ".lfsconfig"))
    include = _patterns(settings.get("lfs.fetchinclude", ""))
    exclude = _patterns(settings.get("lfs.fetchexclude", ""))
    wanted = tuple(pointers)
    if include:
        matching = _matching(repository, commit, wanted, include)
        wanted = tuple(pointer for pointer in wanted if pointer.path in matching)
    if exclude and wanted:
        matching = _matching(repository, commit, wanted, exclude)
        wanted = tuple(pointer for pointer in wanted if pointer.path not in matching)
    return wanted


def _patterns(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _matching(
    repository: Path, commit: str, pointers: Sequence[Pointer], patterns: Sequence[str]
) -> set[str]:
    """Return the paths that fit a pattern: git itself matches, over an index of these paths."""
    entries = b"".join(
        b"100644 %s\t%s\0" % (b"1" * len(commit), os.fsencode(pointer.path)) for pointer in pointers
    )
    with TemporaryDirectory(prefix="mlrun-") as folder:
        environ = local_environ() | {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        run_git(
            *("--bare", "update-index", "-z", "--index-info"),
            folder=repository,
            environ=environ,
            standard_input=entries,
        )
        # ls-files asks for a working tree, and lists the index alone.
        at = ("--git-dir=.", f"--work-tree={folder}")
        words = (*at, "ls-files", "-c", "-i", "-z", *(f"--exclude={p}" for p in patterns))
        listing = run_git(*words, folder=repository, environ=environ)
    return {os.fsdecode(path) for path in listing.split(b"\0") if path}
