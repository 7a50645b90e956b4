"""A file from a web server onto the disk: whole, within the limits, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import IO, TYPE_CHECKING

from mlrun.disk import free_space
from mlrun.errors import SourceError, SourceUnavailableError
from mlrun.folders import MAKE_ROOM
from mlrun.sizes import size_in_words
from mlrun.sources.archive.limits import ARCHIVE_LIMIT, read_limits
from mlrun.sources.base import Report
from mlrun.sources.disk import disk_errors
from mlrun.web.timeouts import SLOWEST, stall_limit

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from mlrun.web.transport import Transport

_TRIES = 3
_FIRST_PAUSE = 0.3
"""Seconds before the second try; twice as many before the third."""
_CHUNK = 1 << 16
_REPORT_EVERY = 0.2
"""Seconds between two lines of progress."""


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a server says whether a copy is still what it has.

    Attributes:
        etag: Its name of the content.
        modified: Since when it has it, as it said.
    """

    etag: str | None = None
    modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers of a request that asks for something newer only."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What came.

    Attributes:
        digest: SHA-256 of the bytes, as hexadecimal digits.
        validators: For the next time.
    """

    digest: str
    validators: Validators


def download(
    url: str, name: str, target: Path, validators: Validators, report: Report
) -> Downloaded | None:
    """Download a file.

    Args:
        url: Where it is, with credentials if the user gave them there.
        name: What messages call it, without credentials.
        target: Where to write it; what is there is overwritten, and removed after a failure.
        validators: Of the copy that is there already, elsewhere.
        report: Takes lines of progress.

    Returns:
        None if the copy is still what the server has.

    Raises:
        SourceUnavailableError: No answer, a stalled or cut-off download.
        SourceRefusedError: 401, 403, 404 and the like.
        SourceError: Too big; the disk is full.
    """
    from mlrun.sources.archive.failures import source_errors
    from mlrun.web.failures import WebTryAgainError, connection_failures
    from mlrun.web.transport import Transport

    with source_errors():
        transport = Transport(url, name)
    reason = ""
    for number in range(_TRIES):
        if number:
            sleep(_FIRST_PAUSE * number)
        try:
            with source_errors(), connection_failures(transport):
                return _once(transport, target, validators, report)
        except WebTryAgainError as error:
            reason = str(error)
            target.unlink(missing_ok=True)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    raise SourceUnavailableError(
        f"{name} {reason} (tried {_TRIES} times)", hint="try again in a while"
    )


def _once(
    transport: Transport, target: Path, validators: Validators, report: Report
) -> Downloaded | None:
    from mlrun.web.failures import refusal

    with transport.get(validators.headers()) as answer:
        if answer.status == 304 and validators.headers():
            return None
        if answer.status != 200:
            raise refusal(answer, transport)
        return _save(answer, transport.name, target, report)


def _save(answer: HTTPResponse, name: str, target: Path, report: Report) -> Downloaded:
    from hashlib import sha256

    from mlrun.web.failures import WebTryAgainError
    from mlrun.web.headers import settled_change

    digest = sha256()
    expected = answer.length
    _require_space(expected or 0, name, target)
    progress = _Progress(name, expected, report)
    with disk_errors(target.parent):
        file = open(target, "wb", buffering=0)  # noqa: SIM115 - what follows is not the disk's
    with file:
        while chunk := answer.read1(_CHUNK):
            digest.update(chunk)
            progress.add(len(chunk))
            _write(file, chunk, target)
    if expected is not None and progress.size < expected:
        got = f"{size_in_words(progress.size)} of {size_in_words(expected)}"
        raise WebTryAgainError(f"was cut off after {got}")
    modified = settled_change(answer.headers.get("Last-Modified"), answer.headers.get("Date"))
    return Downloaded(digest.hexdigest(), Validators(answer.headers.get("ETag"), modified))


def _write(file: IO[bytes], chunk: bytes, target: Path) -> None:
    rest = memoryview(chunk)
    with disk_errors(target.parent):
        while rest:
            rest = rest[file.write(rest) :]


def _require_space(size: int, name: str, target: Path) -> None:
    _require_allowed(size, name)
    free = free_space(target.parent)
    if size > free:
        raise SourceError(
            f"{name} has {size_in_words(size)}, and in {target.parent} there are "
            f"{size_in_words(free)} free",
            hint=MAKE_ROOM,
        )


def _require_allowed(size: int, name: str) -> None:
    limit = read_limits().size
    if size > limit:
        raise SourceError(
            f"{name} is bigger than {size_in_words(limit)}",
            hint=f"{ARCHIVE_LIMIT} sets how big an archive may be",
        )


class _Progress:
    """How far a download is: says it, and sees one that comes to a stand or has no end."""

    def __init__(self, name: str, expected: int | None, report: Report) -> None:
        self.size = 0
        self._name = name
        self._of = f" of {size_in_words(expected)}" if expected is not None else ""
        self._report = report
        self._said = self._since = monotonic()
        self._size_then = 0
        self._stall = stall_limit()

    def add(self, size: int) -> None:
        """Count what came.

        Raises:
            TimeoutError: It comes too slowly ever to end.
            SourceError: It is too much.
        """
        self.size += size
        _require_allowed(self.size, self._name)
        now = monotonic()
        if now - self._said >= _REPORT_EVERY:
            self._said = now
            self._report(
                f"downloading {self._name}: {size_in_words(self.size)}{self._of}", passing=True
            )
        if now - self._since >= self._stall:
            if self.size - self._size_then < SLOWEST * self._stall:
                raise TimeoutError("too slow")
            self._since, self._size_then = now, self.size
