"""Which programs a repository's own configuration would have git run when it looks at files.

Filters (gitattributes(5)) are commands that `git status` runs on changed files; attributes in the
repository choose them. Those of the user's settings are the user's. Those that stand in the
repository's may have come with a download, and are turned off, but for Git LFS as it sets itself
up.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mlrun.sources.git.local.layout import git_folders
from mlrun.sources.git.process import LOOKING

_LARGEST_CONFIG = 256 * 1024
# Only these sections name filters, lead to other files that may, or give Git LFS a program
# (git-config(1), git-lfs-extensions). `[lfs "https://…"]` is what Git LFS itself writes.
_TELLING_SECTION = re.compile(rb'\[\s*(?:filter|include|lfs(?:\s*"|\.)(?!https?:))', re.IGNORECASE)
_QUESTION = ("config", "--show-scope", "-z", "--includes", "--get-regexp", r"^(filter|lfs)\.")
_NOTHING_FOUND = 1
_OF_REPOSITORY = ("local", "worktree")
_GIT_LFS = {
    ("filter.lfs.clean", "git-lfs clean -- %f"),
    ("filter.lfs.smudge", "git-lfs smudge -- %f"),
    ("filter.lfs.smudge", "git-lfs smudge --skip -- %f"),
    ("filter.lfs.process", "git-lfs filter-process"),
    ("filter.lfs.process", "git-lfs filter-process --skip"),
    ("filter.lfs.required", "true"),
}


def read_settings(file: Path) -> bytes | None:
    """Return a file's content; None of what is no ordinary file, or far too large.

    A missing file is empty.
    """
    try:
        # A pipe in the place of a file would let the reader wait for ever.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return b""
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with open(descriptor, "rb") as stream:
        text = stream.read(_LARGEST_CONFIG + 1)
    return text if len(text) <= _LARGEST_CONFIG else None


def may_name_filters(folder: Path) -> bool:
    """Return whether the configuration of a repository may have filters. No process is started.

    Args:
        folder: A real path (no symbolic links). All repositories above it count: which one git
            takes is git's to decide.
    """
    for above in (folder, *folder.parents):
        for entry in (above / ".git", above):
            found = git_folders(entry)
            if found is None:
                continue
            for file in (found.common / "config", found.own / "config.worktree"):
                text = read_settings(file)
                if text is None or _TELLING_SECTION.search(text):
                    return True
    return False


def filters_of_repository(
    folder: Path, environ: Mapping[str, str], seconds: float
) -> tuple[str, ...] | None:
    """Ask git for the names of filters that the repository itself sets up.

    Returns:
        Without Git LFS in its usual form; None if git does not say, or not in time.
    """
    try:
        answer = subprocess.run(
            (*LOOKING, *_QUESTION),
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if answer.returncode not in (0, _NOTHING_FOUND):
        return None
    return _foreign_filters(os.fsdecode(answer.stdout).split("\0"))


def turned_off(filters: Iterable[str]) -> tuple[str, ...] | None:
    """Return git's options that make filters do nothing; None where a name cannot be said so."""
    options: list[str] = []
    for name in filters:
        if "=" in name or "\n" in name:
            return None
        for setting in ("clean=", "smudge=", "process=", "required=false"):
            options += ["-c", f"filter.{name}.{setting}"]
    return tuple(options)


def all_filtered(
    folder: Path,
    paths: Sequence[str],
    filters: Sequence[str],
    environ: Mapping[str, str],
    seconds: float,
) -> bool:
    """Return whether each path is one that a filter of these would have changed.

    Args:
        folder: The working tree.
        paths: Relative to it.
        filters: Names.
        environ: Of git.
        seconds: How long git may take; after that, each may be one.
    """
    try:
        answer = subprocess.run(
            (*LOOKING, "check-attr", "-z", "--stdin", "filter"),
            cwd=folder,
            env=environ,
            input=os.fsencode("".join(f"{path}\0" for path in paths)),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return True
    chosen = os.fsdecode(answer.stdout).split("\0")[2::3]
    return answer.returncode != 0 or all(name in filters for name in chosen)


def _foreign_filters(words: Sequence[str]) -> tuple[str, ...]:
    """Read pairs of a scope, and a setting with its value after a line end."""
    names: dict[str, None] = {}
    for scope, setting in zip(words[::2], words[1::2], strict=False):
        name, _, value = setting.partition("\n")
        if scope not in _OF_REPOSITORY or (name, value) in _GIT_LFS:
            continue
        if name.startswith("filter."):
            names[name.removeprefix("filter.").rpartition(".")[0]] = None
        elif name.startswith("lfs.extension."):
            names["lfs"] = None
    return tuple(names)
