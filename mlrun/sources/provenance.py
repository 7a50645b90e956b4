"""What git says about a folder, from one `git` process that is started early and read late.

The folder may have been downloaded with its `.git`: nothing that it configures is run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

from mlrun.sources.base import Provenance
from mlrun.sources.git.local.filters import (
    all_filtered,
    filters_of_repository,
    may_name_filters,
    read_settings,
    turned_off,
)
from mlrun.sources.git.local.layout import git_folders
from mlrun.sources.git.local.remotes import TELLING, remote_url, without_credentials
from mlrun.sources.git.process import LOOKING, looking_environ

__all__ = ["TIME_LIMIT", "ProvenanceProbe", "start_probe", "without_credentials"]

TIME_LIMIT = 2.0
"""Seconds that `git status` may take; in a huge tree whether it is dirty stays unknown."""

_SHORT = 0.5
"""Seconds for what git knows without looking at the tree."""

# Into submodules git would go with a process of its own, and their configuration.
_STATUS = (
    *("status", "--porcelain=v2", "--branch", "--untracked-files=no", "-z"),
    "--ignore-submodules=dirty",
)
_HEAD = ("rev-parse", "HEAD^{commit}", "--symbolic-full-name", "HEAD")


class ProvenanceProbe:
    """A `git` process at work; `collect` waits for it.

    Args:
        folder: The folder to ask about, a real path.
        root: The working tree that it lies in.
        deadline: When its answer comes too late, as `time.monotonic` has it.
    """

    def __init__(self, folder: Path, root: Path, deadline: float) -> None:
        self._folder = folder
        self._root = root
        self._deadline = deadline
        self._environ = looking_environ()
        real_root = Path(os.path.realpath(root))
        if real_root != real_root.parent:
            # Where git does not take the root for a repository, it must not take one above it.
            self._environ["GIT_CEILING_DIRECTORIES"] = str(real_root.parent)
        self._filters: tuple[str, ...] = ()
        options = self._options()
        self._looks_at_files = options is not None
        command = _HEAD if options is None else (*options, *_STATUS)
        self._process = subprocess.Popen(
            (*LOOKING, *command),
            cwd=folder,
            env=self._environ | TELLING,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def collect(self) -> Provenance | None:
        """Return what git said; None where it could not say (not its repository after all)."""
        try:
            answer, trace = self._process.communicate(timeout=self._left())
        except subprocess.TimeoutExpired:
            self.abandon()
            return self._collect_head()
        if self._process.returncode != 0:
            return None
        url = remote_url(trace.decode("utf-8", "replace"))
        if not self._looks_at_files:
            return _parse_head(self._root, answer, url)
        return self._parse_status(os.fsdecode(answer), url)

    def abandon(self) -> None:
        """End the process, and what it has started, without an answer."""
        if sys.platform == "win32":
            self._process.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        # A process that waits for a disk that does not answer cannot even be killed.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_SHORT)

    def _left(self) -> float:
        return max(self._deadline - monotonic(), 0)

    def _options(self) -> tuple[str, ...] | None:
        """Return git's options that keep it from running programs; None if there are none."""
        if not may_name_filters(self._folder):
            return ()
        filters = filters_of_repository(self._folder, self._environ, self._left())
        if filters is None:
            return None
        self._filters = filters
        return turned_off(filters)

    def _collect_head(self) -> Provenance:
        """Return what git knows without looking at the files."""
        try:
            answer = subprocess.run(
                (*LOOKING, *_HEAD),
                cwd=self._folder,
                env=self._environ | TELLING,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SHORT,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return Provenance(root=self._root)
        url = remote_url(answer.stderr.decode("utf-8", "replace"))
        return _parse_head(self._root, answer.stdout, url)

    def _parse_status(self, status: str, url: str | None) -> Provenance:
        headers, entries = _parse(status)
        commit = headers.get("branch.oid")
        branch = headers.get("branch.head")
        return Provenance(
            root=self._root,
            commit=None if commit == "(initial)" else commit,
            branch=None if branch == "(detached)" else branch,
            repo_url=url,
            dirty=self._is_dirty(entries),
        )

    def _is_dirty(self, entries: list[str]) -> bool | None:
        if not entries:
            return _has_dirty_submodule(Path(os.path.realpath(self._root)), self._deadline)
        if not self._filters:
            return True
        # Without its filter a file looks changed that may not be.
        paths = [entry.split(" ", 8)[-1] for entry in entries if entry.startswith("1 .M ")]
        doubtful = len(paths) == len(entries) and all_filtered(
            Path(os.path.realpath(self._root)), paths, self._filters, self._environ, self._left()
        )
        return None if doubtful else True


def start_probe(folder: Path) -> ProvenanceProbe | None:
    """Start asking git about a folder; None outside a repository, or without git."""
    real = Path(os.path.realpath(folder))
    real_root = _root(real)
    if real_root is None:
        return None
    # Named as the user names it, if that is the same place.
    root = _root(folder)
    if root is None or os.path.realpath(root) != str(real_root):
        root = real_root
    try:
        return ProvenanceProbe(real, root, monotonic() + TIME_LIMIT)
    except OSError:
        return None


def _root(folder: Path) -> Path | None:
    return next((p for p in (folder, *folder.parents) if git_folders(p / ".git")), None)


def _parse(status: str) -> tuple[dict[str, str], list[str]]:
    """Read the headers and the changes of `git status --porcelain=v2 -z`."""
    headers: dict[str, str] = {}
    entries = []
    words = iter(status.split("\0"))
    for word in words:
        if word.startswith("# "):
            name, _, value = word[2:].partition(" ")
            headers[name] = value
        elif word:
            entries.append(word)
            if word.startswith("2 "):
                next(words, None)  # what it was called before
    return headers, entries


def _parse_head(root: Path, answer: bytes, url: str | None) -> Provenance:
    commit, _, name = os.fsdecode(answer).rstrip("\n").partition("\n")
    branch = name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else None
    return Provenance(root=root, commit=commit, branch=branch, repo_url=url)


def _has_dirty_submodule(root: Path, deadline: float) -> bool | None:
    """Return whether tracked files of a submodule are changed; None if that took too long."""
    answers = set()
    for folder in _submodules(root):
        if monotonic() >= deadline:
            return None
        try:
            answer = ProvenanceProbe(folder, folder, deadline).collect()
        except OSError:
            continue
        if answer is not None and answer.dirty:
            return True
        answers.add(answer.dirty if answer is not None else False)
    return None if None in answers else False


def _submodules(root: Path) -> Iterator[Path]:
    """Yield the submodules that are checked out below a working tree."""
    settings = os.fsdecode(read_settings(root / ".gitmodules") or b"")
    # Not by one expression over all of it, which a hostile file could keep busy for hours.
    pairs = (line.partition("=") for line in settings.split("\n"))
    paths = (value.strip().strip('"') for name, _, value in pairs if name.strip() == "path")
    for path in dict.fromkeys(path for path in paths if path):
        folder = Path(os.path.realpath(root / path))
        if root in folder.parents and git_folders(folder / ".git"):
            yield folder
