"""What fetching a project gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Provenance:
    """What git says about a folder.

    Attributes:
        commit: Full hash of HEAD, None before the first commit.
        branch: The branch checked out, None when HEAD is detached.
        repo_url: URL of the first remote (`origin` first), credentials masked.
        dirty: Whether tracked files differ from the commit; None if it took too long.
    """

    commit: str | None = None
    branch: str | None = None
    repo_url: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True, slots=True)
class Checkout:
    """A project's folder on this machine.

    Attributes:
        path: Absolute path of the project's folder.
        uri: What the user asked for, credentials masked.
        source_name: What goes into the tag `mlflow.source.name`.
        provenance: What git says, None outside a repository.
    """

    path: Path
    uri: str
    source_name: str
    provenance: Provenance | None = None
