"""The address of a Git repository: which are taken, and what of them may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field

TRANSPORTS = ("https", "http", "ssh", "git", "file")
"""The only ways in which a repository is fetched."""


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
    def name(self) -> str:
        """The repository's name: the last part of its path without `.git`."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """A file's name for its mirror: equal for spellings of the same address.

        Case of scheme and host, a default port, a slash or `.git` at the end, user name and
        password make no difference.
        """
        raise NotImplementedError

    def submodule(self, url: str) -> GitUrl:
        """Return the address of a submodule, which may be relative (`../name.git`).

        Credentials go along only to the same scheme, host and port.

        Raises:
            SourceError: A transport or a form that is not taken; a local path or `file://`
                in a repository that is not local itself.
        """
        raise NotImplementedError


def parse_git_url(text: str) -> GitUrl:
    """Read the address of a repository.

    Args:
        text: `https://`, `http://`, `ssh://`, `git://`, `file://`, `git+https://` and the like,
            `user@host:path`, or an absolute local path.

    Raises:
        SourceError: Another transport (`ext::`, `fd::`), what git could take for an option (a
            host, user or path that begins with `-`), control characters, no host or no path.
    """
    raise NotImplementedError
