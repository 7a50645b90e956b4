"""One request for a file over HTTP(S): proxies, certificates, logins, redirects.

Costly to import: only a download does.
"""

from __future__ import annotations

import http.client
import io
import os
import ssl
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from mlrun._version import __version__
from mlrun.web.failures import WebError, WebRefusedError
from mlrun.web.login import Login, split_login, stored_login
from mlrun.web.timeouts import connect_limit, stall_limit

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ASCII = "".join(map(chr, range(128)))
_PORTS = {"http": 80, "https": 443}
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Origin(NamedTuple):
    """A server."""

    scheme: str
    host: str
    port: int


class Transport:
    """Asks for one file.

    Args:
        url: Where it is, with credentials if the user gave them there.
        name: What messages call it.

    Raises:
        WebError: The address cannot be understood, or is not of HTTP(S).
    """

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        try:
            self._url, login = split_login(url)
            self.origin = _origin_of(self._url)
        except ValueError as error:
            raise WebError(
                f"the address {name} cannot be understood: {error}",
                hint="it is like https://HOST/PATH",
            ) from None
        self.login: Login | None = login or stored_login(self.origin.host)
        self._opener = _opener()

    def get(self, headers: Mapping[str, str], method: str = "GET") -> http.client.HTTPResponse:
        """Send the request and return the answer, whatever its status is.

        Args:
            headers: Beside the usual ones.
            method: GET or HEAD.

        Raises:
            WebRefusedError: A redirect that is not followed.
            OSError: No connection, or none any more (`URLError` among them).
            HTTPException: An answer that is not of HTTP.
        """
        url = self._url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._ask(url, headers, method)
            place = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or not place:
                return answer
            answer.close()
            url = self._redirected(url, place)
        raise WebRefusedError(f"{self.name} redirects more than {_MOST_REDIRECTS} times")

    def _ask(self, url: str, headers: Mapping[str, str], method: str) -> http.client.HTTPResponse:
        request = urllib.request.Request(  # noqa: S310 - looked at
            url, headers=dict(headers), method=method
        )
        request.add_header("User-Agent", f"mlrun/{__version__}")
        request.add_header("Accept-Encoding", "identity")
        if self.login is not None and self._is_home(_origin_of(url)):
            request.add_header("Authorization", self.login.header())
        answer: http.client.HTTPResponse = self._opener.open(request, timeout=stall_limit())
        return answer

    def _is_home(self, origin: Origin) -> bool:
        """Return whether the user's login may go there: the server itself, or it by TLS."""
        upgraded = Origin("https", self.origin.host, 443)
        is_plain = self.origin == Origin("http", self.origin.host, 80)
        return origin == self.origin or (is_plain and origin == upgraded)

    def _redirected(self, url: str, place: str) -> str:
        try:
            # Its bytes beyond ASCII, in whatever encoding, are asked for as they came.
            place = quote(place.encode("latin-1"), safe=_ASCII)
            target, _ = split_login(urljoin(url, place))
            origin = _origin_of(target)
        except ValueError as error:
            raise WebRefusedError(
                f"{self.name} redirects to where no file can be had: {error}"
            ) from None
        if _origin_of(url).scheme == "https" and origin.scheme != "https":
            raise WebRefusedError(
                f"{self.name} redirects to {origin.host} without encryption",
                hint="where that is meant, give the address that it redirects to",
            )
        return target


def _origin_of(url: str) -> Origin:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError(f"only http and https are taken, not {parts.scheme or 'none'}")
    return Origin(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])


class _Timed(io.RawIOBase):
    """What comes from a server, up to a moment that moves on while it gets somewhere.

    A socket's own limit is for each byte: with one now and then, or with headers without end, a
    server could go on for ever.
    """

    def __init__(self, stream: io.RawIOBase) -> None:
        self._stream = stream
        self.begin()

    def begin(self) -> None:
        """Give the server the whole time once more."""
        self._deadline = monotonic() + stall_limit()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if monotonic() > self._deadline:
            raise TimeoutError("too slow")
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer whose headers come in time, and each part of whose content does."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timed = _Timed(self.fp.detach())
        self.fp = io.BufferedReader(self._timed)

    def read1(self, n: int = -1) -> bytes:
        self._timed.begin()
        return super().read1(n)


class _Quick:
    """A connection that is made within a shorter time than it may then stand still."""

    timeout: float | None
    sock: Any

    def connect(self) -> None:
        stall, self.timeout = self.timeout, connect_limit()
        super().connect()  # type: ignore[misc]
        self.sock.settimeout(stall)


class _Plain(_Quick, http.client.HTTPConnection):
    """Without TLS."""

    response_class = _Answer


class _Encrypted(_Quick, http.client.HTTPSConnection):
    """With TLS."""

    response_class = _Answer


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Plain, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Encrypted, req, context=_trust())


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener that knows proxies, and neither redirects nor other kinds of address."""
    opener = urllib.request.OpenerDirector()
    handlers = (urllib.request.ProxyHandler, _HttpHandler, _HttpsHandler)
    for handler in (*handlers, urllib.request.UnknownHandler):
        opener.add_handler(handler())
    return opener


def _trust() -> ssl.SSLContext:
    """Return whose certificates are believed: a file of the user's, or the system's.

    OpenSSL itself heeds `SSL_CERT_FILE` and `SSL_CERT_DIR` for the latter.
    """
    for variable in _CA_VARIABLES:
        given = os.environ.get(variable)
        if given:
            is_folder = Path(given).is_dir()
            try:
                return ssl.create_default_context(
                    cafile=None if is_folder else given, capath=given if is_folder else None
                )
            except OSError as error:  # among them ssl.SSLError
                raise WebError(
                    f"{variable} names no certificates: {given}: {error.strerror}"
                ) from None
    return ssl.create_default_context()
