"""Who the user is to a web server: the address says it, or `~/.netrc`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password.

    Attributes:
        source: Where they were found, as a message names it.
        user: May be a token, with an empty password.
        password: As it is, not as an address encodes it.
    """

    source: str
    user: str = field(repr=False)
    password: str = field(repr=False)

    def header(self) -> str:
        """Return the value of the Authorization header."""
        from base64 import b64encode

        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


def split_login(url: str) -> tuple[str, Login | None]:
    """Take user name and password out of an address, and its fragment.

    Returns:
        The address that a request can name, and who the user is.

    Raises:
        ValueError: It cannot be understood.
    """
    parts = urlsplit(url)
    user_info, at, host = parts.netloc.rpartition("@")
    _ = parts.port  # raises for what is no number
    if not parts.hostname:
        raise ValueError("it names no host")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]{}|^")
    plain = urlunsplit((parts.scheme.lower(), host, path, query, ""))
    if not at:
        return plain, None
    user, _, password = user_info.partition(":")
    return plain, Login("the address", unquote(user), unquote(password))


def stored_login(host: str) -> Login | None:
    """Return what `~/.netrc` (or the file that `NETRC` names) says of a host.

    Like curl and pip, it passes over a file that cannot be understood.
    """
    from netrc import NetrcParseError, netrc

    file = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")  # noqa: PTH111
    if not Path(file).is_file():
        return None
    try:
        found = netrc(file).authenticators(host)
    except (NetrcParseError, OSError, UnicodeError):
        return None
    if found is None:
        return None
    user, account, password = found
    return Login(file, user or account or "", password or "")
