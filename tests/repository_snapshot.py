"""All that a user could find changed in a repository: taken before and after, both are equal."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Entry = tuple[int, int, int, str]
"""Mode, size (of a folder 0), time of the last change in nanoseconds, hash or link's target."""


@dataclass(frozen=True)
class Snapshot:
    """A repository at one time.

    Attributes:
        files: Every entry below the working tree and the Git folder, `.git` included: index,
            config, HEAD, refs, reflogs, stash, objects, lock files, by path.
        refs: What git itself says of all refs, HEAD, stashes, worktrees and remotes.
    """

    files: dict[str, Entry]
    refs: str


def take_snapshot(repository: Path) -> Snapshot:
    """Return everything about a working tree with its `.git`, or a bare repository.

    A worktree's or submodule's Git folder lies elsewhere: take one of that, too.
    """
    said = "\n".join(_ask(repository, *question) for question in _QUESTIONS)
    # Last, so that it would show what the questions themselves leave behind.
    return Snapshot(dict(_entries(repository)), said)


@contextmanager
def unchanged(*repositories: Path) -> Iterator[None]:
    """Assert that nothing at all changes in repositories while the block runs."""
    before = [take_snapshot(repository) for repository in repositories]
    yield
    for repository, was in zip(repositories, before, strict=True):
        now = take_snapshot(repository)
        changed = {
            path: (was.files.get(path), now.files.get(path))
            for path in was.files.keys() | now.files.keys()
            if was.files.get(path) != now.files.get(path)
        }
        assert changed == {}, f"{repository}: {changed}"
        assert now.refs == was.refs


_QUESTIONS = (
    ("for-each-ref",),
    ("symbolic-ref", "-q", "HEAD"),
    ("rev-parse", "-q", "--verify", "HEAD"),
    ("stash", "list"),
    ("worktree", "list", "--porcelain"),
    ("config", "--local", "--list"),
    ("reflog", "show", "--all"),
)


def _ask(repository: Path, *question: str) -> str:
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    answer = subprocess.run(
        ("git", *question), cwd=repository, env=environ, capture_output=True, check=False
    )
    return f"{answer.returncode} {os.fsdecode(answer.stdout)}"


def _entries(folder: Path) -> Iterator[tuple[str, Entry]]:
    for found, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            path = Path(found, name)
            yield os.path.relpath(path, folder), _entry(path)


def _entry(path: Path) -> Entry:
    about = path.lstat()
    content = ""
    if stat.S_ISLNK(about.st_mode):
        content = str(path.readlink())
    elif stat.S_ISREG(about.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    size = 0 if stat.S_ISDIR(about.st_mode) else about.st_size
    return about.st_mode, size, about.st_mtime_ns, content
