"""Speaks with a repository's server: which refs it has, and fetching commits from it.

Authentication is the user's own git configuration: credential helpers, the SSH agent, proxies.
User name and password of a URI reach git by a credential helper that reads variables, and so no
process list. Where nobody can be asked, nothing prompts, and nothing waits for ever.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.base import Report, ignore
from mlrun.sources.git.local_failures import no_git
from mlrun.sources.git.server.answers import Hearing, hearing
from mlrun.sources.git.server.credentials import talking_environ, talking_options
from mlrun.sources.git.server.refs import RemoteRefs, parse_refs
from mlrun.sources.git.server.watching import StalledError, Watch, follow
from mlrun.sources.git.url import GitUrl
from mlrun.web.timeouts import stall_limit


def list_refs(
    url: GitUrl, *, may_ask: bool, everything: bool, report: Report = ignore
) -> RemoteRefs:
    """Ask a server for its refs, with one `git ls-remote`.

    Args:
        url: The repository.
        may_ask: Whether a person is there whom git may ask for a password.
        everything: All refs (HEAD, pull requests); otherwise branches and tags, which big
            servers answer much faster.
        report: Takes a line when the server is slow to answer.

    Raises:
        SourceUnavailableError: No answer.
        SourceRefusedError: Credentials missing or wrong, or no such repository.
        SourceError: No git on this machine.
    """
    with hearing(url, may_ask=may_ask) as heard:
        return _list_refs(url, may_ask, everything, heard, report)


def _list_refs(
    url: GitUrl, may_ask: bool, everything: bool, heard: Hearing, report: Report
) -> RemoteRefs:
    limit = stall_limit()
    process = _start_listing(url, may_ask, everything, heard)
    out, err = bytearray(), bytearray()
    assert process.stdout is not None
    assert process.stderr is not None
    readers = {process.stdout: out.extend, process.stderr: err.extend}
    watch = Watch(
        process.pid,
        limit,
        may_ask=may_ask,
        notice=lambda: report(f"waiting for {url.host or url.address}"),
    )
    try:
        code = follow(process, readers, watch, leads_group=not may_ask)
    except StalledError as error:
        from mlrun.sources.git.server.failures import stalled

        raise stalled(url, error.seconds) from None
    if code == 0:
        return parse_refs(bytes(out))
    from mlrun.sources.git.server.failures import failure

    failed = failure(url, err.decode("utf-8", "replace"), code)
    raise failed if isinstance(failed, SourceError) else SourceError(str(failed))


def _start_listing(
    url: GitUrl, may_ask: bool, everything: bool, heard: Hearing
) -> subprocess.Popen[bytes]:
    narrowed = () if everything else ("--heads", "--tags")
    listing = ("ls-remote", "--symref", *narrowed, "--", url.address)
    words = ("git", *talking_options(url), *heard.options, *listing)
    try:
        return subprocess.Popen(
            words,
            env=talking_environ(url, may_ask=may_ask),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=not may_ask,
            pass_fds=heard.pass_fds,
        )
    except (FileNotFoundError, PermissionError):
        raise no_git(url.address) from None
    except ValueError as error:
        raise SourceError(f"{url.address} cannot be given to git: {error}") from None


def fetch(
    url: GitUrl,
    mirror: Path,
    refspecs: Sequence[str],
    *,
    may_ask: bool,
    report: Report,
    depth: int | None = None,
    unshallow: bool = False,
    blobs: bool = True,
) -> None:
    """Fetch into a bare repository, saying how far it is.

    Only for the one who has the mirror's lock: what a killed git left there is removed first.

    Args:
        url: The repository.
        mirror: The bare repository to fetch into; its own configuration has no remote.
        refspecs: What to fetch, and the refs of the mirror to write. Of those that a pattern
            writes (`refs/heads/*`), the ones that the server has no more go: a branch may have
            made room for a folder of its name.
        may_ask: As for `list_refs`.
        report: Takes lines of progress.
        depth: How many commits deep; None for all.
        unshallow: Make a mirror that is not whole so.
        blobs: False for commits alone, without folders and files (a server that cannot do that
            sends all). Git then notes in the mirror where the rest is, so that it must be a
            repository for this alone.

    Raises:
        SourceUnavailableError: No answer, a stalled connection, one that was cut off.
        SourceRefusedError: Credentials missing or wrong, or no such repository or commit.
        ShallowRefusedError: The server cannot give a part of the history, or this commit by itself.
        SourceError: No git, no space on the disk.
    """
    try:
        from mlrun.sources.git.server.transfer import Transfer, transfer
    except ImportError:  # GitPython's way to say that there is no git
        raise no_git(url.address) from None
    what = Transfer(url, mirror, refspecs, depth=depth, unshallow=unshallow, blobs=blobs)
    transfer(what, may_ask=may_ask, report=report)
