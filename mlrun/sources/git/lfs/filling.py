"""Puts contents of Git LFS into a working tree, in the place of their pointers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import ELOOP, ENOENT, ENOTDIR
from pathlib import Path
from shutil import copyfileobj
from stat import S_IMODE, S_ISREG
from typing import IO

from mlrun.sources.git.lfs.contents import Pointer, is_stored, stored_file
from mlrun.sources.git.lfs.pointers import POINTER_LIMIT, read_pointer
from mlrun.sources.git.process import run_git


def fill(folder: Path, pointers: Sequence[Pointer], stores: Sequence[Path]) -> tuple[Pointer, ...]:
    """See `contents.fill_in`."""
    missing: list[Pointer] = []
    filled: list[str] = []
    for pointer in pointers:
        content = _open_content(pointer, stores)
        if content is None:
            missing.append(pointer)
            continue
        with content:
            if _fill_one(folder, pointer, content):
                filled.append(pointer.path)
    if filled and (folder / ".git").exists():
        _trust_unchanged(folder, filled)
    return tuple(missing)


def _open_content(pointer: Pointer, stores: Sequence[Path]) -> IO[bytes] | None:
    for store in stores:
        if is_stored(store, pointer):
            with suppress(FileNotFoundError):
                return stored_file(store, pointer.oid).open("rb")
    return None


def _trust_unchanged(folder: Path, paths: Sequence[str]) -> None:
    # Without it `git status` compares the content with the pointer, and calls the file modified.
    listing = b"".join(os.fsencode(path) + b"\0" for path in paths)
    arguments = ("--git-dir=.git", "update-index", "--assume-unchanged", "-z", "--stdin")
    run_git(*arguments, folder=folder, standard_input=listing)


def _fill_one(folder: Path, pointer: Pointer, content: IO[bytes]) -> bool:
    """Return whether the file was the pointer, and now is the content."""
    *parents, name = parts = pointer.path.split("/")
    if any(part in ("", ".", "..", ".git") for part in parts):
        return False
    try:
        with _folder_without_links(folder, parents) as descriptor:
            mode = _mode_of_pointer(descriptor, name, pointer)
            if mode is None:
                return False
            _replace(descriptor, name, content, mode)
    except OSError as error:
        if error.errno not in (ENOENT, ENOTDIR, ELOOP):
            raise
        return False
    return True


@contextmanager
def _folder_without_links(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """Open a folder below another one; a symbolic link on the way counts as no folder."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _mode_of_pointer(folder: int, name: str, pointer: Pointer) -> int | None:
    """Return the mode of a file that is this very pointer, None for any other."""
    facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not S_ISREG(facts.st_mode) or facts.st_size >= POINTER_LIMIT:
        return None
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    try:
        text = read_pointer(os.read(file, POINTER_LIMIT))
    finally:
        os.close(file)
    return S_IMODE(facts.st_mode) if text and text.oid == pointer.oid else None


def _replace(folder: int, name: str, content: IO[bytes], mode: int) -> None:
    temporary = f".mlrun-{os.getpid()}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    target = os.open(temporary, flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(target, "wb") as file:
            copyfileobj(content, file, 1 << 20)
            os.fchmod(file.fileno(), mode)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
