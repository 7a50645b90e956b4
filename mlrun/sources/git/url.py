"""The address of a Git repository: which are taken, and what of them may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mlrun.errors import SourceError
from mlrun.execution.redact import is_secret_name, mask_url
from mlrun.hashing import hash_of
from mlrun.sources.addresses.parts import (
    UrlParts,
    decode,
    folder_name,
    has_control_characters,
    split_url,
)

TRANSPORTS = ("https", "http", "ssh", "git", "file")
"""The only ways in which a repository is fetched."""

_PORTS = {"https": "443", "http": "80", "ssh": "22", "git": "9418"}
_HELPER = re.compile(r"[A-Za-z0-9+.-]+(?=::)")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+(?:%[\w.]+)?\]|(?!-)[\w.-]+)(?::(\d{0,5}))?")
# The first colon ends the host, and no slash stands before it: git's own rule.
_SCP = re.compile(r"(?:([^/:\[\]]+)@)?(\[[^\]@/]+\]|[^/:@\[\]]+):(.*)", re.DOTALL)
_UNRESERVED = re.compile(r"%(2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])")


@dataclass(frozen=True, slots=True)
class GitUrl:
    """Where a repository is.

    Attributes:
        address: What git is given and what is recorded: without user name and password, but
            for the login name of SSH, which is part of the address.
        transport: One of `TRANSPORTS`; `ssh` for `git@host:path` too.
        host: With port where one is given; empty for `file`.
        username: From the URI of an HTTP(S) repository.
        password: From the URI of an HTTP(S) repository.
    """

    address: str
    transport: str
    host: str = ""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        """The repository's path on its host, decoded where git decodes it.

        That of `host:path` is relative to the login's home, which `ssh://` writes as `/~/path`.
        """
        parts = split_url(self.address)
        if parts is None:
            path = self.address.partition(f"{self.host}:")[2]
            return path if path.startswith("/") else f"/{path if path[:1] == '~' else '~/' + path}"
        if self._is_web:
            return _UNRESERVED.sub(lambda found: decode(found[0]), parts.path)
        return decode(parts.path)

    @property
    def name(self) -> str:
        """The repository's name: the last part of its path without `.git`.

        It can be a folder's name.
        """
        path = _without_ending(self.path.partition("?")[0] if self._is_web else self.path)
        return folder_name(path.rpartition("/")[2], "repository")

    @property
    def key(self) -> str:
        """A file's name for its mirror: equal for spellings of the same address.

        Case of scheme and host, a default port, a slash or `.git` at the end, user name and
        password make no difference.
        """
        where = f"{self._login}@{'/'.join(self.origin)}{_without_ending(self.path)}"
        readable = re.sub(r"[^A-Za-z0-9._-]+", "_", self.name).lstrip("._-")[:40]
        return f"{readable or 'repository'}-{hash_of(where)[:12]}"

    @property
    def origin(self) -> tuple[str, str]:
        """Transport and host with port, equal for spellings of the same."""
        host = self.host.lower()
        if host.startswith("[") and ":" not in host.partition("]")[2]:
            inner = host[1:-1]
            # Git's `[host:port]:path`, where the brackets hold no IPv6 address.
            host = inner if inner.count(":") == 1 else host
        name, colon, port = host.rpartition(":")
        if not colon or "]" in port:
            name, port = host, ""
        return self.transport, f"{name}:{str(int(port)) if port else _PORTS.get(self.transport)}"

    def submodule(self, url: str) -> GitUrl:
        """Return the address of a submodule, which may be relative (`../name.git`).

        Credentials go along only to the same scheme, host and port.

        Raises:
            SourceError: A transport or a form that is not taken; a local path or `file://`
                in a repository that is not local itself.
        """
        from mlrun.sources.git.submodule_url import submodule_url

        return submodule_url(self, url)

    @property
    def _is_web(self) -> bool:
        return self.transport in ("http", "https")

    @property
    def _login(self) -> str:
        """The login name of SSH, empty without one."""
        if self.transport != "ssh":
            return ""
        parts = split_url(self.address)
        if parts is not None:
            return decode(parts.user_info or "")
        return self.address.partition(f"{self.host}:")[0].removesuffix("@")


def parse_git_url(text: str) -> GitUrl:
    """Read the address of a repository.

    Args:
        text: `https://`, `http://`, `ssh://`, `git://`, `file://`, `git+https://` and the like,
            `user@host:path`, or an absolute local path.

    Raises:
        SourceError: Another transport (`ext::`, `fd::`), what git could take for an option (a
            host, user or path that begins with `-`), control characters, no host or no path.
        NotSupportedError: A scheme that is known and not taken (`s3://`, `ftp://`).
    """
    if has_control_characters(text) or has_control_characters(decode(text)):
        raise SourceError("the address of the repository has a line break or a control character")
    if text.startswith("-"):
        raise _option_like(text)
    if helper := _HELPER.match(text):
        raise SourceError(
            f"'{helper[0]}::' would start a program to fetch with, and is not taken",
            hint="taken are https, http, ssh, git and file",
        )
    parts = split_url(text)
    if parts is not None:
        return _from_parts(parts, text)
    if text.startswith("/"):
        return _from_file(text, text)
    return _from_scp(text)


def _from_parts(parts: UrlParts, text: str) -> GitUrl:
    scheme = parts.scheme.removeprefix("git+").removesuffix("+git")
    if scheme not in TRANSPORTS:
        from mlrun.sources.addresses.refused_schemes import refusal

        raise refusal(scheme)
    if scheme == "file":
        if parts.user_info is not None or parts.host.lower() not in ("", "localhost"):
            raise SourceError(
                f"'{mask_url(text)}' names another machine",
                hint="a path on this one has three slashes: file:///home/...",
            )
        return _from_file(decode(parts.path), text)
    require_place(parts, text)
    if scheme in ("http", "https"):
        return _from_web(scheme, parts, text)
    login = (parts.user_info or "").partition(":")[0]
    if decode(login).startswith("-"):
        raise _option_like(decode(login))
    # The others have no user names; a password has no use in either.
    before = f"{login}@" if login and scheme == "ssh" else ""
    return GitUrl(f"{scheme}://{before}{parts.host}{parts.path}", scheme, parts.host)


def require_place(parts: UrlParts, text: str) -> None:
    """Refuse an address without a host or a path on it.

    Args:
        parts: Of an address on a server.
        text: The whole of it, for the message.

    Raises:
        SourceError: There is none, or what stands there cannot be one.
    """
    scheme = parts.scheme.removeprefix("git+").removesuffix("+git")
    # `user:12/3@host` and `user:@3/4@host` have passwords, though they read otherwise.
    may_be_secret = re.search(r":\d+$", parts.host) or ":" in (parts.user_info or "")
    if scheme in ("http", "https") and re.search(r"\.git@[^@/]*(?:/[^@]*)?$", parts.path):
        raise SourceError(
            "an address by http or https has no version behind a '@'",
            hint="give it by --version, or write git+https:// before it, as pip does",
        )
    if may_be_secret and "@" in parts.path:
        raise _unreadable(scheme)
    _require_host(parts.host, text, scheme)
    path = parts.location if scheme in ("http", "https") else parts.path
    if not path.startswith("/") or not path.strip("/"):
        server = parts.host.rpartition(":")[0] or parts.host
        raise SourceError(f"'{scheme}://{server}' names a server and no repository on it")


def _from_web(scheme: str, parts: UrlParts, text: str) -> GitUrl:
    if "#" in parts.path:
        raise SourceError(f"the address '{mask_url(text)}' of a repository has a '#' in it")
    for pair in parts.query.split("&"):
        if is_secret_name(decode(pair.partition("=")[0])):
            raise SourceError(
                f"the address '{mask_url(text)}' of a repository has a secret in its query",
                hint="give it as the password: https://user:password@host/path",
            )
    username = password = None
    if parts.user_info:
        first, colon, rest = parts.user_info.partition(":")
        username = decode(first) if first or rest else None
        password = decode(rest) if colon and rest else None
    address = f"{scheme}://{parts.host}{parts.path.replace(' ', '%20')}"
    return GitUrl(address, scheme, parts.host, username, password)


def _from_file(path: str, text: str) -> GitUrl:
    import os
    from urllib.parse import quote

    if not path.startswith("/"):
        raise SourceError(f"'{mask_url(text)}' has no absolute path")
    return GitUrl("file://" + quote(os.fsencode(path), safe="/~:@!$&'()*+,;="), "file")


def _from_scp(text: str) -> GitUrl:
    found = _SCP.fullmatch(text)
    if found is None:
        raise SourceError(f"'{mask_url(text)}' is not the address of a repository")
    login, host, path = found[1] or "", found[2], found[3]
    for part in (login, host, path):
        if part.startswith("-"):
            raise _option_like(part)
    if re.match(r"[^/]*@[\w.-]+[:/]", path):
        raise SourceError(
            "an address of the form `host:path` takes no password",
            hint="write user@host:path; keys and agents of SSH are used as always",
        )
    if host.lower() in ("http", "https") or path.startswith("//"):
        raise SourceError(
            f"'{text.partition(':')[0]}:' is followed by less or more than '//' and a host",
            hint=f"did you mean '{host.lower()}://{path.lstrip('/')}'?",
        )
    inner = host[1:-1] if host.startswith("[") and host.count(":") == 1 else host
    _require_host(inner, text, "ssh")
    if not path.strip("/~"):
        raise SourceError(f"'{text}' names a server and no repository on it")
    return GitUrl(text, "ssh", host)


def _require_host(host: str, text: str, scheme: str) -> None:
    if host.startswith("-"):
        raise _option_like(host)
    if not host or host.startswith(":"):
        raise SourceError(f"'{mask_url(text)}' names no host")
    found = _HOST.fullmatch(host)
    if found and (not found[2] or int(found[2]) < 65536):
        return
    name, colon, _ = host.rpartition(":")
    # What stands behind the colon may be a part of a password, so it is not shown.
    if scheme == "ssh" and colon and _HOST.fullmatch(name):
        raise SourceError(
            "what follows the host and a colon is no port",
            hint="with ssh:// a slash follows the host; only `user@host:path` has a colon there",
        )
    raise _unreadable(scheme)


def _unreadable(scheme: str) -> SourceError:
    return SourceError(
        f"the host or port in an address by {scheme} cannot be read",
        hint="in a password, '/', '#', '?' and '@' are written %2F, %23, %3F and %40; "
        "behind a port or a password also the '@' of a path",
    )


def _option_like(part: str) -> SourceError:
    return SourceError(
        f"'{mask_url(part)}' begins with '-', and git or ssh could take it for an option"
    )


def _without_ending(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")
