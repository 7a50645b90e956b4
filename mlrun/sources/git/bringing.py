"""Brings a commit into a mirror: the least that a server is willing to send.

A server is asked for the commit alone; one that gives no commit by its hash, for the ref that it
was found by; one that gives no part of a history, for all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlrun.errors import SourceUnavailableError, VersionNotFoundError
from mlrun.sources.base import Report
from mlrun.sources.cache.holding import locked
from mlrun.sources.git.mirror import REFS, Mirror, make_bare
from mlrun.sources.git.process import GitError, run_git
from mlrun.sources.git.server.failures import ShallowRefusedError
from mlrun.sources.git.server.talking import fetch
from mlrun.sources.git.versions import Resolved

_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_HISTORY = "history"
_BY_NAME = f"{REFS}/by-name"
_ATTEMPTS = 3
_KINDS = {"blob": "a file", "tree": "a folder"}


def bring(mirror: Mirror, resolved: Resolved, may_ask: bool, report: Report) -> str:
    """Fetch a commit, and return its hash (of the commit itself, where a tag's was given).

    Where the ref that it was found by has moved since, and the server gives it no more, it is the
    commit that the ref is now. Only for the one who has the mirror's lock.

    Raises:
        VersionNotFoundError: The repository has no such commit.
        SourceError: It cannot be fetched.
        GitError: The mirror cannot be written.
    """
    report(f"fetching {mirror.url.address} at {resolved.commit[:7]}")
    mirror.prepare(resolved.commit)
    attempts = [(f"{resolved.commit}:{REFS}/{resolved.commit}", resolved.commit)]
    attempts += _by_name(resolved)
    for refspec, name in attempts:
        try:
            fetch(mirror.url, mirror.folder, [refspec], may_ask=may_ask, report=report, depth=1)
        except ShallowRefusedError:
            continue
        commit = _commit_here(mirror, resolved.commit) or _commit_here(mirror, name)
        if commit is not None:
            return commit
        _refuse_other_kinds(mirror, resolved.commit)
    return _bring_everything(mirror, resolved, may_ask, report)


def _refuse_other_kinds(mirror: Mirror, name: str) -> None:
    """Refuse what a server has given, and what is no commit: a tag may be on anything."""
    try:
        kind = run_git("--bare", "cat-file", "-t", name, folder=mirror.folder).decode().strip()
    except GitError:
        return
    what = _KINDS.get(kind, "a tag of something else")
    raise VersionNotFoundError(f"{name[:12]} of {mirror.url.address} is {what}, and no commit")


def _by_name(resolved: Resolved) -> list[tuple[str, str]]:
    """Return what fetches the ref that a commit was found by, and what it is called here."""
    return [(f"+{resolved.ref}:{_BY_NAME}", _BY_NAME)] if resolved.ref else []


def _bring_everything(mirror: Mirror, resolved: Resolved, may_ask: bool, report: Report) -> str:
    named = _by_name(resolved)
    refspecs = [*_EVERYTHING, *(refspec for refspec, _ in named)]
    _fetch_all(mirror, mirror.folder, refspecs, may_ask, report)
    for name in (resolved.commit, *(name for _, name in named)):
        commit = _commit_here(mirror, name)
        if commit is not None:
            return commit
    raise VersionNotFoundError(
        f"{mirror.url.address} has no commit {resolved.commit}",
        hint="a commit must be on one of its branches or tags; was it force-pushed away?",
    )


def _fetch_all(
    mirror: Mirror,
    folder: Path,
    refspecs: Sequence[str],
    may_ask: bool,
    report: Report,
    *,
    blobs: bool = True,
) -> None:
    """Fetch whole histories, also of a server whose branches move while it answers."""
    for attempt in range(_ATTEMPTS):
        # A server that gives no part of a history may also not tell what is missing of one.
        unshallow = mirror.is_shallow and attempt < _ATTEMPTS - 1
        try:
            fetch(
                mirror.url,
                folder,
                refspecs,
                may_ask=may_ask,
                report=report,
                unshallow=unshallow,
                blobs=blobs,
            )
        except ShallowRefusedError:
            continue
        return
    raise SourceUnavailableError(
        f"{mirror.url.address} changed each time while it was read", hint="run it again"
    )


def _commit_here(mirror: Mirror, name: str) -> str | None:
    """Return the commit that a hash means in the mirror, and keep it; None if it is not there."""
    try:
        words = ("--bare", "rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")
        commit = run_git(*words, folder=mirror.folder).decode().strip()
    except GitError:
        return None
    run_git("--bare", "update-ref", f"{REFS}/{commit}", commit, folder=mirror.folder)
    return commit


def find_in_history(
    mirror: Mirror, beginning: str, known: str, may_ask: bool, report: Report
) -> Resolved | None:
    """Return the commit whose hash begins so, by fetching the names of all commits.

    A partial clone of its own beside the mirror's commits has no files, where the server can
    leave them out.

    Args:
        mirror: The repository's.
        beginning: Hexadecimal digits.
        known: A hash that the server has named: its length says by which hash it names objects.
        may_ask: Whether git may ask a person for a password.
        report: Takes lines about what happens.

    Raises:
        VersionNotFoundError: There are several such commits.
        SourceError: The history cannot be fetched.
    """
    lease = mirror.hold_or_make()
    try:
        return _find_commit(mirror, beginning, known, may_ask, report)
    finally:
        lease.release()


def _find_commit(
    mirror: Mirror, beginning: str, known: str, may_ask: bool, report: Report
) -> Resolved | None:
    folder = mirror.folder / _HISTORY
    disambiguate = ("rev-parse", f"--disambiguate={beginning.lower()}")
    with locked(mirror.folder, report, "fetches this repository"):
        folder.mkdir(exist_ok=True)
        make_bare(folder, known)
        report(f"looking for {beginning} in the history of {mirror.url.address}")
        _fetch_all(mirror, folder, _EVERYTHING, may_ask, report, blobs=False)
        found = run_git("--bare", *disambiguate, folder=folder)
        kinds = run_git("--bare", "cat-file", "--batch-check", folder=folder, standard_input=found)
    commits = [line.split()[0] for line in kinds.decode().splitlines() if " commit " in line]
    if len(commits) > 1:
        raise VersionNotFoundError(
            f"{beginning} is the beginning of {len(commits)} commits: {', '.join(commits[:3])}",
            hint="give more digits",
        )
    return Resolved(commits[0]) if commits else None
