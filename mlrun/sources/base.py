"""What is asked of a source, and what fetching a project gives."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Protocol

from mlrun.light_dataclass import dataclass
from mlrun.sources.own_folder import OwnFolder


class Report(Protocol):
    """Takes a line about what happens."""

    def __call__(self, line: str, *, passing: bool = False) -> None:
        """Say a line.

        Args:
            line: Without credentials.
            passing: Whether the next line replaces it, as those of a progress do.
        """


def ignore(line: str, *, passing: bool = False) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class FetchRequest:
    """A project to be brought to this machine.

    Attributes:
        uri: As the user gave it.
        version: Branch, tag, commit or other ref; None for what the URI says by itself.
        cwd: What a relative folder is relative to.
        offline: Use what is cached, and ask no server.
        may_ask: Whether a person is there whom git may ask for a password.
    """

    uri: str
    version: str | None
    cwd: Path
    offline: bool = False
    may_ask: bool = False


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
        uri: What was asked for, as an absolute URI without credentials, with its `#subfolder`.
        provenance: What is known of a project that was fetched; None for one in place, where
            git is asked, and for an archive, where git must not be asked.
        digest: SHA-256 of the archive that it came in, as hexadecimal digits.
        own: The run's own folder that `path` lies in; None for a project that runs in place.
    """

    path: Path
    uri: str
    provenance: Provenance | None = None
    digest: str | None = None
    own: OwnFolder | None = field(default=None, compare=False)

    @property
    def is_in_place(self) -> bool:
        """Whether the user's own folder is used as it stands."""
        return self.own is None

    @property
    def known_as(self) -> str:
        """What a person knows the project by: its folder in place, else its address."""
        return str(self.path) if self.is_in_place else self.uri

    def release(self, *, keep: bool = False) -> None:
        """Remove the run's own folder, if it has one.

        Args:
            keep: Leave it, from now on as the user's.
        """
        if self.own is not None:
            self.own.release(keep=keep)
