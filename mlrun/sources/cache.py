"""What the cache holds of sources: mirrors of repositories, downloaded archives.

::

    <cache>/repositories/<key>/about.json   which repository, since when
                               lease        held (shared) by all who use it; its time: last used
                               ...          the rest is of `git/mirror.py`
                         .locks/<key>      held by the one who fetches into it, or removes it
    <cache>/archives/<key>/...             the same, the rest is of `archive/download.py`
    <cache>/work/<id>/                     see `own_folder.py`

Whoever wants an entry takes its lease first and looks then, so that nothing is removed under
its feet; whoever removes claims the lease and renames the folder before anything goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlrun.folders import cache_folder
from mlrun.lease import Lease
from mlrun.sources.base import Report


def repositories_folder() -> Path:
    """Return where mirrors are kept."""
    return cache_folder() / "repositories"


def archives_folder() -> Path:
    """Return where downloaded archives are kept."""
    return cache_folder() / "archives"


def use(entry: Path) -> Lease | None:
    """Take a shared hold on an entry and note that it is used; None where there is none."""
    raise NotImplementedError


def use_or_make(entry: Path, uri: str) -> Lease:
    """Take a shared hold on an entry, made empty if it is not there.

    Args:
        entry: The entry's folder.
        uri: What it is for, without credentials.

    Raises:
        SourceError: The cache cannot be written.
    """
    raise NotImplementedError


@contextmanager
def locked(entry: Path, report: Report, doing: str) -> Iterator[None]:
    """Be the only one who changes an entry; says for whom it waits.

    Args:
        entry: The entry's folder.
        report: Takes the line, if there is somebody to wait for.
        doing: What the other one is doing, as in "another mlrun that fetches this repository".

    Raises:
        SourceError: The cache cannot be written.
    """
    raise NotImplementedError
    yield
