"""The parts of a `scheme://` address, without the cost of importing `urllib.parse`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_END_OF_AUTHORITY = re.compile(r"[/?#]")


@dataclass(frozen=True, slots=True)
class UrlParts:
    """An address as it was written, cut into parts; nothing is decoded.

    Attributes:
        scheme: In lower case.
        host: With the port, where there is one.
        path: From the first slash on, with query and fragment; `location` is without.
        user_info: What stands before `@`; None without one.
    """

    scheme: str
    host: str
    path: str
    user_info: str | None = field(default=None, repr=False)

    @property
    def location(self) -> str:
        """The path without query and fragment."""
        return self.path.partition("#")[0].partition("?")[0]

    @property
    def query(self) -> str:
        """What stands between `?` and `#`; empty without."""
        return self.path.partition("#")[0].partition("?")[2]


def split_url(text: str) -> UrlParts | None:
    """Cut an address into its parts; None for what has no `scheme://`."""
    scheme, separator, rest = text.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        return None
    end = _END_OF_AUTHORITY.search(rest)
    cut = end.start() if end else len(rest)
    user_info, at, host = rest[:cut].rpartition("@")
    return UrlParts(scheme.lower(), host, rest[cut:], user_info if at else None)


def has_control_characters(text: str) -> bool:
    """Return whether a text has line breaks, NUL or other control characters."""
    return _CONTROL.search(text) is not None


def decode(text: str) -> str:
    """Resolve percent-encoding."""
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text, errors="surrogateescape")


def folder_name(text: str, otherwise: str) -> str:
    """Make the last part of an address a folder's name.

    Args:
        text: The part, as it stands in the address.
        otherwise: What is taken where nothing usable is left (`..`, `~`, control characters).
    """
    name = decode(text).replace("/", "_").strip()
    if name in ("", ".", "..", "~") or has_control_characters(name):
        return otherwise
    return name
