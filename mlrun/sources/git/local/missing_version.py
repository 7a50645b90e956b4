"""Why a repository on this machine has no such version, and which ones are near."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mlrun.errors import SourceError, VersionNotFoundError
from mlrun.sources.git.local.looking import Objects, ask_repository, look_up, refusal
from mlrun.sources.git.versions import listed

_ARITHMETIC = re.compile(r"[\^~:]|@\{")
_HEX = re.compile(r"[0-9a-f]{4,64}")
_KINDS = {"blob": "a file", "tree": "a folder"}


def refs_of(folder: Path) -> dict[str, str]:
    """Return branches, tags and remote branches: the object's hash by full name.

    Raises:
        SourceError: Git refuses the repository.
    """
    answer = ask_repository(
        folder,
        *("for-each-ref", "--format=%(objectname) %(refname)"),
        *("refs/heads", "refs/tags", "refs/remotes"),
    )
    if answer.returncode != 0:
        raise refusal(folder, answer)
    lines = (line.split(" ", 1) for line in os.fsdecode(answer.stdout).split("\n") if line)
    return {name: value for value, name in lines if not name.endswith("/HEAD")}


def no_such_version(
    folder: Path, version: str, objects: Objects, refs: dict[str, str]
) -> SourceError:
    """Return the error for a version that is no commit.

    Args:
        folder: The working tree, or the bare repository.
        version: As the user gave it.
        objects: What it, and `HEAD`, is.
        refs: All names, of `refs_of`.
    """
    kind = objects.kinds.get(version)
    if kind is not None:
        what = _KINDS.get(kind, "a tag of something else")
        return VersionNotFoundError(f"{version!r} in '{folder}' is {what}, and no commit")
    if not refs and objects.commit("HEAD") is None:
        return SourceError(f"the repository '{folder}' has no commits yet")
    sharing = _commits_beginning(folder, version.lower())
    if len(sharing) > 1:
        return VersionNotFoundError(
            f"{version!r} is the beginning of several commits: {listed(sharing)}",
            hint="give more digits",
        )
    return VersionNotFoundError(
        f"'{folder}' has no branch, tag or commit {version!r}",
        hint=_near(version, _short_names(refs)) or _shallow(folder),
    )


def no_head(folder: Path, refs: dict[str, str]) -> SourceError:
    """Return the error for a repository whose HEAD is no commit."""
    if not refs:
        return SourceError(f"the repository '{folder}' has no commits yet")
    answer = ask_repository(folder, "symbolic-ref", "-q", "--short", "HEAD")
    branch = os.fsdecode(answer.stdout).strip()
    names = [name for name in _short_names(refs) if name != branch]
    return VersionNotFoundError(
        f"the repository '{folder}' is on the branch {branch!r}, which has no commits yet",
        hint=f"choose a version with --version: {listed(names)}",
    )


def _commits_beginning(folder: Path, digits: str) -> list[str]:
    if not _HEX.fullmatch(digits):
        return []
    answer = ask_repository(folder, "rev-parse", f"--disambiguate={digits}")
    hashes = os.fsdecode(answer.stdout).split()
    objects = look_up(folder, hashes) if hashes else None
    return [h[:12] for h in hashes if objects is not None and objects.commit(h)]


def _short_names(refs: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(name.split("/", 2)[2] for name in refs))


def _near(version: str, names: list[str]) -> str | None:
    from difflib import get_close_matches

    wanted = version.removeprefix("refs/").removeprefix("heads/").removeprefix("tags/")
    wanted = _ARITHMETIC.split(wanted)[0]
    near = (
        []
        if wanted != version and wanted in names and _ARITHMETIC.search(version)
        else get_close_matches(wanted, names, n=3)
    )
    if near:
        return f"did you mean {listed(near)}?"
    is_no_name = _HEX.fullmatch(version) or _ARITHMETIC.search(version)
    return None if is_no_name or not names else f"there are: {listed(names)}"


def _shallow(folder: Path) -> str | None:
    answer = ask_repository(folder, "rev-parse", "--is-shallow-repository")
    if answer.stdout.strip() != b"true":
        return None
    return "the repository has only a part of its history; `git fetch --unshallow` brings the rest"
