"""Downloaded archives in the cache: each run asks its server whether the copy is still current.

::

    <cache>/archives/<key>/content     the archive
                           copy.json   its SHA-256, by what the server knows it, when it was current
                           part        while it is downloaded

A copy whose bytes are not those that were downloaded (the machine went down, a disk failed) counts
as none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import IO

from mlrun.ages import age
from mlrun.errors import SourceError, SourceUnavailableError
from mlrun.execution.redact import mask_url
from mlrun.hashing import hash_of
from mlrun.sources.archive.download import Validators, download
from mlrun.sources.base import Report
from mlrun.sources.cache import holding
from mlrun.sources.digests import digest_of
from mlrun.sources.disk import disk_errors, read_document, write_document

_CONTENT = "content"
_ABOUT = "copy.json"
_PART = "part"


@dataclass(frozen=True, slots=True)
class Copy:
    """A whole archive that was downloaded.

    Attributes:
        file: Open, to be closed by who uses it; it stays readable when the cache is cleared.
        digest: SHA-256 of its bytes, as hexadecimal digits.
        validators: By what the server knows it.
        checked: When the server last had these bytes, in seconds since the epoch.
    """

    file: IO[bytes]
    digest: str
    validators: Validators
    checked: float


def current_copy(url: str, uri: str, *, offline: bool, report: Report) -> Copy:
    """Return an archive of a web server as it is there now.

    Args:
        url: Where, with credentials if the user gave them there.
        uri: What messages call it, without credentials.
        offline: Take what is there, and say how old it is.
        report: Takes lines of progress.

    Raises:
        SourceUnavailableError: No answer, a stalled or cut-off download.
        SourceRefusedError: 401, 403, 404 and the like.
        SourceError: Too big; the disk is full; not in the cache (offline).
    """
    name, entry = mask_url(uri), holding.archives_folder() / _key(url)
    if offline:
        return _cached(entry, name, report)
    asked = time()
    lease = holding.use_or_make(entry, name)
    try:
        with holding.locked(entry, report, "downloads this archive"):
            copy = _read(entry)
            # While this one waited, another one has asked; a time to come is a clock's mistake.
            if copy is not None and asked <= copy.checked <= time():
                return copy
            return _refreshed(entry, copy, url, name, report)
    finally:
        lease.release()


def _cached(entry: Path, name: str, report: Report) -> Copy:
    lease = holding.use(entry)
    copy = None
    if lease is not None:
        copy = _read(entry)
        lease.release()
    if copy is None:
        raise SourceError(
            f"{name} is not in the cache, and nothing is downloaded offline",
            hint="run it once without --offline",
        )
    report(f"offline: using the copy of {age(copy.checked)} ago")
    return copy


def _refreshed(entry: Path, copy: Copy | None, url: str, name: str, report: Report) -> Copy:
    part = entry / _PART
    try:
        validators = copy.validators if copy is not None else Validators()
        downloaded = download(url, name, part, validators, report)
        if downloaded is None and copy is not None:
            _write(entry, copy.digest, copy.validators)
            return copy
    except BaseException as error:
        if copy is None:
            raise
        copy.file.close()
        if isinstance(error, SourceUnavailableError):
            hint = f"a copy of {age(copy.checked)} ago is in the cache: --offline uses it"
            raise SourceUnavailableError(error.message, hint=hint) from error
        raise
    if copy is not None:
        copy.file.close()
    if downloaded is None:
        raise SourceError(f"{name}: the server did not send it")
    with disk_errors(entry.parent):
        part.replace(entry / _CONTENT)
        _write(entry, downloaded.digest, downloaded.validators)
        file = (entry / _CONTENT).open("rb")
    return Copy(file, downloaded.digest, downloaded.validators, time())


def _read(entry: Path) -> Copy | None:
    """Return the copy, if its bytes are those that were downloaded."""
    about = read_document(entry / _ABOUT)
    try:
        validators = Validators(about["etag"], about["modified"])
        digest, checked = str(about["digest"]), float(about["checked"])
        file = (entry / _CONTENT).open("rb")
    except (OSError, KeyError, TypeError, ValueError):
        return None
    try:
        if digest_of(file) == digest:
            return Copy(file, digest, validators, checked)
    except OSError:
        pass
    file.close()
    return None


def _write(entry: Path, digest: str, validators: Validators) -> None:
    about = {"etag": validators.etag, "modified": validators.modified, "checked": time()}
    with disk_errors(entry.parent):
        write_document(entry / _ABOUT, {"digest": digest, **about})


def _key(url: str) -> str:
    """Return the name of an address's entry; whose credentials it has does not matter."""
    from mlrun.web.login import split_login

    try:
        plain, _ = split_login(url)
    except ValueError as error:
        raise SourceError(f"the address {mask_url(url)} cannot be understood: {error}") from None
    return hash_of(plain)[:32]
