"""Brings a commit and all that belongs to it, and writes it into a run's own folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.base import Report
from mlrun.sources.cache.holding import locked
from mlrun.sources.git.lfs.contents import Pointer, fetch_contents, fill_in, pointers_of
from mlrun.sources.git.local_failures import local_failures
from mlrun.sources.git.mirror import CommitFacts, Mirror
from mlrun.sources.git.placing import Placement, place
from mlrun.sources.git.submodules import submodules_of
from mlrun.sources.git.url import GitUrl
from mlrun.sources.git.versions import Resolved
from mlrun.sources.own_folder import OwnFolder

_DEEPEST = 50
_MOST = 10_000


class _EndlessError(Exception):
    """Submodules in submodules, so many that only malice makes them."""


@dataclass(slots=True)
class _Met:
    """What one checkout has met of submodules.

    Attributes:
        count: Of them, with those of submodules.
        mirrors: The mirrors that are held for it: each once, however many come from it.
    """

    count: int = 0
    mirrors: set[Path] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Fetching:
    """How a repository and all that belongs to it is fetched.

    Attributes:
        own: The run's own folder.
        offline: Whether no server may be asked.
        may_ask: Whether git may ask a person for a password.
        report: Takes lines about what happens.
        depth: Of submodules in submodules.
        met: All of these.
    """

    own: OwnFolder
    offline: bool
    may_ask: bool
    report: Report
    depth: int = 0
    met: _Met = field(default_factory=_Met)

    def for_submodule(self, mirror: Mirror) -> Fetching:
        """Return how one submodule more is fetched, whose mirror is held from now on.

        Raises:
            _EndlessError: There is no end of them.
            SourceError: The cache cannot be written.
        """
        self.met.count += 1
        if self.depth >= _DEEPEST or self.met.count > _MOST:
            raise _EndlessError
        if mirror.folder not in self.met.mirrors:
            self.own.hold(mirror.hold_or_make())
            self.met.mirrors.add(mirror.folder)
        return replace(self, depth=self.depth + 1)


def obtain(mirror: Mirror, resolved: Resolved, fetching: Fetching) -> tuple[Resolved, CommitFacts]:
    """Return a commit that is in the mirror with all that belongs to it, fetched now if need be.

    Args:
        mirror: Whose lease is held.
        resolved: Which commit.
        fetching: How.

    Returns:
        The commit (another hash than was asked for, where that was an annotated tag's), and its
        facts.

    Raises:
        SourceError: It cannot be fetched, or must not be now.
        GitError: The mirror cannot be written.
    """
    facts = mirror.facts(resolved.commit)
    if facts is not None:
        return resolved, facts
    if fetching.offline:
        raise SourceError(
            f"{resolved.commit[:7]} of {mirror.url.address} is not in the cache",
            hint="run it once without --offline, to fetch it",
        )
    with locked(mirror.folder, fetching.report, "fetches this repository"):
        facts = mirror.facts(resolved.commit)
        if facts is None:
            from mlrun.sources.git.bringing import bring

            commit = bring(mirror, resolved, fetching.may_ask, fetching.report)
            resolved = replace(resolved, commit=commit)
            facts = CommitFacts(
                submodules=submodules_of(mirror.folder, commit),
                pointers=pointers_of(mirror.folder, commit),
            )
            _fetch_contents(mirror, commit, facts, fetching)
            mirror.complete(commit, facts)
    return resolved, facts


def _fetch_contents(mirror: Mirror, commit: str, facts: CommitFacts, fetching: Fetching) -> None:
    if facts.pointers:
        fetch_contents(
            mirror.url,
            mirror.folder,
            commit,
            facts.pointers,
            may_ask=fetching.may_ask,
            report=fetching.report,
        )


def fill(
    folder: Path, mirror: Mirror, resolved: Resolved, facts: CommitFacts, fetching: Fetching
) -> None:
    """Write a commit's files, and those of its submodules.

    Args:
        folder: It is there, and empty.
        mirror: It has the commit, and its lease is held.
        resolved: The commit, with the branch or the tag that it was taken as.
        facts: The commit's.
        fetching: How what is still missing is fetched.

    Raises:
        SourceError: A submodule or a content of Git LFS cannot be had.
        GitError: Objects are missing, or the disk is full.
    """
    tag = {f"refs/tags/{resolved.tag}": resolved.commit} if resolved.tag else {}
    place(
        Placement(
            repository=mirror.folder,
            commit=resolved.commit,
            branch=resolved.branch,
            refs=tag,
            origin=mirror.url.address,
        ),
        folder,
    )
    if facts.pointers:
        _fill_in_contents(folder, mirror, resolved.commit, facts.pointers, fetching)
    fill_submodules(folder, mirror.url, facts, fetching)


def _fill_in_contents(
    folder: Path, mirror: Mirror, commit: str, pointers: Sequence[Pointer], fetching: Fetching
) -> None:
    missing = fill_in(folder, pointers, [mirror.lfs_store])
    if missing:
        fill_in_from_server(folder, mirror, commit, missing, fetching)


def fill_in_from_server(
    folder: Path,
    mirror: Mirror,
    commit: str,
    pointers: Sequence[Pointer],
    fetching: Fetching,
    repository: Path | None = None,
) -> None:
    """Fetch contents of Git LFS into a mirror, and put them into a working tree.

    Args:
        folder: The working tree.
        mirror: Whose lease is held.
        commit: The one that the pointers are of.
        pointers: What is missing.
        fetching: How.
        repository: A Git folder with the commit, if that is not the mirror.

    Raises:
        SourceError: A content is nowhere, or must not be fetched now.
    """
    if fetching.offline:
        raise _no_content(pointers, mirror.url.address, "run it once without --offline")
    with locked(mirror.folder, fetching.report, "fetches this repository"):
        fetch_contents(
            mirror.url,
            mirror.folder,
            commit,
            pointers,
            may_ask=fetching.may_ask,
            report=fetching.report,
            repository=repository,
        )
    left = fill_in(folder, pointers, [mirror.lfs_store])
    if left:
        raise _no_content(left, mirror.url.address, f"mlrun cache clear {mirror.url.address}")


def _no_content(pointers: Sequence[Pointer], shown: str, hint: str) -> SourceError:
    from mlrun.sources.git.lfs.failures import named

    return SourceError(f"the cache has no content for {named(pointers)} of {shown}", hint=hint)


def fill_submodules(folder: Path, url: GitUrl, facts: CommitFacts, fetching: Fetching) -> None:
    """Write the files of a commit's submodules into its working tree, and of theirs.

    Args:
        folder: The working tree.
        url: The repository's address, which theirs may be relative to.
        facts: The commit's.
        fetching: How.

    Raises:
        SourceError: One cannot be fetched, or there is no end of them.
    """
    try:
        _fill_submodules(folder, url, facts, fetching)
    except _EndlessError:
        if fetching.depth:
            raise
        raise SourceError(
            f"{url.address} has submodules without end: more than {_MOST}, or {_DEEPEST} within "
            "one another"
        ) from None


def _fill_submodules(folder: Path, url: GitUrl, facts: CommitFacts, fetching: Fetching) -> None:
    for submodule in facts.submodules:
        if submodule.url is None:
            line = f"{url.address} does not say where its submodule '{submodule.path}' is"
            fetching.report(f"{line}: the folder stays empty")
            continue
        with _named(submodule.path, url):
            _fill_submodule(
                folder, submodule.path, url.submodule(submodule.url), submodule.commit, fetching
            )


def _fill_submodule(folder: Path, path: str, url: GitUrl, commit: str, fetching: Fetching) -> None:
    mirror = Mirror(url)
    below = fetching.for_submodule(mirror)
    with local_failures(url.address, f"mlrun cache clear {url.address}"):
        resolved, facts = obtain(mirror, Resolved(commit), below)
        fill(_empty_folder(folder, path), mirror, resolved, facts, below)


def _empty_folder(folder: Path, path: str) -> Path:
    """Return the folder that git has made for a submodule.

    On a file system that takes `A` for `a` a link could stand in its way, and lead into `.git`,
    where hooks are.

    Raises:
        SourceError: It is another one.
    """
    place = folder
    for name in path.split("/"):
        place /= name
        if place.is_symlink() or not place.is_dir():
            raise SourceError(f"there is no folder '{path}' in the commit's files")
    if any(place.iterdir()):
        raise SourceError(f"the folder '{path}' has other files of the commit")
    return place


@contextmanager
def _named(path: str, parent: GitUrl) -> Iterator[None]:
    """Say of an error that it is a submodule's."""
    try:
        yield
    except SourceError as error:
        of = f"the submodule '{path}' of {parent.address}"
        raise type(error)(f"{of}: {error.message}", hint=error.hint) from None
