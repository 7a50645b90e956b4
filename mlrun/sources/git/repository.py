"""From a repository's address to a checkout for one run: the story of `sources/git/`.

    which commit?  →  is it in the mirror?  (else fetch it)  →  write its files  →  submodules

The first step is in `resolving.py`, the others in `filling.py`.
"""

from __future__ import annotations

from mlrun.errors import UsageError
from mlrun.sources.addresses.address import RepositoryAddress
from mlrun.sources.base import Checkout, FetchRequest, Provenance, Report
from mlrun.sources.git.filling import Fetching, fill, obtain
from mlrun.sources.git.local_failures import local_failures
from mlrun.sources.git.mirror import Mirror
from mlrun.sources.git.resolving import Wanted, resolve
from mlrun.sources.git.versions import Resolved
from mlrun.sources.own_folder import make_own_folder
from mlrun.sources.subfolder import enter, with_subfolder


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
    asked = with_subfolder(address.url.address, address.subfolder)
    own = make_own_folder(address.url.name, asked, borrows=True)
    try:
        lease = mirror.hold()
        if lease is not None:
            own.hold(lease)
        wanted = resolve(address, request, mirror, report)
        fetching = Fetching(own, request.offline, request.may_ask, report)
        resolved = _fetch_and_fill(mirror, wanted, fetching)
        shown = f"{address.url.address} at {resolved.commit[:7]}"
        path = enter(own.path, wanted.subfolder, shown)
    except BaseException:
        own.release()
        raise
    return Checkout(
        path=path,
        uri=with_subfolder(address.url.address, wanted.subfolder),
        provenance=Provenance(
            root=own.path,
            commit=resolved.commit,
            branch=resolved.branch,
            repo_url=address.url.address,
            dirty=False,
        ),
        own=own,
    )


def _fetch_and_fill(mirror: Mirror, wanted: Wanted, fetching: Fetching) -> Resolved:
    resolved = wanted.resolved
    if resolved.warning is not None:
        fetching.report(f"{resolved.warning.message} ({resolved.warning.hint})")
    # An address that nobody answers at must leave nothing in the cache.
    fetching.own.hold(mirror.hold_or_make())
    with local_failures(mirror.url.address, f"mlrun cache clear {mirror.url.address}"):
        resolved, facts = obtain(mirror, resolved, fetching)
        if wanted.version != resolved.commit:
            for name in dict.fromkeys((wanted.version, resolved.branch or wanted.version)):
                mirror.remember(name, resolved)
        fill(fetching.own.path, mirror, resolved, facts, fetching)
    return resolved
