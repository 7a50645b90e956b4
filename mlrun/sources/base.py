"""What fetching a project gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Provenance:
    """What git says about a project's folder.

    Attributes:
        root: The repository's working tree.
        commit: Full hash of HEAD, None before the first commit.
        branch: The branch checked out, None when HEAD is detached.
        repo_url: URL of a remote (`origin` first), without credentials; None without remotes.
        dirty: Whether tracked files differ from the commit; None if it took too long to say.
    """

    root: Path
    commit: str | None = None
    branch: str | None = None
    repo_url: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True)
class Checkout:
    """A project's folder on this machine.

    Attributes:
        path: Absolute path of the project's folder.
        uri: What was asked for, as an absolute URI without credentials.
    """

    path: Path
    uri: str
