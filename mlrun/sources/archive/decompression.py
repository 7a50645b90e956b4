"""Reads what a tar archive is compressed with, in bounded memory; a missing end is an error."""

from __future__ import annotations

from typing import IO, Any, Protocol

_CHUNK = 1 << 16
_ZST_CHUNK = 1 << 12
"""Bytes given to zstd at a time, which may become 32,000 times as many at once."""
_XZ_MEMORY = 1 << 28
"""Bytes of memory for xz, of which `xz -9` needs a quarter."""
_ZST_WINDOW = 1 << 27
"""Bytes of memory for zstd, as many as its own program takes if nothing else is said."""


class Readable(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, and none at the end."""


def decompressed(file: IO[bytes], kind: str) -> Readable:
    """Return the content of a compressed file.

    Args:
        file: At its start.
        kind: `tar`, `tar.gz`, `tar.bz2`, `tar.xz` or `tar.zst`.
    """
    if kind == "tar.gz":
        from gzip import GzipFile

        return GzipFile(fileobj=file, mode="rb")
    if kind == "tar.bz2":
        from bz2 import BZ2File

        return BZ2File(file)
    if kind == "tar.xz":
        return _XzReader(file)
    if kind == "tar.zst":
        return _ZstReader(file)
    return file


class _XzReader:
    """Reads xz. `lzma.LZMAFile` cannot be told how much memory it may take."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decompressor = self._new()

    def read(self, size: int, /) -> bytes:
        while True:
            packed = b""
            if self._decompressor.eof:
                packed = _next_frame(self._decompressor.unused_data, self._file)
                if not packed:
                    return b""
                self._decompressor = self._new()
            elif self._decompressor.needs_input:
                packed = _more(self._file, _CHUNK)
            data: bytes = self._decompressor.decompress(packed, size)
            if data:
                return data

    @staticmethod
    def _new() -> Any:
        from lzma import FORMAT_XZ, LZMADecompressor

        return LZMADecompressor(FORMAT_XZ, memlimit=_XZ_MEMORY)


class _ZstReader:
    """Reads zstd. `zstandard`'s own reader takes a cut-off file for a whole one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decompressor = self._new()
        self._data = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        while not self._data:
            if self._decompressor.eof:
                packed = _next_frame(self._decompressor.unused_data, self._file)
                if not packed:
                    return b""
                self._decompressor = self._new()
            else:
                packed = _more(self._file, _ZST_CHUNK)
            self._data = memoryview(self._decompressor.decompress(packed))
        given, self._data = self._data[:size], self._data[size:]
        return bytes(given)

    @staticmethod
    def _new() -> Any:
        from zstandard import ZstdDecompressor

        return ZstdDecompressor(max_window_size=_ZST_WINDOW).decompressobj()


def _more(file: IO[bytes], size: int) -> bytes:
    packed = file.read(size)
    if not packed:
        raise EOFError("it was cut off")
    return packed


def _next_frame(unused: bytes, file: IO[bytes]) -> bytes:
    """Return how the next of several frames begins; nothing where zeros fill up the file."""
    packed = unused.lstrip(b"\0")
    while not packed:
        chunk = file.read(_ZST_CHUNK)
        if not chunk:
            return b""
        packed = chunk.lstrip(b"\0")
    return packed
