"""A version of a repository on this machine as a checkout for one run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.addresses.address import FolderAddress
from mlrun.sources.base import Checkout, FetchRequest, Provenance, Report
from mlrun.sources.git.filling import Fetching, fill_in_from_server, fill_submodules
from mlrun.sources.git.lfs.contents import Pointer, fill_in, pointers_of, store_of
from mlrun.sources.git.local.repository import (
    LocalRepository,
    find_repository,
    place_version,
    resolve_locally,
)
from mlrun.sources.git.local_failures import local_failures
from mlrun.sources.git.mirror import CommitFacts, Mirror
from mlrun.sources.git.placing import Placement
from mlrun.sources.git.submodules import submodules_of
from mlrun.sources.git.url import GitUrl, parse_git_url
from mlrun.sources.own_folder import make_own_folder
from mlrun.sources.subfolder import enter, with_subfolder


def check_out_locally(
    address: FolderAddress, request: FetchRequest, report: Report
) -> Checkout | None:
    """Write a version of a repository into a folder of the run's own; the repository is only read.

    Returns:
        None for a folder that is no repository, where no version was asked for.

    Raises:
        SourceError: There is no repository, or no such version in it.
    """
    repository = find_repository(address.folder)
    if repository is None:
        if request.version is None:
            return None
        raise SourceError(
            f"'{address.folder}' lies in no Git repository, so it has no version "
            f"{request.version!r}",
            hint="leave out --version to run the folder as it stands",
        )
    shown = str(address.folder)
    with local_failures(shown, "`git fsck` there says more"):
        placement = resolve_locally(repository, request.version)
        own = make_own_folder(_name(address.folder), address.folder.as_uri(), borrows=True)
        try:
            fetching = Fetching(own, request.offline, request.may_ask, report)
            place_version(repository, placement, own.path)
            _complete(repository, placement, own.path, fetching)
            shown = f"{shown} at {placement.commit[:7]}"
            top = enter(own.path, repository.inside, shown)
            path = enter(top, address.subfolder, shown)
        except BaseException:
            own.release()
            raise
    return Checkout(
        path=path,
        uri=with_subfolder(address.folder.as_uri(), address.subfolder),
        provenance=Provenance(
            root=own.path,
            commit=placement.commit,
            branch=placement.branch,
            repo_url=placement.origin,
            dirty=False,
        ),
        own=own,
    )


def _name(folder: Path) -> str:
    return folder.name.removesuffix(".git") or folder.parent.name or "project"


def _complete(
    repository: LocalRepository, placement: Placement, folder: Path, fetching: Fetching
) -> None:
    """Fill in what Git keeps apart: contents of Git LFS, and submodules."""
    pointers = pointers_of(repository.git, placement.commit)
    missing = fill_in(folder, pointers, [store_of(repository.git)])
    if missing:
        _fill_in_from_server(repository, placement, folder, missing, fetching)
    submodules = submodules_of(repository.git, placement.commit)
    if submodules:
        url = _address(repository, placement)
        fill_submodules(folder, url, CommitFacts(submodules=submodules), fetching)


def _fill_in_from_server(
    repository: LocalRepository,
    placement: Placement,
    folder: Path,
    missing: Sequence[Pointer],
    fetching: Fetching,
) -> None:
    if placement.origin is None:
        from mlrun.sources.git.lfs.failures import named

        raise SourceError(
            f"Git LFS has no content for {named(missing)}, and the repository no remote",
            hint="put the contents into its .git/lfs/objects (`git lfs fetch` from where they are)",
        )
    mirror = Mirror(parse_git_url(placement.origin))
    fetching.own.hold(mirror.hold_or_make())
    fill_in_from_server(folder, mirror, placement.commit, missing, fetching, repository.git)


def _address(repository: LocalRepository, placement: Placement) -> GitUrl:
    """Return what the addresses of submodules may be relative to."""
    return parse_git_url(placement.origin or str(repository.git))
