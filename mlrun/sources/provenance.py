"""What git says about a folder, from one `git` process that is started early and read late."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from time import monotonic

from mlrun.sources.base import Provenance

TIME_LIMIT = 2.0
"""Seconds that `git status` may take; in a huge tree whether it is dirty stays unknown."""

# One process tells everything: `status` the commit, branch and changes, and its trace the
# configured remotes. Nothing of the repository's own configuration may start a program.
_COMMAND = (
    *("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("status", "--porcelain=v2", "--branch", "--untracked-files=no"),
)
_TRACE = {
    "GIT_TRACE2_EVENT": "2",
    "GIT_TRACE2_EVENT_BRIEF": "1",
    "GIT_TRACE2_CONFIG_PARAMS": "remote.*.url",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_TRACE2", "GIT_TRACE2_PERF")


class ProvenanceProbe:
    """A `git` process at work; `collect` waits for it.

    Args:
        folder: The folder to ask about.
        root: The working tree that it lies in.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root
        self._deadline = monotonic() + TIME_LIMIT
        self._process = subprocess.Popen(
            _COMMAND,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def collect(self) -> Provenance | None:
        """Return what git said; None where it could not say (not its repository after all)."""
        try:
            status, trace = self._process.communicate(timeout=self._deadline - monotonic())
        except subprocess.TimeoutExpired:
            self.abandon()
            return Provenance(root=self._root, commit=_head(self._folder))
        if self._process.returncode != 0:
            return None
        return _parse(self._root, os.fsdecode(status), trace.decode("utf-8", "replace"))

    def abandon(self) -> None:
        """End the process without an answer."""
        self._process.kill()
        self._process.communicate()


def start_probe(folder: Path) -> ProvenanceProbe | None:
    """Start asking git about a folder; None outside a repository, or without git."""
    root = next((p for p in (folder, *folder.parents) if (p / ".git").exists()), None)
    if root is None:
        return None
    try:
        return ProvenanceProbe(folder, root)
    except OSError:
        return None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    return {**kept, **_TRACE}


def _parse(root: Path, status: str, trace: str) -> Provenance:
    headers: dict[str, str] = {}
    dirty = False
    for line in status.splitlines():
        if line.startswith("# "):
            name, _, value = line[2:].partition(" ")
            headers[name] = value
        else:
            dirty = True
    commit = headers.get("branch.oid")
    branch = headers.get("branch.head")
    return Provenance(
        root=root,
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        repo_url=_remote_url(trace),
        dirty=dirty,
    )


def _remote_url(trace: str) -> str | None:
    urls: dict[str, str] = {}
    for line in trace.splitlines():
        if '"def_param"' not in line:
            continue
        try:
            event = json.loads(line)
        except ValueError:
            continue
        urls[event.get("param", "")] = event.get("value", "")
    chosen = urls.get("remote.origin.url") or next(iter(urls.values()), None)
    return without_credentials(chosen) if chosen else None


def without_credentials(url: str) -> str:
    """Return a Git URL without user and password, so that it can be recorded and cloned.

    An SSH URL keeps its user, which is part of the address and no secret.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.endswith("ssh"):
        return url
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _head(folder: Path) -> str | None:
    """Return the commit alone, which git knows without looking at the tree."""
    try:
        answer = subprocess.run(
            ("git", "rev-parse", "--verify", "HEAD"),
            cwd=folder,
            env=_environment() | {"GIT_TRACE2_EVENT": "0"},
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
