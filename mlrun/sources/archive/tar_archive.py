"""Reads a tar archive from front to end, through whatever it is compressed with."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, cast

from mlrun.sources.archive.decompression import Readable, decompressed
from mlrun.sources.archive.limits import Budget
from mlrun.sources.archive.members import (
    ArchiveFaultError,
    Member,
    file_member,
    folder_member,
    hard_link,
    not_a_file,
    symbolic_link,
)
from mlrun.sources.archive.writing import Unpacking

if TYPE_CHECKING:
    from tarfile import TarFile, TarInfo

_HEADER_LIMIT = 2 << 20
"""Bytes that may stand before a member: its long names and other fields."""
_END_LIMIT = 64 << 20
"""Bytes that may stand behind the last member: tar fills up its last record."""
_CHUNK = 1 << 16


def unpack_tar(file: IO[bytes], kind: str, into: Unpacking) -> None:
    """Unpack a tar archive.

    Args:
        file: The archive, at its start.
        kind: `tar`, `tar.gz`, `tar.bz2`, `tar.xz` or `tar.zst`.
        into: Where to.

    Raises:
        ArchiveFaultError: It is damaged, unsafe or too much.
        SourceError: The disk is full.
    """
    import tarfile

    stream = _Bounded(decompressed(file, kind), into.budget)
    source = cast("IO[bytes]", stream)  # which has all that is asked for here
    try:
        stream.allow(_HEADER_LIMIT)
        with tarfile.open(
            fileobj=source, mode="r|", bufsize=_CHUNK, tarinfo=_strict_headers()
        ) as archive:
            _unpack(archive, stream, into)
        stream.read_to_the_end()
    except _damages() as error:
        raise ArchiveFaultError(f"is damaged: {error or type(error).__name__}") from error
    into.finish()


def _unpack(archive: TarFile, stream: _Bounded, into: Unpacking) -> None:
    for entry in archive:
        archive.members = []  # type: ignore[attr-defined]  # or it would keep all of them
        member = _member_of(entry)
        into.budget.expect(member.size)
        stream.allow(member.size + _HEADER_LIMIT)
        into.add(member, archive.extractfile(entry) if entry.isreg() else None)
        stream.allow(_HEADER_LIMIT)


def _member_of(entry: TarInfo) -> Member:
    if entry.issym():
        return symbolic_link(entry.name, entry.linkname)
    if entry.islnk():
        return hard_link(entry.name, entry.linkname)
    if entry.isdir():
        return folder_member(entry.name)
    if entry.isreg():
        return file_member(entry.name, entry.size, entry.mode)
    what = "a pipe" if entry.isfifo() else "a device" if entry.isdev() else "of an unknown kind"
    raise not_a_file(entry.name, what)


def _strict_headers() -> type[TarInfo]:
    """Return a reader of headers for which a damaged one is not the archive's end."""
    import tarfile

    class StrictInfo(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: Any, encoding: str, errors: str) -> Any:
            try:
                return super().frombuf(buf, encoding, errors)
            except tarfile.HeaderError as error:
                if bytes(buf).strip(b"\0"):
                    raise ArchiveFaultError(f"is no tar archive, or damaged: {error}") from error
                raise

    return StrictInfo


def _damages() -> tuple[type[Exception], ...]:
    """Return what the readers raise for bytes that they do not understand."""
    import tarfile
    import zlib
    from lzma import LZMAError
    from struct import error

    from zstandard import ZstdError

    readers = (tarfile.TarError, zlib.error, LZMAError, ZstdError, error)
    return (*readers, OSError, EOFError, ValueError, LookupError, ArithmeticError, RecursionError)


class _Bounded:
    """Gives tarfile what it asks for, as long as that is not more than there can be.

    tarfile reads names and other fields into memory, however long a header says that they are.
    """

    def __init__(self, source: Readable, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._allowed = 0
        self._total = 0

    def allow(self, size: int) -> None:
        """Allow so many bytes from here on, and what is read ahead."""
        self._allowed = size + _CHUNK

    def read(self, size: int) -> bytes:
        """Return at most so many bytes."""
        data = self._source.read(size)
        self._allowed -= len(data)
        self._total += len(data)
        self._budget.require_size(self._total)
        if self._allowed < 0:
            raise ArchiveFaultError("is not safe to unpack: it has a header without end")
        return data

    def read_to_the_end(self) -> None:
        """Read the rest, so that the checksum at the end of what is compressed is looked at."""
        self.allow(_END_LIMIT)
        while self.read(_CHUNK):
            pass
