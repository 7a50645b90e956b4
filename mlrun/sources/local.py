"""A project in a folder of this machine: used as it stands, or a version of its repository."""

from __future__ import annotations

import os
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.addresses.address import FolderAddress
from mlrun.sources.base import Checkout, FetchRequest, Report


def fetch_folder(address: FolderAddress, request: FetchRequest, report: Report) -> Checkout:
    """Return the checkout of a project in a folder.

    Without a version the folder is used as it stands. A version, and a bare repository, get a
    checkout of their own, and the folder is only read.

    Raises:
        SourceError: It is no folder, cannot be read, has no such subfolder or version.
    """
    _require_readable_folder(address.folder)
    if request.version is not None or _is_bare(address.folder):
        from mlrun.sources.git.local.checkout import check_out_locally

        checkout = check_out_locally(address, request, report)
        if checkout is not None:
            return checkout
    path = Path(os.path.abspath(address.folder / address.subfolder))
    _require_readable_folder(path)
    return Checkout(path=path, uri=path.as_uri())


def _is_bare(folder: Path) -> bool:
    if not (folder / "HEAD").exists():
        return False
    from mlrun.sources.git.local.repository import is_bare

    return is_bare(folder)


def _require_readable_folder(path: Path) -> None:
    try:
        os.scandir(path).close()
    except FileNotFoundError:
        raise SourceError(f"there is no folder '{path}'") from None
    except NotADirectoryError:
        raise SourceError(
            f"'{path}' is a file; a project is a folder", hint=_folder_of(path)
        ) from None
    except OSError as error:
        raise SourceError(f"the folder '{path}' cannot be read: {error.strerror}") from None


def _folder_of(file: Path) -> str:
    from shlex import quote

    run = f"mlrun run {quote(str(file.parent))}"
    if file.name.lower().startswith("mlproject"):
        return f"run its folder: {run}"
    return f"to run one script of a folder: {run} -e {quote(file.name)}"
