"""A file of settings in a commit (`.gitmodules`, `.lfsconfig`), read by git as data."""

from __future__ import annotations

import os
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.git.process import GitError, run_git


def read_committed_config(repository: Path, commit: str, path: str) -> list[tuple[str, str]]:
    """Return the settings of a file in git's own form, in order; none where there is no file.

    Args:
        repository: A Git folder that has the commit.
        commit: Full hash.
        path: Of the file.

    Returns:
        Pairs of a name (`section.subsection.variable`, the first and the last in lower case) and
        a value.

    Raises:
        SourceError: It is not in git's form.
        GitError: Objects are missing.
    """
    # Without --no-includes a repository could have files of this machine read.
    words = ("--bare", "config", "--blob", f"{commit}:{path}", "--no-includes", "-z", "--list")
    try:
        listing = run_git(*words, folder=repository)
    except GitError as error:
        if "bad config" in error.text:
            raise SourceError(
                f"the repository's {path} of commit {commit[:10]} is no Git configuration",
                hint=f"correct it: {error.text.strip().splitlines()[0]}",
            ) from None
        if "unable to resolve config blob" in error.text:
            return []
        raise
    pairs = (os.fsdecode(entry).partition("\n") for entry in listing.split(b"\0") if entry)
    return [(name, value) for name, _, value in pairs]
