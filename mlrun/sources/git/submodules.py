"""Which submodules a commit has, where they come from, and at which commit they stand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.addresses.parts import has_control_characters
from mlrun.sources.git.process import read_git

_GITLINK = b"160000"
_LONGEST_LISTING = 256 << 20
"""Bytes: two or three million files."""
_FILE_MODES = (b"100644", b"100755")


@dataclass(frozen=True, slots=True)
class Submodule:
    """One submodule of a commit.

    Attributes:
        path: Its folder in the working tree, with `/`.
        url: As `.gitmodules` has it; possibly relative to the repository's own. None where
            `.gitmodules` says nothing of the path: then nobody can know where it comes from, and
            git leaves the folder empty (a repository inside another one, added by mistake).
        commit: The recorded one, full hash.
    """

    path: str
    url: str | None
    commit: str


def submodules_of(repository: Path, commit: str) -> tuple[Submodule, ...]:
    """Return the submodules of a commit, by reading `.gitmodules` and the tree, not running them.

    The recorded commit counts, not a `branch` of `.gitmodules`. What git does not check out
    (`update = none`) is left out, like an entry without a commit. Any other `update` is ignored:
    a program would be one.

    Args:
        repository: A Git folder that has the commit.
        commit: Full hash.

    Raises:
        SourceError: Files without end, an unsafe path or URL, or a `.gitmodules` that git cannot
            read.
        GitError: Objects are missing.
        GitMissingError: There is no git.
    """
    words = ("--bare", "ls-tree", "-r", "-z", "--full-tree", commit)
    tree = read_git(*words, folder=repository, most=_LONGEST_LISTING)
    if tree is None:
        raise SourceError(
            f"the commit {commit[:10]} has more files than can be written",
            hint="a few folders that are there again and again, within one another, make a "
            "commit without end",
        )
    if b"160000 commit " not in tree:
        return ()
    gitlinks: dict[str, str] = {}
    has_settings = False
    for line in tree.split(b"\0"):
        facts, _, path = line.partition(b"\t")
        mode, _, kind_and_hash = facts.partition(b" ")
        if mode == _GITLINK:
            gitlinks[os.fsdecode(path)] = kind_and_hash.rpartition(b" ")[2].decode("ascii")
        elif path == b".gitmodules":
            has_settings = mode in _FILE_MODES
    settings = _settings_by_path(repository, commit) if has_settings else {}
    return tuple(_submodules(gitlinks, settings))


def _submodules(
    gitlinks: dict[str, str], settings: dict[str, dict[str, str]]
) -> Iterator[Submodule]:
    for path, commit in gitlinks.items():
        _require_safe_path(path)
        values = settings.get(path, {})
        if values.get("update") == "none":
            continue
        url = values.get("url") or None
        if url is not None:
            _require_safe_url(path, url)
        yield Submodule(path, url, commit)


def _settings_by_path(repository: Path, commit: str) -> dict[str, dict[str, str]]:
    """Return what `.gitmodules` says, by path; of two entries with one path the last counts."""
    by_name: dict[str, dict[str, str]] = {}
    for name, variable, value in _entries(repository, commit):
        # Of a variable given twice git takes the first for submodules.
        by_name.setdefault(name, {}).setdefault(variable, value)
    return {v["path"].rstrip("/"): v for v in by_name.values() if "path" in v}


def _entries(repository: Path, commit: str) -> Iterator[tuple[str, str, str]]:
    from mlrun.sources.git.committed_config import read_committed_config

    for key, value in read_committed_config(repository, commit, ".gitmodules"):
        section, _, rest = key.partition(".")
        name, dot, variable = rest.rpartition(".")
        if section == "submodule" and dot:
            yield name, variable, value


def _require_safe_path(path: str) -> None:
    names = {part.lower() for part in path.split("/")}
    if names & {"", ".", "..", ".git"} or has_control_characters(path):
        raise SourceError(f"the repository has a submodule with an unsafe path: {path!r}")


def _require_safe_url(path: str, url: str) -> None:
    if url.startswith("-") or has_control_characters(url):
        raise SourceError(
            f"the submodule '{path}' has an unsafe URL in .gitmodules",
            hint="a URL neither begins with '-' nor has control characters",
        )
