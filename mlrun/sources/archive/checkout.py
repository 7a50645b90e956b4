"""From an archive's address to a checkout for one run."""

from __future__ import annotations

from mlrun.errors import UsageError
from mlrun.sources.addresses.address import ArchiveAddress
from mlrun.sources.archive.fetch import fetch_archive
from mlrun.sources.base import Checkout, FetchRequest, Report
from mlrun.sources.own_folder import make_own_folder
from mlrun.sources.subfolder import enter, with_subfolder


def check_out_archive(address: ArchiveAddress, request: FetchRequest, report: Report) -> Checkout:
    """Unpack an archive into a folder of the run's own.

    Git is never asked about what was unpacked: a `.git` in it is others' text.

    Raises:
        SourceError: It cannot be reached, or is not safe.
        UsageError: A version was asked for.
    """
    if request.version is not None:
        raise UsageError(
            f"an archive has no versions, so --version {request.version!r} means nothing",
            hint="give the address of the archive of that version",
        )
    own = make_own_folder(address.name, address.uri)
    try:
        unpacked = fetch_archive(address, own, offline=request.offline, report=report)
        path = enter(unpacked.root, address.subfolder, address.uri)
    except BaseException:
        own.release()
        raise
    uri = with_subfolder(address.uri, address.subfolder)
    return Checkout(path=path, uri=uri, digest=unpacked.digest, own=own)
