"""A file of a web server, as data to fetch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlrun.errors import InputError
from mlrun.execution.redact import mask_url
from mlrun.inputs.addresses import web_key, web_name
from mlrun.inputs.base import RemoteFile
from mlrun.inputs.failures import ChangedError, NoServerError, PassingError
from mlrun.web.failures import (
    WebError,
    WebRefusedError,
    WebStalledError,
    WebTryAgainError,
    WebUnavailableError,
    connection_failures,
    refusal,
)
from mlrun.web.headers import settled_change, whole_number

if TYPE_CHECKING:
    from http.client import HTTPResponse

_BLOCK = 1 << 18


class WebFile:
    """A file at `http://` or `https://`.

    Args:
        uri: With credentials if the user gave them there.

    Raises:
        InputError: No address of the web.
    """

    def __init__(self, uri: str) -> None:
        from mlrun.web.transport import Transport

        self.shown = mask_url(uri.partition("#")[0])
        try:
            self.name = web_name(uri)
            self.key = web_key(uri)
        except ValueError as error:
            raise InputError(f"{self.shown} cannot be understood: {error}") from None
        with self._input_errors():
            self._transport = Transport(uri, self.shown)

    def files(self) -> tuple[RemoteFile, ...]:
        """Return the one file. HEAD may be unknown, or not be what an address is signed for."""
        with self._input_errors(), connection_failures(self._transport):
            with self._transport.get({}, method="HEAD") as answer:
                if answer.status == 200:
                    return (_described(answer),)
                if answer.status in (429, 503):
                    raise refusal(answer, self._transport)
            with self._transport.get({}) as answer:
                if answer.status != 200:
                    raise refusal(answer, self._transport)
                return (_described(answer),)

    @contextmanager
    def read(self, file: RemoteFile, offset: int) -> Iterator[Iterator[bytes]]:
        """Return the content from an offset; of a server that knows no parts, all is read."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with (
            self._input_errors(),
            connection_failures(self._transport),
            self._transport.get(headers) as answer,
        ):
            if answer.status == 416:
                raise ChangedError(f"{self.shown} is shorter now than it was")
            if answer.status not in (200, 206):
                raise refusal(answer, self._transport)
            start = self._first_byte(answer)
            if start > offset:
                raise WebRefusedError(f"{self.shown}: the server sent another part than asked")
            self._require_same(file, answer)
            yield _blocks(answer, offset - start)

    def _require_same(self, file: RemoteFile, answer: HTTPResponse) -> None:
        found = _described(answer)
        size = _size_of_all(answer)
        is_other = file.version is not None and found.version != file.version
        if is_other or (None not in (size, file.size) and size != file.size):
            raise ChangedError(f"{self.shown} has changed while it was fetched")

    def _first_byte(self, answer: HTTPResponse) -> int:
        if answer.status == 200:
            return 0
        said = answer.headers.get("Content-Range", "").partition("bytes ")[2].partition("-")[0]
        first = whole_number(said)
        if first is None:
            raise WebRefusedError(f"{self.shown}: the server does not say which part it sent")
        return first

    @contextmanager
    def _input_errors(self) -> Iterator[None]:
        try:
            yield
        except WebTryAgainError as error:
            raise PassingError(f"{self.shown} {error.message}", after=error.after) from error
        except WebStalledError as error:
            raise PassingError(error.message, hint=error.hint) from error
        except WebUnavailableError as error:
            raise NoServerError(error.message, hint=error.hint) from error
        except WebError as error:
            raise InputError(error.message, hint=error.hint) from error


def _described(answer: HTTPResponse) -> RemoteFile:
    return RemoteFile("", _size_of_all(answer), _version(answer))


def _size_of_all(answer: HTTPResponse) -> int | None:
    """Return the size of the whole file, also where only a part of it is sent."""
    if answer.status == 206:
        total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        return whole_number(total)
    # The answer to HEAD has a length of zero for http.client.
    return whole_number(answer.headers.get("Content-Length", ""))


def _version(answer: HTTPResponse) -> str | None:
    """Return by what the server knows this content."""
    etag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    return etag or settled_change(modified, answer.headers.get("Date"))


def _blocks(answer: HTTPResponse, skipped: int) -> Iterator[bytes]:
    while block := answer.read1(_BLOCK):
        if skipped:
            block, skipped = block[skipped:], max(0, skipped - len(block))
        if block:
            yield block
