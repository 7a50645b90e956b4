"""Who is let in: the bearer of the token, at an address that the gateway knows as its own."""

from __future__ import annotations

import base64
import binascii
import hmac

from aiohttp import web
from aiohttp.http import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL


class Admission:
    """Decides on requests.

    Args:
        token: What each must bear: as bearer token, as the password of any user, or as the
            first part of its path.
        hosts: What each may name as its host: a page of a browser, led here by a name that
            changed its address, names another.
    """

    def __init__(self, token: str, hosts: frozenset[str]) -> None:
        self._token = token.encode()
        self._bearer = b"Bearer " + self._token
        self._prefix = f"/{token}/".encode()
        self._hosts = hosts

    def read_path(self, message: RawRequestMessage) -> RawRequestMessage:
        """Return what came, with the token that its path begins with in the header instead.

        A message whose path does not begin with it is returned as it is.
        """
        length = len(self._prefix)
        given = message.path[:length].encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._prefix):
            return message
        # Clients write a slash too many before the paths of artifacts.
        path = "/" + message.path[length:].lstrip("/")
        headers = CIMultiDict(message.headers)
        headers["Authorization"] = self._bearer.decode()
        return message._replace(
            path=path, url=URL(path, encoded=True), headers=CIMultiDictProxy(headers)
        )

    def admits(self, request: web.BaseRequest) -> bool:
        """Return whether a request may be answered; in a time that tells nothing."""
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        is_known = hmac.compare_digest(given, self._bearer) or hmac.compare_digest(
            _secret(given), self._token
        )
        return is_known and request.headers.get("Host", "").lower() in self._hosts


def _secret(header: bytes) -> bytes:
    """Return what an Authorization header bears, empty if it cannot be read."""
    scheme, _, rest = header.partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
