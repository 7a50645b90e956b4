"""Which commit a version is, among the refs that a server has named.

A name is looked for as git does when it checks out: a branch, then a tag, then any other ref
(`refs/pull/7/head`, also without its `refs/`). Only what is no name can be a commit's hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlrun.errors import Problem, SourceError, VersionNotFoundError

if TYPE_CHECKING:
    from mlrun.sources.git.server.refs import RemoteRefs

_HASH = re.compile(r"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?")
_SHORT_HASH = re.compile(r"[0-9a-fA-F]{4,63}")
# What git allows in a ref's name: git-check-ref-format(1).
_UNSPEAKABLE = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(?:/|$)|(?:^|/)\.|^[-/]|[/.]$"
)
_ARITHMETIC = re.compile(r"[\w./-]+[~^][\d~^]*")
_MANY = 8


@dataclass(frozen=True, slots=True)
class Resolved:
    """A version as a commit.

    Attributes:
        commit: Full hash.
        branch: The branch that the version is, None for everything else.
        tag: The tag that the version is.
        ref: The full name of the ref that it was found by; None for a hash.
        warning: What is ambiguous about it.
    """

    commit: str
    branch: str | None = None
    tag: str | None = None
    ref: str | None = None
    warning: Problem | None = None


def full_hash(version: str | None) -> str | None:
    """Return the commit that a version names by itself, None where a server must be asked."""
    return version.lower() if version is not None and _HASH.fullmatch(version) else None


def is_short_hash(version: str) -> bool:
    """Return whether a version may be the beginning of a commit's hash."""
    return _SHORT_HASH.fullmatch(version) is not None


def require_speakable(version: str) -> None:
    """Refuse what cannot be the name of a ref, nor a hash.

    Raises:
        VersionNotFoundError: An option (`-x`), control characters, a revision's arithmetic.
    """
    if not version or _UNSPEAKABLE.search(version) or version == "@":
        hint = "a version is a branch, a tag, a commit, or a full ref as refs/pull/7/head"
        if _ARITHMETIC.fullmatch(version):
            hint += "; `~` and `^` count in a repository on this machine alone"
        raise VersionNotFoundError(f"{version!r} cannot be a version", hint=hint)


def head_of(refs: RemoteRefs, shown: str) -> Resolved:
    """Return what a repository shows when no version is asked for.

    Args:
        refs: All of its refs.
        shown: The repository's address, for the message.

    Raises:
        VersionNotFoundError: Its HEAD is a branch that does not exist.
        SourceError: There is nothing in it.
    """
    commit = refs.commits.get("HEAD")
    if commit is not None:
        is_branch = refs.head and refs.commits.get(f"refs/heads/{refs.head}") == commit
        return Resolved(commit, branch=refs.head if is_branch else None, ref="HEAD")
    branches = [name for kind, name in _short_names(refs) if kind == "heads"]
    if not branches:
        raise SourceError(f"the repository {shown} has no commits yet")
    raise VersionNotFoundError(
        f"the repository {shown} does not say which branch is its main one",
        hint=f"choose one with --version: {listed(branches)}",
    )


def find_version(refs: RemoteRefs, version: str) -> Resolved | None:
    """Return what a name is among a server's refs, None where it is none of them.

    Args:
        refs: The server's.
        version: A branch, a tag, another ref, or the beginning of the hash of one of their
            commits.
    """
    named = _by_name(refs, version)
    if named is not None:
        return named
    if not is_short_hash(version):
        return None
    beginning = version.lower()
    found = {c: name for name, c in refs.commits.items() if c.startswith(beginning)}
    objects = {refs.commits[n] for n, o in refs.tag_objects.items() if o.startswith(beginning)}
    candidates = found.keys() | objects
    if len(candidates) > 1:
        raise VersionNotFoundError(
            f"{version} is the beginning of several commits: {', '.join(sorted(candidates)[:3])}",
            hint="give more digits",
        )
    return Resolved(candidates.pop()) if candidates else None


def split_ref_and_folder(refs: RemoteRefs, text: str) -> tuple[str, str] | None:
    """Say where in `REF/FOLDER` of a web address the ref ends.

    Args:
        refs: The server's.
        text: `main/sub`, `feature/x/sub`, or a hash and a folder.

    Returns:
        Version and folder, the longest ref that there is; None where it begins with none.
    """
    for version, folder in splits(text):
        if _by_name(refs, version) is not None:
            return version, folder
    first, _, rest = text.partition("/")
    return (first, rest) if full_hash(first) or is_short_hash(first) else None


def splits(text: str) -> Iterator[tuple[str, str]]:
    """Yield each way to read `REF/FOLDER` of a web address, the longest ref first."""
    parts = text.split("/")
    for count in range(len(parts), 0, -1):
        yield "/".join(parts[:count]), "/".join(parts[count:])


def no_such_version(refs: RemoteRefs, version: str, shown: str) -> VersionNotFoundError:
    """Return the error for a version that a repository does not have, with the near names."""
    import difflib

    names = list(dict.fromkeys(name for _, name in _short_names(refs)))
    wanted = version.removeprefix("refs/").removeprefix("heads/").removeprefix("tags/")
    wanted = wanted.removeprefix("origin/")
    kin = _names_of_kind(refs, wanted.partition("/")[0])
    near = [wanted] if wanted in names else difflib.get_close_matches(wanted, names + kin, n=3)
    if near:
        hint = f"did you mean {listed(near)}?"
    elif not names:
        hint = "the repository has no branches and no tags"
    else:
        hint = f"there are: {listed(names)}"
    kind = "no commit" if is_short_hash(version) else "no branch, tag or commit"
    return VersionNotFoundError(f"{shown} has {kind} {version!r}", hint=hint)


def _by_name(refs: RemoteRefs, version: str) -> Resolved | None:
    names = [f"refs/heads/{version}", f"refs/tags/{version}", version, f"refs/{version}"]
    if version.startswith("refs/") or version == "HEAD":
        # Who writes a full name means it, whatever else is named so by mistake.
        names.insert(0, version)
    found = [name for name in names if name in refs.commits]
    if not found:
        return None
    name = found[0]
    if name == "HEAD":
        return head_of(refs, "")
    kind, _, short = name.removeprefix("refs/").partition("/")
    return Resolved(
        refs.commits[name],
        branch=short if kind == "heads" else None,
        tag=short if kind == "tags" else None,
        ref=name,
        warning=_ambiguity(refs, version) if kind == "heads" and name != version else None,
    )


def _ambiguity(refs: RemoteRefs, version: str) -> Problem | None:
    branch, tag = f"refs/heads/{version}", f"refs/tags/{version}"
    if not {branch, tag} <= refs.commits.keys() or refs.commits[branch] == refs.commits[tag]:
        return None
    return Problem(
        f"{version!r} is a branch and a tag, on different commits: the branch is run",
        hint=f"-v {tag} runs the tag",
    )


def _short_names(refs: RemoteRefs) -> Iterator[tuple[str, str]]:
    for name in refs.commits:
        kind, _, short = name.removeprefix("refs/").partition("/")
        if kind in ("heads", "tags"):
            yield kind, short


def _names_of_kind(refs: RemoteRefs, kind: str) -> list[str]:
    """Return refs that are neither branches nor tags (`pull/7/head`), if they are of a kind."""
    if kind in ("heads", "tags"):
        return []
    names = (name.removeprefix("refs/") for name in refs.commits)
    return [name for name in names if name.startswith(f"{kind}/")]


def listed(names: Sequence[str]) -> str:
    """Return names for a message: the first few, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:_MANY])
    more = len(names) - _MANY
    return f"{shown} and {more} more" if more > 0 else shown
