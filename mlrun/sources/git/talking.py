"""Speaks with a repository's server: which refs it has, and fetching commits from it.

Authentication is the user's own git configuration: credential helpers, the SSH agent, proxies.
User name and password of a URI reach git by a credential helper that reads variables, and so no
process list. Where nobody can be asked, nothing prompts, and nothing waits for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlrun.sources.base import Report
from mlrun.sources.git.url import GitUrl


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """The refs of a repository on a server.

    Attributes:
        commits: Commit by full name (`refs/heads/main`, `refs/tags/v1`, `HEAD`); an annotated
            tag stands with the commit that it is on.
        tag_objects: For annotated tags, the tag's own hash by full name.
        head: The branch that HEAD is (`main`), None where it is detached or unknown.
    """

    commits: Mapping[str, str]
    tag_objects: Mapping[str, str]
    head: str | None


def list_refs(url: GitUrl, *, may_ask: bool, everything: bool) -> RemoteRefs:
    """Ask a server for its refs, with one `git ls-remote`.

    Args:
        url: The repository.
        may_ask: Whether a person is there whom git may ask for a password.
        everything: All refs (HEAD, pull requests); otherwise branches and tags, which big
            servers answer much faster.

    Raises:
        SourceUnavailableError: No answer.
        SourceRefusedError: Credentials missing or wrong, or no such repository.
        SourceError: No git on this machine.
    """
    raise NotImplementedError


def fetch(
    url: GitUrl,
    mirror: Path,
    refspecs: Sequence[str],
    *,
    may_ask: bool,
    report: Report,
    depth: int | None = None,
    unshallow: bool = False,
    blobs: bool = True,
) -> None:
    """Fetch into a bare repository, saying how far it is.

    Args:
        url: The repository.
        mirror: The bare repository to fetch into; its own configuration has no remote.
        refspecs: What to fetch, and the refs of the mirror to write.
        may_ask: As for `list_refs`.
        report: Takes lines of progress.
        depth: How many commits deep; None for all.
        unshallow: Make a mirror that is not whole so.
        blobs: False for a partial clone without files (a server that cannot do that sends all).

    Raises:
        SourceUnavailableError: No answer, a stalled connection, one that was cut off.
        SourceRefusedError: Credentials missing or wrong, or no such repository or commit.
        ShallowRefusedError: The server cannot give a part of the history, or this commit by itself.
        SourceError: No git, no space on the disk.
    """
    raise NotImplementedError


class ShallowRefusedError(Exception):
    """The server gives no commit by itself: all must be fetched."""
