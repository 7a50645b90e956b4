"""What git-lfs wrote when it failed, as one error: what failed, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlrun.errors import SourceError, SourceRefusedError, SourceUnavailableError
from mlrun.execution.redact import mask_text
from mlrun.folders import MAKE_ROOM
from mlrun.sources.git.lfs.contents import Pointer
from mlrun.sources.git.server.credentials import secrets_of
from mlrun.sources.git.server.failures import failure
from mlrun.sources.git.url import GitUrl

_SHOWN = 5
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class _Rule:
    """How git-lfs says something, and how mlrun does.

    Attributes:
        pattern: A regular expression.
        error: What is raised.
        message: With `{files}` that did not come, `{site}`, and `{line}` that git-lfs wrote.
        hint: What to do.
    """

    pattern: str
    error: type[SourceError]
    message: str
    hint: str


_NOT_THERE = _Rule(
    r"(?i)\[404\]|\[410\]|does not exist|not found|missing object|HTTP 404|HTTP 410",
    SourceRefusedError,
    "{site} does not have {files}, of which the repository has pointers of Git LFS",
    "whoever committed them has yet to push them: `git lfs push --all`",
)

# The first that fits is the one.
_RULES = (
    _Rule(
        r"(?i)no space left on device|disk quota exceeded",
        SourceError,
        "the disk is full while {files} of Git LFS came",
        MAKE_ROOM,
    ),
    _Rule(
        r"(?i)data quota|bandwidth|rate limit|HTTP 429",
        SourceRefusedError,
        "{site} gives no more contents of Git LFS for now: {line}",
        "ask those who keep the repository",
    ),
    _Rule(
        r"Permission denied \([\w,-]+\)|Host key verification failed",
        SourceRefusedError,
        "{site} does not let you in for {files} of Git LFS: {line}",
        "keys come from ssh-agent and ~/.ssh/config, or GIT_SSH_COMMAND",
    ),
    _Rule(
        r"could not read (?:Username|Password)|HTTP 40[13]"
        r"|(?i:authentication required|authorization error)",
        SourceRefusedError,
        "{site} does not give {files} of Git LFS: user name and password are missing or not "
        "accepted",
        "give git the credentials (a credential helper, or GIT_ASKPASS), or put them into the "
        "URI: https://USER:PASSWORD@HOST/...",
    ),
    _Rule(
        r"x509: ",
        SourceRefusedError,
        "the certificate of {site} is not trusted: {line}",
        "name your authority's certificates in GIT_SSL_CAINFO, or git's http.sslCAInfo",
    ),
    _NOT_THERE,
    _Rule(
        r"(?i)no such host|server misbehaving|server error|HTTP 5\d\d|unexpected EOF|: EOF",
        SourceUnavailableError,
        "{site} does not answer for {files} of Git LFS: {line}",
        "run it again: what came stays in the cache",
    ),
)


def program_missing(pointers: Sequence[Pointer]) -> SourceError:
    """Return the error that names the files which the project would read as pointers."""
    several = len(pointers) > 1
    return SourceError(
        f"{named(pointers)} {'are' if several else 'is'} kept in Git LFS, and git-lfs is not "
        f"installed: the project would read {'pointers' if several else 'a pointer'} as data",
        hint="install git-lfs (`apt-get install git-lfs`, `brew install git-lfs`), and run again",
    )


def lfs_failure(url: GitUrl, missing: Sequence[Pointer], text: str, code: int) -> SourceError:
    """Return what to raise for a git-lfs that has not brought everything.

    Args:
        url: The server that it asked.
        missing: To contents that did not come.
        text: What it wrote to standard error.
        code: Its exit code.
    """
    rule = next((rule for rule in _RULES if re.search(rule.pattern, text)), None)
    if rule is None and text.strip():
        failed = failure(url, text, code)
        if isinstance(failed, SourceError):
            return failed
    # Without a word, or with one about commits, it has said that there is nothing.
    rule = rule or _NOT_THERE
    site = f"{url.transport}://{url.host}" if url.host else url.address
    message = rule.message.format(files=named(missing), site=site, line=_line(text, url))
    return rule.error(message, hint=rule.hint)


def named(pointers: Sequence[Pointer]) -> str:
    """Return the files for a message: the first few, and how many more there are."""
    names = ", ".join(repr(pointer.path) for pointer in pointers[:_SHOWN])
    more = f" and {len(pointers) - _SHOWN} more" if len(pointers) > _SHOWN else ""
    return f"{names}{more}"


def _line(text: str, url: GitUrl) -> str:
    """Return the first line, which says why, in a form that can be shown."""
    line = mask_text(text.strip().partition("\n")[0], secrets_of(url))
    shown = "".join(character if character.isprintable() else " " for character in line)
    return shown.removeprefix("batch response: ")[:_LONGEST]
