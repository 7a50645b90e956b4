"""From a repository's address to a checkout for one run: the story of `sources/git/`.

which commit?  →  is it in the mirror?  (else fetch it)  →  write its files  →  submodules
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from mlrun.errors import SourceError, UsageError, VersionNotFoundError
from mlrun.sources.address import RepositoryAddress
from mlrun.sources.base import Checkout, FetchRequest, Provenance, Report
from mlrun.sources.cache import locked
from mlrun.sources.git.bringing import bring, find_in_history
from mlrun.sources.git.lfs import fetch_contents, fill_in, pointers_of
from mlrun.sources.git.local_failures import local_failures
from mlrun.sources.git.mirror import CommitFacts, Mirror
from mlrun.sources.git.placing import Placement, place
from mlrun.sources.git.submodules import submodules_of
from mlrun.sources.git.talking import list_refs
from mlrun.sources.git.url import GitUrl
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
from mlrun.sources.own_folder import OwnFolder, make_own_folder
from mlrun.sources.subfolder import enter

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


@dataclass(frozen=True, slots=True)
class Fetching:
    """How a repository and all that belongs to it is fetched.

    Attributes:
        own: The run's own folder.
        offline: Whether no server may be asked.
        may_ask: Whether git may ask a person for a password.
        report: Takes lines about what happens.
    """

    own: OwnFolder
    offline: bool
    may_ask: bool
    report: Report


def fetch_repository(address: RepositoryAddress, request: FetchRequest, report: Report) -> Checkout:
    """Bring one version of a repository to a folder of the run's own.

    Args:
        address: Which repository, and where in it the project is.
        request: Which version, and how.
        report: Takes lines about what happens.

    Raises:
        SourceError: It cannot be reached, has no such version, or is not safe.
    """
    if address.ref_and_folder is not None and request.version is not None:
        raise UsageError(
            f"the address names a version ('{address.ref_and_folder}'), and so does --version",
            hint=f"leave one of them out; the repository alone is {address.url.address}",
        )
    mirror = Mirror(address.url)
    own = make_own_folder(address.url.name, _uri(address, address.subfolder))
    try:
        lease = mirror.hold()
        if lease is not None:
            own.hold(lease)
        wanted = _resolve(address, request, mirror, report)
        fetching = Fetching(own, request.offline, request.may_ask, report)
        resolved = _fetch_and_fill(mirror, wanted, fetching)
        shown = f"{address.url.address} at {resolved.commit[:7]}"
        path = enter(own.path, wanted.subfolder, shown)
    except BaseException:
        own.release()
        raise
    return Checkout(
        path=path,
        uri=_uri(address, wanted.subfolder),
        provenance=Provenance(
            root=own.path,
            commit=resolved.commit,
            branch=resolved.branch,
            repo_url=address.url.address,
            dirty=False,
        ),
        own=own,
    )


def _uri(address: RepositoryAddress, subfolder: str) -> str:
    return f"{address.url.address}#{subfolder}" if subfolder else address.url.address


def _fetch_and_fill(mirror: Mirror, wanted: Wanted, fetching: Fetching) -> Resolved:
    resolved = wanted.resolved
    if resolved.warning is not None:
        fetching.report(f"{resolved.warning.message} ({resolved.warning.hint})")
    # An address that nobody answers at must leave nothing in the cache.
    fetching.own.hold(mirror.hold_or_make())
    with local_failures(mirror.url.address, f"mlrun cache clear {mirror.url.address}"):
        resolved, facts = _obtain(mirror, resolved, fetching)
        if wanted.version != resolved.commit:
            for name in dict.fromkeys((wanted.version, resolved.branch or wanted.version)):
                mirror.remember(name, resolved)
        _fill(fetching.own.path, mirror, resolved, facts, fetching)
    return resolved


def _resolve(
    address: RepositoryAddress, request: FetchRequest, mirror: Mirror, report: Report
) -> Wanted:
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
    refs = list_refs(address.url, may_ask=request.may_ask, everything=everything)
    if version is None:
        return head_of(refs, shown)
    resolved = find_version(refs, version)
    if resolved is None and not everything:
        refs = list_refs(address.url, may_ask=request.may_ask, everything=True)
        resolved = find_version(refs, version)
    if resolved is None and is_short_hash(version):
        with local_failures(shown):
            resolved = find_in_history(mirror, version, request.may_ask, report)
    if resolved is None:
        raise no_such_version(refs, version, shown)
    return resolved


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
        refs = list_refs(address.url, may_ask=request.may_ask, everything=everything)
        found = split_ref_and_folder(refs, text)
        if found is not None:
            version, inner = found
            resolved = find_version(refs, version)
            resolved = resolved or _look_up(address, version, request, mirror, report)
            return Wanted(version, resolved, _joined(inner, address.subfolder))
    raise no_such_version(refs, text.partition("/")[0], address.url.address)


def _remembered(mirror: Mirror, version: str | None, report: Report) -> Resolved:
    """Return what a version was when it was last run, and say how long ago that is."""
    known = mirror.remembered(version)
    if known is None:
        raise _not_cached(mirror, version)
    from mlrun.sources.ages import age

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
    what = f"version {version!r}" if version is not None else "the main branch"
    return VersionNotFoundError(
        f"{what} of {shown} is not in the cache",
        hint=f"cached are: {', '.join(cached[:8])}; without --offline it is fetched",
    )


def _obtain(mirror: Mirror, resolved: Resolved, fetching: Fetching) -> tuple[Resolved, CommitFacts]:
    """Return a commit that is in the mirror with all its files, fetched now if it was not."""
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


def _fill(
    folder: Path, mirror: Mirror, resolved: Resolved, facts: CommitFacts, fetching: Fetching
) -> None:
    """Write a commit's files, and those of its submodules."""
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
    store = mirror.folder / "lfs" / "objects"
    if facts.pointers and fill_in(folder, facts.pointers, [store]):
        with locked(mirror.folder, fetching.report, "fetches this repository"):
            _fetch_contents(mirror, resolved.commit, facts, fetching)
        fill_in(folder, facts.pointers, [store])
    fill_submodules(folder, mirror.url, facts, fetching)


def fill_submodules(folder: Path, url: GitUrl, facts: CommitFacts, fetching: Fetching) -> None:
    """Write the files of a commit's submodules into its working tree, and of theirs.

    Args:
        folder: The working tree.
        url: The repository's address, which theirs may be relative to.
        facts: The commit's.
        fetching: How.

    Raises:
        SourceError: One cannot be fetched.
    """
    for submodule in facts.submodules:
        if submodule.url is None:
            line = f"{url.address} does not say where its submodule '{submodule.path}' is"
            fetching.report(f"{line}: the folder stays empty")
            continue
        mirror = Mirror(url.submodule(submodule.url))
        fetching.own.hold(mirror.hold_or_make())
        with local_failures(mirror.url.address):
            resolved, inner = _obtain(mirror, Resolved(submodule.commit), fetching)
            place_in = enter(folder, submodule.path, f"the repository {url.address}")
            _fill(place_in, mirror, resolved, inner, fetching)


def _joined(first: str, second: str) -> str:
    return "/".join(part for part in (first, second) if part)
