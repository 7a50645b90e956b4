"""What git-lfs wrote when it failed, as one error: what failed, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlrun.errors import SourceError, SourceRefusedError, SourceUnavailableError
from mlrun.execution.redact import mask_text
from mlrun.sources.git.credentials import secrets_of
from mlrun.sources.git.failures import failure
from mlrun.sources.git.lfs import Pointer
from mlrun.sources.git.url import GitUrl

_SHOWN = 5
_LONGEST = 300

_FULL = re.compile(r"(?i)no space left on device|quota exceeded$")
_QUOTA = re.compile(r"(?i)data quota|bandwidth|rate limit|HTTP 429")
_NO_ACCESS = re.compile(
    r"could not read (?:Username|Password)|(?i:authentication required|authorization error)"
    r"|HTTP 40[13]"
)
_CERTIFICATE = re.compile(r"x509: (?P<why>[^\n]*)")
_NOT_THERE = re.compile(
    r"(?i)\[404\]|\[410\]|does not exist|not found|missing object|HTTP 404|HTTP 410"
)
_NO_HOST = re.compile(r"no such host|server misbehaving")
_SERVER = re.compile(r"(?i)server error|HTTP 5\d\d|\[5\d\d\]|unexpected EOF|: EOF")


def program_missing(pointers: Sequence[Pointer]) -> SourceError:
    """Return the error that names the files which the project would read as pointers."""
    several = len(pointers) > 1
    return SourceError(
        f"{_files(pointers)} {'are' if several else 'is'} kept in Git LFS, and git-lfs is not "
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
    files = _files(missing)
    site = f"{url.transport}://{url.host}" if url.host else url.address
    if _FULL.search(text):
        return SourceError(
            f"the disk is full while {files} of Git LFS came",
            hint="make room (`mlrun cache prune`); MLRUN_CACHE_DIR moves the cache",
        )
    if _QUOTA.search(text):
        message = f"{site} gives no more contents of Git LFS for now: {_line(text, url)}"
        return SourceRefusedError(message, hint="ask those who keep the repository")
    if _NO_ACCESS.search(text):
        return SourceRefusedError(
            f"{site} does not give {files} of Git LFS: user name and password are missing or not "
            "accepted",
            hint="give git the credentials (a credential helper, or GIT_ASKPASS), or put them "
            "into the URI: https://USER:PASSWORD@HOST/...",
        )
    if found := _CERTIFICATE.search(text):
        return SourceRefusedError(
            f"the certificate of {site} is not trusted: {found['why']}",
            hint="name your authority's certificates in GIT_SSL_CAINFO, or git's http.sslCAInfo",
        )
    if _NOT_THERE.search(text) or not text.strip():
        return _not_there(site, files)
    if _NO_HOST.search(text) or _SERVER.search(text):
        message = f"{site} does not answer for {files} of Git LFS: {_line(text, url)}"
        return SourceUnavailableError(message, hint="run it again: what came stays in the cache")
    failed = failure(url, text, code)
    return failed if isinstance(failed, SourceError) else _not_there(site, files)


def _not_there(site: str, files: str) -> SourceRefusedError:
    return SourceRefusedError(
        f"{site} does not have {files}, of which the repository has pointers of Git LFS",
        hint="whoever committed them has yet to push them: `git lfs push --all`",
    )


def _files(pointers: Sequence[Pointer]) -> str:
    names = ", ".join(repr(pointer.path) for pointer in pointers[:_SHOWN])
    more = f" and {len(pointers) - _SHOWN} more" if len(pointers) > _SHOWN else ""
    return f"{names}{more}"


def _line(text: str, url: GitUrl) -> str:
    """Return the first line, which says why, in a form that can be shown."""
    line = mask_text(text.strip().splitlines()[0], secrets_of(url))
    shown = "".join(character if character.isprintable() else " " for character in line)
    return shown.removeprefix("batch response: ")[:_LONGEST]
