"""A version of a repository on this machine, in a checkout of its own.

The user's repository is only read: working tree, HEAD, index, remotes, refs and stashes stay byte
for byte what they are.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from mlrun.errors import SourceError, VersionNotFoundError
from mlrun.sources.git.local.layout import git_folders
from mlrun.sources.git.local.looking import Objects, ask_repository, look_up, remote_of
from mlrun.sources.git.placing import Placement, place
from mlrun.sources.git.process import GitError
from mlrun.sources.git.versions import full_hash

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ARITHMETIC = re.compile(r"[\^~:]|@\{|\.\.")
_DESCRIBED = re.compile(r"-g[0-9a-fA-F]{4,64}$")
_REMOTE_BRANCH = re.compile(r"^refs/remotes/[^/]+/")
_MISSING = re.compile(r"cannot read object|unable to read|missing blob|bad object|not a valid")
_HEADS, _TAGS, _ORIGIN = "refs/heads/", "refs/tags/", "refs/remotes/origin/"


@dataclass(frozen=True, slots=True)
class LocalRepository:
    """A repository on this machine.

    Attributes:
        git: Its Git folder: `.git` (of a worktree, the common one), or the bare repository.
        folder: The working tree (a worktree has a HEAD of its own), or the bare repository.
        inside: The project's folder relative to the working tree, with `/`; empty for its root.
    """

    git: Path
    folder: Path
    inside: str = ""


def find_repository(folder: Path) -> LocalRepository | None:
    """Return the repository that a folder is, or lies in; None where there is none.

    As git does, it follows symbolic links to the folder before it looks above it.
    """
    real = Path(os.path.realpath(folder))
    for top in (real, *real.parents):
        found = git_folders(top / ".git")
        if found is not None:
            inside = real.relative_to(top).as_posix()
            return LocalRepository(found.common, top, "" if inside == "." else inside)
        if is_bare(top):
            return LocalRepository(top, top) if top == real else None
    return None


def is_bare(folder: Path) -> bool:
    """Return whether a folder is a bare repository, by its layout (no process is started)."""
    found = git_folders(folder) if folder.is_dir() else None
    return found is not None and found.common == folder


def resolve_locally(repository: LocalRepository, version: str | None) -> Placement:
    """Say which commit a version is: a branch, a tag, a full or short commit, any revision.

    Args:
        repository: Where.
        version: None for HEAD. A full hash is that commit. A name that is both a branch and a tag
            is the branch, as in `git checkout`; one that only a remote has is a branch, too.

    Raises:
        VersionNotFoundError: No such version, with the near names; or a short hash that several
            commits share.
        SourceError: The repository is another user's and git does not trust it, or there is no git.
    """
    if version is None or version in ("HEAD", "@"):
        return _resolve_head(repository)
    if not version or version.startswith("-") or _CONTROL.search(version):
        raise VersionNotFoundError(
            f"{version!r} cannot be a version",
            hint="a version is a branch, a tag, a commit, or another revision as HEAD~2",
        )
    readings = _readings(repository, version)
    asked = (*map(_as_commit, readings), _TAGS + version, version, "HEAD")
    objects = look_up(repository.folder, asked)
    for reading in readings:
        if objects.commit(_as_commit(reading)) is not None:
            return _placement(repository, version, reading, objects)
    return _resolve_rarely(repository, version, objects)


def place_version(repository: LocalRepository, placement: Placement, folder: Path) -> None:
    """Write a version's files into a folder that is there and empty, as `place` does.

    Raises:
        SourceError: The repository is a partial clone, and has not all of them.
        GitError: Objects are missing for another reason, or the disk is full.
        OSError: The folder cannot be written.
    """
    try:
        place(placement, folder)
    except GitError as error:
        if not any((repository.git / "objects" / "pack").glob("*.promisor")):
            raise
        if not _MISSING.search(error.text):
            raise
        raise SourceError(
            f"'{repository.folder}' is a partial clone, and lacks files of {placement.commit[:12]}",
            hint=_elsewhere(repository, placement),
        ) from None


def _elsewhere(repository: LocalRepository, placement: Placement) -> str:
    from shlex import quote

    if placement.origin is not None and "://" in placement.origin:
        return f"run it from its server: mlrun run {quote(placement.origin)} -v {placement.commit}"
    folder = quote(str(repository.folder))
    return f"`git -C {folder} archive -o /dev/null {placement.commit}` fetches them"


def _readings(repository: LocalRepository, version: str) -> tuple[str, ...]:
    """Return what a version can mean, in the order of preference."""
    if _ARITHMETIC.search(version):
        return (version,)
    if full_hash(version):
        return (version, _HEADS + version, _TAGS + version)
    readings = (_HEADS + version, _TAGS + version, version, _ORIGIN + version)
    if _DESCRIBED.search(version):
        # Git reads only the hash of such a name, whatever stands before it.
        from mlrun.sources.git.local.missing_version import refs_of

        refs = refs_of(repository.folder)
        return tuple(r for r in readings if r in refs or r == version)
    return readings


def _as_commit(revision: str) -> str:
    return f"{revision}^{{commit}}"


def _placement(
    repository: LocalRepository, version: str, reading: str, objects: Objects
) -> Placement:
    commit = objects.hashes[_as_commit(reading)]
    branch = None
    refs: dict[str, str] = {}
    is_name = not _ARITHMETIC.search(reading)
    if is_name and reading.startswith(_HEADS):
        branch = reading.removeprefix(_HEADS)
    elif is_name and reading.startswith(_TAGS):
        refs[reading] = objects.hashes.get(reading, commit)
    elif reading == _ORIGIN + version:
        branch = version
    return Placement(repository.git, commit, branch, refs, objects.remote)


def _resolve_head(repository: LocalRepository) -> Placement:
    answer = ask_repository(
        repository.folder, "rev-parse", _as_commit("HEAD"), "--symbolic-full-name", "HEAD"
    )
    if answer.returncode != 0:
        from mlrun.sources.git.local.missing_version import no_head, refs_of

        raise no_head(repository.folder, refs_of(repository.folder))
    # Of a branch or tag that is named HEAD, too, git says the commit alone.
    commit, _, name = os.fsdecode(answer.stdout).rstrip("\n").partition("\n")
    branch = name.removeprefix(_HEADS) if name.startswith(_HEADS) else None
    return Placement(repository.git, commit, branch, origin=remote_of(answer))


def _resolve_rarely(repository: LocalRepository, version: str, objects: Objects) -> Placement:
    """Find what is no usual name: a message (`:/text`), or a branch of one other remote alone."""
    from mlrun.sources.git.local.missing_version import no_such_version, refs_of

    commit = objects.commit(version)
    if commit is not None:
        return Placement(repository.git, commit, origin=objects.remote)
    refs = refs_of(repository.folder)
    same = [name for name in refs if _REMOTE_BRANCH.sub("", name) == version]
    if len(same) == 1:
        return Placement(repository.git, refs[same[0]], version, origin=objects.remote)
    raise no_such_version(repository.folder, version, objects, refs)
