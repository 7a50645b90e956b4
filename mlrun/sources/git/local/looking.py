"""Asks a repository of the user's what a revision is, without a trace in it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from mlrun.errors import SourceError
from mlrun.sources.git.local.remotes import TELLING, remote_url, without_trace
from mlrun.sources.git.process import GitMissingError, ask_git, looking_environ

_FOUND = re.compile(r"([0-9a-f]{40}(?:[0-9a-f]{24})?) (commit|tag|tree|blob) \d+")
_DISTRUST = re.compile(r"dubious ownership|unsafe repository")


@dataclass(frozen=True, slots=True)
class Objects:
    """What revisions are.

    Attributes:
        hashes: Full hash by revision; what is missing or ambiguous is left out.
        kinds: `commit`, `tag`, `tree` or `blob`, by revision.
        remote: URL of the repository's remote, without credentials; None without remotes.
    """

    hashes: dict[str, str]
    kinds: dict[str, str]
    remote: str | None

    def commit(self, revision: str) -> str | None:
        """Return the hash of a revision that is a commit, None of another."""
        return self.hashes[revision] if self.kinds.get(revision) == "commit" else None


def look_up(folder: Path, revisions: Sequence[str]) -> Objects:
    """Ask one process what several revisions are.

    Args:
        folder: A working tree, or a bare repository.
        revisions: Without line ends.

    Raises:
        SourceError: Git refuses the repository, or there is no git.
    """
    lines = os.fsencode("".join(f"{revision}\n" for revision in revisions))
    answer = ask_repository(folder, "cat-file", "--batch-check", standard_input=lines)
    if answer.returncode != 0:
        raise refusal(folder, answer)
    hashes, kinds = {}, {}
    for revision, line in zip(revisions, os.fsdecode(answer.stdout).split("\n"), strict=False):
        # What is not there is answered by the revision itself and a word.
        found = _FOUND.fullmatch(line)
        if found is not None:
            hashes[revision], kinds[revision] = found.groups()
    return Objects(hashes, kinds, remote_of(answer))


def remote_of(answer: CompletedProcess[bytes]) -> str | None:
    """Return the remote's URL that a process has told besides its answer."""
    return remote_url(answer.stderr.decode("utf-8", "replace"))


def ask_repository(
    folder: Path, *arguments: str, standard_input: bytes = b""
) -> CompletedProcess[bytes]:
    """Run git in a repository of the user's, which it only reads.

    Raises:
        SourceError: There is no git.
    """
    environ = looking_environ() | TELLING
    # Where git does not take the folder for a repository, it must not find one above it.
    environ["GIT_CEILING_DIRECTORIES"] = str(folder.parent)
    try:
        return ask_git(
            *("-c", "safe.bareRepository=all", *arguments),
            folder=folder,
            environ=environ,
            standard_input=standard_input,
        )
    except GitMissingError:
        raise SourceError(
            f"a version of '{folder}' needs git, and there is no `git` on the PATH",
            hint="install git, or run the folder as it stands, without --version",
        ) from None


def refusal(folder: Path, answer: CompletedProcess[bytes]) -> SourceError:
    """Return the error for a repository that git does not read."""
    text = without_trace(answer.stderr.decode("utf-8", "replace")).strip()
    if _DISTRUST.search(text):
        from shlex import quote

        trust = f"git config --global --add safe.directory {quote(str(folder))}"
        return SourceError(
            f"git does not trust the repository '{folder}': it is another user's",
            hint=f"if you trust it: {trust}",
        )
    reason = text.splitlines()[0].removeprefix("fatal: ") if text else "it gives no reason"
    return SourceError(f"git cannot read the repository '{folder}': {reason}")
