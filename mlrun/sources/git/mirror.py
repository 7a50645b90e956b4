"""The mirror of a repository: one a repository, fetched into bit by bit, shared by all runs.

::

    <cache>/repositories/<key>/about.json, lease      see `cache/holding.py`
                               HEAD, objects/, ...    a bare repository without remotes
                               refs/mlrun/<commit>    keeps what was fetched, and tells the
                                                      server at the next fetch what is here
                               commits/<commit>.json  this commit is here with all its files
                               versions/<hash>.json   what a version was when last looked up
                               lfs/objects/           contents of Git LFS

Of each commit that is run only its own files are fetched, not its history (`--depth 1`), as
`mlflow run` does; a server that cannot do that gives all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Any

from mlrun.hashing import hash_of
from mlrun.lease import Lease
from mlrun.sources.cache.holding import repositories_folder, use, use_or_make
from mlrun.sources.disk import read_document, write_document
from mlrun.sources.git.lfs.contents import Pointer, store_of
from mlrun.sources.git.process import run_git
from mlrun.sources.git.submodules import Submodule
from mlrun.sources.git.url import GitUrl
from mlrun.sources.git.versions import Resolved

REFS = "refs/mlrun"


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What is to be done with a commit besides writing its files.

    Attributes:
        submodules: Its submodules, not those of submodules.
        pointers: Its files that Git LFS keeps.
    """

    submodules: tuple[Submodule, ...] = ()
    pointers: tuple[Pointer, ...] = ()

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> CommitFacts:
        """Return the facts that `asdict` made a dictionary of."""
        return cls(
            submodules=tuple(Submodule(**entry) for entry in document["submodules"]),
            pointers=tuple(Pointer(**entry) for entry in document["pointers"]),
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a version was when it was last looked up.

    Attributes:
        resolved: The commit, and what led to it.
        time: Seconds since the epoch.
    """

    resolved: Resolved
    time: float


class Mirror:
    """The mirror of one repository.

    Args:
        url: The repository.
    """

    def __init__(self, url: GitUrl) -> None:
        self.url = url
        self.folder = repositories_folder() / url.key

    def hold(self) -> Lease | None:
        """Keep the mirror from being removed; None where there is none yet."""
        return use(self.folder)

    def hold_or_make(self) -> Lease:
        """Keep the mirror from being removed, and make it if it is not there.

        Raises:
            SourceError: The cache cannot be written.
        """
        return use_or_make(self.folder, self.url.address)

    @property
    def lfs_store(self) -> Path:
        """Where contents of Git LFS are kept."""
        return store_of(self.folder)

    def facts(self, commit: str) -> CommitFacts | None:
        """Return what is known of a commit that is here whole; None for any other."""
        document = read_document(self.folder / "commits" / f"{commit}.json")
        try:
            return CommitFacts.from_dict(document)
        except (KeyError, TypeError):
            return None

    def complete(self, commit: str, facts: CommitFacts) -> None:
        """Note that a commit is here with all that belongs to it."""
        self._write("commits", commit, asdict(facts))

    def remember(self, version: str | None, resolved: Resolved) -> None:
        """Note what a version is now, for when no server can be asked."""
        known = asdict(resolved) | {"warning": None}
        document = {"version": version, "resolved": known, "time": time()}
        with suppress(OSError):
            self._write("versions", _file_name(version), document)

    def remembered(self, version: str | None) -> Remembered | None:
        """Return what a version was when it was last looked up and run."""
        return self._read_version(self.folder / "versions" / f"{_file_name(version)}.json")

    def versions(self) -> list[str]:
        """Return the versions that are remembered, the latest first; None as `HEAD`."""
        found: list[tuple[float, str]] = []
        for file in _files(self.folder / "versions"):
            document = read_document(file)
            with suppress(ValueError, KeyError, TypeError):
                found.append((float(document["time"]), document["version"] or "HEAD"))
        return [version for _, version in sorted(found, reverse=True)]

    def commits_from(self, beginning: str) -> list[str]:
        """Return the commits that are here whole and begin with these digits."""
        return [f.stem for f in _files(self.folder / "commits") if f.stem.startswith(beginning)]

    def prepare(self, commit: str) -> None:
        """Make the bare repository if it is not there, and clear what a killed fetch has left.

        Only for the one who has the mirror's lock.

        Args:
            commit: One that it will hold: its length says by which hash objects are named.

        Raises:
            GitError: The disk is full.
        """
        from mlrun.sources.git.cut_off import clear_cut_off

        make_bare(self.folder, commit)
        clear_cut_off(self.folder)

    @property
    def is_shallow(self) -> bool:
        """Whether it has commits without their history."""
        return (self.folder / "shallow").exists()

    def _read_version(self, file: Path) -> Remembered | None:
        document = read_document(file)
        try:
            return Remembered(Resolved(**document["resolved"]), float(document["time"]))
        except (ValueError, KeyError, TypeError):
            return None

    def _write(self, kind: str, name: str, document: Mapping[str, Any]) -> None:
        folder = self.folder / kind
        folder.mkdir(exist_ok=True)
        write_document(folder / f"{name}.json", document)


def make_bare(folder: Path, known: str) -> None:
    """Make a bare repository in a folder that is there, unless it is one as a whole.

    Args:
        folder: Where.
        known: A hash of the server's: its length says by which hash objects are named.

    Raises:
        GitError: The disk is full.
    """
    # What `git init` makes last; one that was killed before can be repeated.
    if (folder / "objects" / "info").is_dir():
        return
    form = ("--object-format=sha256",) if len(known) == 64 else ()
    run_git("init", "--bare", "--quiet", "--template=", *form, ".", folder=folder)


def _file_name(version: str | None) -> str:
    """Return a file's name for a version, which may have any length and slashes."""
    if version is None or version == "HEAD":
        return "HEAD"
    return hash_of(version)[:16]


def _files(folder: Path) -> list[Path]:
    try:
        return [folder / n for n in os.listdir(folder) if n.endswith(".json")]
    except OSError:
        return []
