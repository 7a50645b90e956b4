"""Which files of a commit are pointers of Git LFS.

Like git-lfs, it goes by the attribute: a file that only looks like a pointer is data, and one
with the attribute that is no pointer was committed whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.git.lfs.contents import Pointer
from mlrun.sources.git.process import GitError, local_environ, run_git

POINTER_LIMIT = 1024
"""Bytes that a pointer has fewer of (specification of Git LFS)."""

# The first two are what Git LFS was called before it had its name; it still reads them.
_POINTER = re.compile(
    rb"version (?:http://git-media\.io/v/2|https://hawser\.github\.com/spec/v1"
    rb"|https://git-lfs\.github\.com/spec/v1)\r?\n"
    rb"(?P<extensions>(?:ext-[0-9]-\w+ [^\n]*\n)*)"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\r?\n"
    rb"(?:ext-[0-9]-\w+ [^\n]*\n)*"
    rb"size (?P<size>[0-9]{1,18})"
)

_SMALLEST = 100
"""Bytes; the shortest pointer has more."""


@dataclass(frozen=True, slots=True)
class PointerText:
    """What is written in a pointer.

    Attributes:
        oid: SHA-256 of what is kept.
        size: Of what is kept, in bytes.
        extended: Whether a program (an extension of Git LFS) makes the file's content of it.
    """

    oid: str
    size: int
    extended: bool = False


def read_pointer(content: bytes) -> PointerText | None:
    """Return what a pointer says; None for what is none.

    Args:
        content: Of a file, or its first `POINTER_LIMIT` bytes.
    """
    if len(content) >= POINTER_LIMIT:
        return None
    text = content.strip()
    match = _POINTER.fullmatch(text)
    if match is None:
        return None
    extended = b"\next-" in text
    return PointerText(match["oid"].decode("ascii"), int(match["size"]), extended)


@dataclass(frozen=True, slots=True)
class _Blob:
    """A file of a commit: its mode and hash as git writes them, its size in bytes."""

    path: bytes
    mode: str
    hash: str
    size: int


def find_pointers(repository: Path, commit: str) -> tuple[Pointer, ...]:
    """See `contents.pointers_of`."""
    blobs = tuple(_blobs(repository, commit))
    candidates = [b for b in blobs if _SMALLEST < b.size < POINTER_LIMIT]
    chosen = _with_attribute(repository, blobs, candidates)
    texts = _contents(repository, [blob.hash for blob in chosen])
    read = ((blob, read_pointer(text)) for blob, text in zip(chosen, texts, strict=True))
    pointers = [_pointer(blob, text) for blob, text in read if text is not None]
    if not any(blob.path == b".lfsconfig" for blob in blobs):
        return tuple(pointers)
    from mlrun.sources.git.lfs.selection import wanted_pointers

    return wanted_pointers(repository, commit, pointers)


def _pointer(blob: _Blob, text: PointerText) -> Pointer:
    path = os.fsdecode(blob.path)
    if text.extended:
        raise SourceError(
            f"the file '{path}' is kept in Git LFS through an extension, a program that mlrun "
            "does not run",
            hint="clone the repository with git-lfs and its extension, and run that folder",
        )
    return Pointer(path, text.oid, text.size, blob.mode == "100755")


def _blobs(repository: Path, commit: str) -> Iterator[_Blob]:
    arguments = ("--bare", "ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    for line in run_git(*arguments, folder=repository).split(b"\0"):
        facts, _, path = line.partition(b"\t")
        mode, *rest = facts.decode("ascii").split()[:4] or [""]
        if mode in ("100644", "100755"):
            yield _Blob(path, mode, rest[1], int(rest[2]))


def _with_attribute(
    repository: Path, blobs: Iterable[_Blob], candidates: Sequence[_Blob]
) -> list[_Blob]:
    """Return those of the candidates that have `filter=lfs`.

    Git reads attributes from an index; one of its own, with the commit's `.gitattributes` alone,
    is made for this (`git check-attr --source` is newer than git 2.25).
    """
    from tempfile import TemporaryDirectory

    files = [b for b in blobs if b.path.rpartition(b"/")[2] == b".gitattributes"]
    entries = b"".join(b"%s %s\t%s\0" % (b.mode.encode(), b.hash.encode(), b.path) for b in files)
    with TemporaryDirectory(prefix="mlrun-") as folder:
        environ = local_environ() | {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        run_git(
            *("--bare", "update-index", "-z", "--index-info"),
            folder=repository,
            environ=environ,
            standard_input=entries,
        )
        answer = run_git(
            # check-attr asks for a working tree where the repository has one, and reads none.
            *("--git-dir=.", "--work-tree=.", "check-attr", "--cached", "-z", "--stdin", "filter"),
            folder=repository,
            environ=environ,
            standard_input=b"".join(b.path + b"\0" for b in candidates),
        )
    # Three fields a file: path, attribute, value.
    values = answer.split(b"\0")[2::3]
    return [b for b, value in zip(candidates, values, strict=True) if value == b"lfs"]


def _contents(repository: Path, hashes: Sequence[str]) -> Iterator[bytes]:
    """Yield the contents of blobs, in order."""
    if not hashes:
        return
    lines = "".join(f"{name}\n" for name in hashes).encode("ascii")
    answer = run_git("--bare", "cat-file", "--batch", folder=repository, standard_input=lines)
    position = 0
    for name in hashes:
        end = answer.index(b"\n", position)
        _, kind, *size = answer[position:end].split(b" ")
        if kind != b"blob":
            raise GitError(128, f"object {name} is missing")
        position = end + 1 + int(size[0])
        yield answer[end + 1 : position]
        position += 1
