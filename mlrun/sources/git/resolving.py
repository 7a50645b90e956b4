"""Which commit of a repository is asked for, and where in it the project is.

A commit that is here already needs no server, and so nothing is imported that speaks with one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlrun.errors import SourceError, VersionNotFoundError
from mlrun.sources.addresses.address import RepositoryAddress
from mlrun.sources.base import FetchRequest, Report
from mlrun.sources.git.local_failures import local_failures
from mlrun.sources.git.mirror import Mirror
from mlrun.sources.git.versions import (
    Resolved,
    find_version,
    full_hash,
    head_of,
    is_short_hash,
    no_such_version,
    require_speakable,
    split_ref_and_folder,
    splits,
)

if TYPE_CHECKING:
    from mlrun.sources.git.server.refs import RemoteRefs

_SURE_DIGITS = 7
"""A shorter beginning of a hash is looked up each time: it may have become ambiguous."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a repository.

    Attributes:
        version: By which name; None for what it shows by itself.
        resolved: The commit.
        subfolder: Where in it the project is.
    """

    version: str | None
    resolved: Resolved
    subfolder: str


def resolve(
    address: RepositoryAddress, request: FetchRequest, mirror: Mirror, report: Report
) -> Wanted:
    """Say which commit is asked for, asking the server only where its answer can be another now.

    Args:
        address: Which repository.
        request: Which version, and whether a server may be asked.
        mirror: The repository's, which may not be there yet.
        report: Takes a line where what is cached is used.

    Raises:
        VersionNotFoundError: There is no such version, or none cached.
        SourceError: The server does not answer, or not as it should.
    """
    version, folder, text = request.version, address.subfolder, address.ref_and_folder
    if text is not None and full_hash(text.partition("/")[0]):
        version, _, inner = text.partition("/")
        folder, text = _joined(inner, folder), None
    if version is not None:
        require_speakable(version)
        known = _known_commit(mirror, version)
        if known is not None:
            return Wanted(version, known, folder)
    if text is not None:
        return _resolve_web_address(address, text, request, mirror, report)
    if request.offline:
        return Wanted(version, _remembered(mirror, version, report), folder)
    return Wanted(version, _look_up(address, version, request, mirror, report), folder)


def _known_commit(mirror: Mirror, version: str) -> Resolved | None:
    """Return the commit that a version can only mean, so that no server need be asked."""
    commit = full_hash(version)
    if commit is not None and mirror.facts(commit) is not None:
        return Resolved(commit)
    if commit is None and not (is_short_hash(version) and len(version) >= _SURE_DIGITS):
        return None
    remembered = mirror.remembered(version)
    if remembered is not None and remembered.resolved.ref is None:
        return remembered.resolved
    return Resolved(commit) if commit is not None else None


def _look_up(
    address: RepositoryAddress,
    version: str | None,
    request: FetchRequest,
    mirror: Mirror,
    report: Report,
) -> Resolved:
    """Ask the server which commit a version is."""
    shown = address.url.address
    everything = version is None or version == "HEAD" or version.startswith("refs/")
    refs = _ask(address, request, report, everything=everything)
    if version is None:
        return head_of(refs, shown)
    resolved = find_version(refs, version)
    if resolved is None and not everything:
        refs = _ask(address, request, report, everything=True)
        resolved = find_version(refs, version)
    if resolved is None and is_short_hash(version) and refs.commits:
        known = next(iter(refs.commits.values()))
        from mlrun.sources.git.bringing import find_in_history

        with local_failures(shown):
            resolved = find_in_history(mirror, version, known, request.may_ask, report)
    if resolved is None:
        raise no_such_version(refs, version, shown)
    return resolved


def _ask(
    address: RepositoryAddress, request: FetchRequest, report: Report, *, everything: bool
) -> RemoteRefs:
    from mlrun.sources.git.server.talking import list_refs

    may_ask = request.may_ask
    return list_refs(address.url, may_ask=may_ask, everything=everything, report=report)


def _resolve_web_address(
    address: RepositoryAddress, text: str, request: FetchRequest, mirror: Mirror, report: Report
) -> Wanted:
    """Find out where in `REF/FOLDER` the ref ends, and which commit it is."""
    if request.offline:
        for version, inner in splits(text):
            if mirror.remembered(version) is not None:
                folder = _joined(inner, address.subfolder)
                return Wanted(version, _remembered(mirror, version, report), folder)
        raise _not_cached(mirror, text)
    for everything in (text.startswith("refs/"), True):
        refs = _ask(address, request, report, everything=everything)
        found = split_ref_and_folder(refs, text)
        if found is not None:
            version, inner = found
            resolved = find_version(refs, version)
            resolved = resolved or _look_up(address, version, request, mirror, report)
            return Wanted(version, resolved, _joined(inner, address.subfolder))
    raise no_such_version(refs, _named_first(text), address.url.address)


def _named_first(text: str) -> str:
    """Return what `REF/FOLDER` names if no ref of it is there: its first word, a tag, a request."""
    if not text.startswith("refs/"):
        return text.partition("/")[0]
    _, kind, *names = text.split("/")
    return names[0] if kind in ("heads", "tags") and names else text


def _remembered(mirror: Mirror, version: str | None, report: Report) -> Resolved:
    """Return what a version was when it was last run, and say how long ago that is.

    The beginning of a hash may also be that of a commit that was run by another name.
    """
    known = mirror.remembered(version)
    if known is None:
        commits = mirror.commits_from(version.lower()) if version and is_short_hash(version) else []
        if len(commits) == 1:
            return Resolved(commits[0])
        raise _not_cached(mirror, version)
    from mlrun.ages import age

    name = version or known.resolved.branch or "HEAD"
    report(f"offline: {name} is taken as of {age(known.time)} ago ({known.resolved.commit[:7]})")
    return known.resolved


def _not_cached(mirror: Mirror, version: str | None) -> SourceError:
    cached = mirror.versions()
    shown = mirror.url.address
    if not cached:
        return SourceError(
            f"{shown} is not in the cache", hint="run it once without --offline, to fetch it"
        )
    what = f"version {version!r}" if version is not None else "the default branch"
    return VersionNotFoundError(
        f"{what} of {shown} is not in the cache",
        hint=f"cached are: {', '.join(cached[:8])}; without --offline it is fetched",
    )


def _joined(first: str, second: str) -> str:
    return "/".join(part for part in (first, second) if part)
