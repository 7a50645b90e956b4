"""Reads a ZIP archive. Its directory, at the end of the file, is what counts."""

from __future__ import annotations

import stat
import struct
from typing import IO, TYPE_CHECKING

from mlrun.sources.archive.limits import Budget
from mlrun.sources.archive.members import (
    ArchiveFaultError,
    Member,
    file_member,
    folder_member,
    not_a_file,
    shown,
    symbolic_link,
)
from mlrun.sources.archive.writing import Unpacking

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_UNIX_SYSTEMS = (3, 19)
"""Who made it, as PKWARE's APPNOTE 4.4.2 numbers them: Unix, and Darwin."""
_LOCAL_HEADER = 30
"""Bytes before each member's name and content, APPNOTE 4.3.7."""
_ENCRYPTED = 0x1
_STORED_AND_DEFLATED = (0, 8)
_ENTRY = b"PK\1\2"
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT = 65_535
_LOCATOR_64 = 20
_BIGGEST_DIRECTORY = 64 << 20
"""Bytes: a hundred thousand members with names of several hundred each."""
_LONGEST_LINK = 4_096


def unpack_zip(file: IO[bytes], into: Unpacking) -> None:
    """Unpack a ZIP archive.

    Args:
        file: The archive, at any position.
        into: Where to.

    Raises:
        ArchiveFaultError: It is damaged, encrypted, unsafe or too much.
        SourceError: The disk is full.
    """
    import zipfile
    import zlib

    _require_bounded_directory(file, into.budget)
    try:
        with zipfile.ZipFile(file) as archive:
            _unpack(archive, into)
    except (zipfile.BadZipFile, EOFError, struct.error, zlib.error, OSError) as error:
        raise ArchiveFaultError(f"is damaged: {error}") from error
    except (ValueError, NotImplementedError, RuntimeError) as error:
        raise ArchiveFaultError(f"cannot be read: {error}") from error


def _unpack(archive: ZipFile, into: Unpacking) -> None:
    entries = archive.infolist()
    into.budget.require_members(len(entries))
    _require_apart(entries)
    into.budget.expect(sum(entry.file_size for entry in entries))
    for entry in entries:
        _require_readable(entry)
        member = _member_of(archive, entry)
        if entry.is_dir() or member.target:
            into.add(member)
            continue
        with archive.open(entry) as content:
            into.add(member, content)
    into.finish()


def _member_of(archive: ZipFile, entry: ZipInfo) -> Member:
    # The name as it stands in the file: `filename` ends before a NUL.
    name = entry.orig_filename
    mode = entry.external_attr >> 16 if entry.create_system in _UNIX_SYSTEMS else 0
    if stat.S_ISLNK(mode):
        return symbolic_link(name, _link_target(archive, entry))
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise not_a_file(name, "a device, a pipe or a socket")
    if entry.is_dir():
        return folder_member(name)
    return file_member(name, entry.file_size, mode or 0o666)


def _link_target(archive: ZipFile, entry: ZipInfo) -> str:
    import os

    if entry.file_size > _LONGEST_LINK:
        raise ArchiveFaultError(f"is damaged: its member {shown(entry.filename)} is no link")
    return os.fsdecode(archive.read(entry))


def _require_readable(entry: ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise ArchiveFaultError("is encrypted", "pack the project without a password")
    if entry.compress_type not in _STORED_AND_DEFLATED:
        raise ArchiveFaultError(
            f"is packed in an uncommon way (method {entry.compress_type})",
            "pack the project with `deflate`, as zip does if nothing else is said",
        )


def _require_apart(entries: list[ZipInfo]) -> None:
    """Refuse members that share bytes of the file: only bombs have those."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise ArchiveFaultError(
                f"is not safe to unpack: its member {shown(entry.filename)} overlaps another one"
            )
        end = entry.header_offset + _LOCAL_HEADER + entry.compress_size


def _require_bounded_directory(file: IO[bytes], budget: Budget) -> None:
    """Refuse a directory that would fill the memory, before it is read.

    Where the directory is, and how long, stands at the end of the file: APPNOTE 4.3.14 to 4.3.16.
    """
    length = file.seek(0, 2)
    start = max(0, length - _END.size - _LONGEST_COMMENT - _LOCATOR_64 - _END_64.size)
    file.seek(start)
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if tail[-_END.size :].startswith(b"PK\5\6") and tail.endswith(b"\0\0"):
        place = len(tail) - _END.size
    if place < 0 or len(tail) - place < _END.size:
        raise ArchiveFaultError("is no ZIP archive")
    _, _, _, _, count, size, _, _ = _END.unpack_from(tail, place)
    place_64 = place - _LOCATOR_64 - _END_64.size
    if place_64 >= 0 and tail.startswith(b"PK\6\6", place_64):
        values = _END_64.unpack_from(tail, place_64)
        count, size, place = values[7], values[8], place_64
    budget.require_members(count)
    if size > _BIGGEST_DIRECTORY:
        raise ArchiveFaultError("has a table of contents of a size that no project needs")
    # The count may be a lie; zipfile goes by the size, and keeps half a kilobyte for each.
    file.seek(max(0, start + place - size))
    budget.require_members(file.read(size).count(_ENTRY))
