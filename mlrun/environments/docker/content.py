"""The files of a project that belong into its image, and one hash of them all."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mlrun.environments.docker.ignore import (
    Rule,
    is_left_out,
    matching,
    may_be_taken_in,
    read_rules,
)
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.folders import cache_folder
from mlrun.hashing import hash_of, sha256

_SETTLED = 2_000_000_000
"""Nanoseconds after which a change of a file is sure to change its time, too."""

_CHUNK = 1 << 20


class Entry(NamedTuple):
    """One file, folder or link.

    Attributes:
        path: Relative to the project's folder, with slashes.
        kind: `f`, `d` or `l`.
        is_executable: Whether its owner may execute it.
        status: Of the file itself, not of what it links to.
    """

    path: str
    kind: str
    is_executable: bool
    status: os.stat_result


def list_entries(folder: Path) -> list[Entry]:
    """Return what of a project's folder belongs into its image, in a fixed order.

    Sockets, pipes and devices do not.

    Raises:
        EnvironmentBuildError: A folder cannot be read, or the project's `.dockerignore` cannot.
    """
    return list(_walk(folder, "", read_rules(folder), frozenset()))


def _walk(
    folder: Path, prefix: str, rules: Sequence[Rule], above: frozenset[int]
) -> Iterator[Entry]:
    try:
        with os.scandir(folder / prefix) as found:
            children = sorted(found, key=lambda child: child.name)
    except OSError as error:
        raise unreadable(folder / prefix, error) from None
    for child in children:
        path = f"{prefix}{child.name}"
        matched = matching(rules, path, above)
        is_out = is_left_out(rules, matched)
        entry = None if is_out and not child.is_dir(follow_symlinks=False) else _entry(child, path)
        if entry is None:
            continue
        if entry.kind != "d":
            yield entry
        elif not is_out:
            yield entry
            yield from _walk(folder, f"{path}/", rules, matched)
        elif may_be_taken_in(rules, path):
            inner = list(_walk(folder, f"{path}/", rules, matched))
            yield from (entry, *inner) if inner else ()


def _entry(child: os.DirEntry[str], path: str) -> Entry | None:
    status = child.stat(follow_symlinks=False)
    for kind, is_one in (("f", stat.S_ISREG), ("d", stat.S_ISDIR), ("l", stat.S_ISLNK)):
        if is_one(status.st_mode):
            return Entry(path, kind, kind == "f" and bool(status.st_mode & 0o100), status)
    return None


def unreadable(file: Path, error: OSError) -> EnvironmentBuildError:
    """Return the error for what cannot be read of a project."""
    return EnvironmentBuildError(
        f"{file} cannot be put into the project's image: {error.strerror or error}",
        location=Location(file),
        hint="make it readable, or leave it out by a line in .dockerignore",
    )


def content_hash(folder: Path, entries: Sequence[Entry]) -> str:
    """Return the hash of all names, kinds and contents.

    It is remembered: where no file has changed (by its times, its size and its number), none is
    read again.

    Raises:
        EnvironmentBuildError: A file cannot be read.
    """
    seen = _fingerprint(entries)
    memory = images_folder() / f"{hash_of(os.fsencode(folder))[:24]}.json"
    remembered = _recall(memory, seen)
    if remembered is not None:
        return remembered
    started = time.time_ns()
    digest = sha256()
    for entry in entries:
        digest.update(os.fsencode(entry.path) + f"\0{entry.kind}{entry.is_executable:d}\0".encode())
        digest.update(_content(folder, entry))
    found = digest.hexdigest()
    newest = max((max(e.status.st_mtime_ns, e.status.st_ctime_ns) for e in entries), default=0)
    if newest < started - _SETTLED:
        _remember(memory, {"seen": seen, "content": found})
    return found


def images_folder() -> Path:
    """Return where hashes of projects and the logs of their images' builds are kept."""
    return cache_folder() / "images"


def _fingerprint(entries: Sequence[Entry]) -> str:
    digest = sha256()
    for path, kind, is_executable, status in entries:
        digest.update(os.fsencode(path) + f"\0{kind}{is_executable:d}\0".encode())
        if kind != "d":
            facts = (status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
            digest.update(repr(facts).encode())
    return digest.hexdigest()


def _content(folder: Path, entry: Entry) -> bytes:
    import hashlib  # what is read here may be much

    path = folder / entry.path
    try:
        if entry.kind == "l":
            return hashlib.sha256(os.fsencode(path.readlink())).digest()
        digest = hashlib.sha256()
        if entry.kind == "f":
            with path.open("rb", buffering=0) as stream:
                while data := stream.read(_CHUNK):
                    digest.update(data)
        return digest.digest()
    except OSError as error:
        raise unreadable(path, error) from None


def _recall(memory: Path, seen: str) -> str | None:
    try:
        remembered = json.loads(memory.read_bytes())
        return str(remembered["content"]) if remembered["seen"] == seen else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(memory: Path, facts: dict[str, str]) -> None:
    """Write what is known; a hash that cannot be kept is computed again."""
    temporary = memory.with_name(f"{memory.name}.{os.getpid()}")
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(facts), encoding="utf-8")
        temporary.replace(memory)
