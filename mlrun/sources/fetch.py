"""From a URI to a folder on this machine: the one entrance to all sources."""

from __future__ import annotations

from mlrun.sources import local
from mlrun.sources.addresses.address import ArchiveAddress, FolderAddress, parse_address
from mlrun.sources.base import Checkout, FetchRequest, Report, ignore


def fetch(request: FetchRequest, report: Report = ignore) -> Checkout:
    """Bring a project to a folder on this machine.

    Whoever gets the checkout releases it when the run has ended.

    Args:
        request: Which project, and how.
        report: Takes lines about what happens.

    Raises:
        SourceError: It is not there, cannot be reached, or is not safe.
        UsageError: The request contradicts itself.
    """
    address = parse_address(request.uri, request.cwd)
    if isinstance(address, FolderAddress):
        return local.fetch_folder(address, request, report)
    if isinstance(address, ArchiveAddress):
        from mlrun.sources.archive.checkout import check_out_archive

        return check_out_archive(address, request, report)
    from mlrun.sources.git.repository import fetch_repository

    return fetch_repository(address, request, report)
