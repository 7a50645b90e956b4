"""Brings a commit into a mirror: the least that a server is willing to send.

A server is asked for the commit alone; one that gives no commit by its hash, for the ref that it
was found by; one that gives no part of a history, for all of it.
"""

from __future__ import annotations

from pathlib import Path

from mlrun.errors import VersionNotFoundError
from mlrun.sources.base import Report
from mlrun.sources.cache import locked
from mlrun.sources.git.mirror import REFS, Mirror
from mlrun.sources.git.process import GitError, run_git
from mlrun.sources.git.talking import ShallowRefusedError, fetch
from mlrun.sources.git.versions import Resolved

_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_HISTORY = "history"


def bring(mirror: Mirror, resolved: Resolved, may_ask: bool, report: Report) -> str:
    """Fetch a commit, and return its hash (of the commit itself, where a tag's was given).

    Only for the one who has the mirror's lock.

    Raises:
        VersionNotFoundError: The repository has no such commit.
        SourceError: It cannot be fetched.
        GitError: The mirror cannot be written.
    """
    report(f"fetching {mirror.url.address} at {resolved.commit[:7]}")
    mirror.prepare(resolved.commit)
    by_name = f"{REFS}/by-name"
    attempts = [f"{resolved.commit}:{REFS}/{resolved.commit}"]
    attempts += [f"+{resolved.ref}:{by_name}"] if resolved.ref else []
    for refspec in attempts:
        try:
            fetch(mirror.url, mirror.folder, [refspec], may_ask=may_ask, report=report, depth=1)
        except ShallowRefusedError:
            continue
        commit = _commit_here(mirror, resolved.commit)
        if commit is not None:
            return commit
    return _bring_everything(mirror, resolved, may_ask, report)


def _bring_everything(mirror: Mirror, resolved: Resolved, may_ask: bool, report: Report) -> str:
    refspecs = [*_EVERYTHING, *([f"+{resolved.ref}:{REFS}/by-name"] if resolved.ref else [])]
    fetch(
        mirror.url,
        mirror.folder,
        refspecs,
        may_ask=may_ask,
        report=report,
        unshallow=mirror.is_shallow,
    )
    commit = _commit_here(mirror, resolved.commit)
    if commit is None:
        raise VersionNotFoundError(
            f"{mirror.url.address} has no commit {resolved.commit}",
            hint="a commit must be on one of its branches or tags; was it force-pushed away?",
        )
    return commit


def _commit_here(mirror: Mirror, name: str) -> str | None:
    """Return the commit that a hash means in the mirror, and keep it; None if it is not there."""
    try:
        words = ("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")
        commit = run_git(*words, folder=mirror.folder).decode().strip()
    except GitError:
        return None
    run_git("update-ref", f"{REFS}/{commit}", commit, folder=mirror.folder)
    return commit


def find_in_history(
    mirror: Mirror, beginning: str, may_ask: bool, report: Report
) -> Resolved | None:
    """Return the commit whose hash begins so, by fetching the names of all commits.

    A partial clone of its own beside the mirror's commits has no files, where the server can
    leave them out.

    Args:
        mirror: The repository's.
        beginning: Hexadecimal digits.
        may_ask: Whether git may ask a person for a password.
        report: Takes lines about what happens.

    Raises:
        VersionNotFoundError: There are several such commits.
        SourceError: The history cannot be fetched.
    """
    folder = mirror.folder / _HISTORY
    lease = mirror.hold_or_make()
    try:
        return _find_commit(mirror, folder, beginning, may_ask, report)
    finally:
        lease.release()


def _find_commit(
    mirror: Mirror, folder: Path, beginning: str, may_ask: bool, report: Report
) -> Resolved | None:
    with locked(mirror.folder, report, "fetches this repository"):
        if not (folder / "HEAD").exists():
            folder.mkdir(exist_ok=True)
            run_git("init", "--bare", "--quiet", "--template=", ".", folder=folder)
        report(f"looking for {beginning} in the history of {mirror.url.address}")
        fetch(mirror.url, folder, _EVERYTHING, may_ask=may_ask, report=report, blobs=False)
        found = run_git("rev-parse", f"--disambiguate={beginning.lower()}", folder=folder)
        kinds = run_git("cat-file", "--batch-check", folder=folder, standard_input=found)
    commits = [line.split()[0] for line in kinds.decode().splitlines() if " commit " in line]
    if len(commits) > 1:
        raise VersionNotFoundError(
            f"{beginning} is the beginning of {len(commits)} commits: {', '.join(commits[:3])}",
            hint="give more digits",
        )
    return Resolved(commits[0]) if commits else None
