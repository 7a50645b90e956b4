"""An archive's file into a folder: which format it is, where the project starts in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from mlrun.disk import discard
from mlrun.errors import SourceError
from mlrun.sources.archive.limits import Budget, read_limits
from mlrun.sources.archive.members import ArchiveFaultError
from mlrun.sources.archive.writing import Unpacking

_MAGIC = {
    b"PK\3\4": "zip",
    b"PK\5\6": "zip",
    b"\x1f\x8b": "tar.gz",
    b"BZh": "tar.bz2",
    b"\xfd7zXZ\0": "tar.xz",
    b"\x28\xb5\x2f\xfd": "tar.zst",
}
_TAR_MAGIC_AT = 257
_NOT_OF_THE_PROJECT = frozenset({"__MACOSX", ".DS_Store", "pax_global_header"})


def unpack(file: IO[bytes], kind: str, folder: Path, name: str) -> None:
    """Unpack an archive; if that fails, the folder is empty again.

    Args:
        file: The archive.
        kind: What its name says that it is; its first bytes know better.
        folder: It is there, and empty.
        name: What messages call it, without credentials.

    Raises:
        SourceError: It is no archive, damaged, unsafe, too big; the disk is full.
    """
    try:
        _unpack(file, kind, folder)
    except ArchiveFaultError as fault:
        _empty(folder)
        hint = _hint_for_a_page(file) or fault.hint
        raise SourceError(f"the archive {name} {fault.reason}", hint=hint) from fault.__cause__
    except BaseException:
        _empty(folder)
        raise


def find_root(folder: Path, subfolder: str) -> Path:
    """Return where the project starts in an unpacked archive.

    Args:
        folder: It was unpacked into.
        subfolder: That the user asked for. Whoever names the archive's only folder in it, as
            MLflow needs it, means it from the outermost folder on.
    """
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if entry.name not in _NOT_OF_THE_PROJECT]
    if len(found) != 1 or not found[0].is_dir(follow_symlinks=False):
        return folder
    first = next((part for part in subfolder.split("/") if part not in ("", ".")), "")
    return folder if first == found[0].name else folder / found[0].name


def _unpack(file: IO[bytes], kind: str, folder: Path) -> None:
    from mlrun.sources.archive.tar_archive import unpack_tar
    from mlrun.sources.archive.zip_archive import unpack_zip

    into = Unpacking(folder, Budget(read_limits(), file.seek(0, os.SEEK_END), folder))
    try:
        found = _kind_of(file) or ("zip" if kind == "zip" else "tar")
        if found == "zip":
            unpack_zip(file, into)
        else:
            unpack_tar(file, found, into)
    finally:
        into.close()


def _kind_of(file: IO[bytes]) -> str | None:
    start = _start_of(file)
    if start[_TAR_MAGIC_AT:].startswith(b"ustar"):
        return "tar"
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)


def _start_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    start = file.read(512)
    file.seek(0)
    return start


def _hint_for_a_page(file: IO[bytes]) -> str | None:
    start = _start_of(file).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return None
    return "it is a web page, such as one to log in: does the address need credentials?"


def _empty(folder: Path) -> None:
    for entry in list(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            discard(entry)
        else:
            entry.unlink()
