"""Artifacts in a folder of this machine, where they are part of what lies in two places."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlrun.errors import InputError
from mlrun.inputs.base import RemoteFile
from mlrun.tracking.artifact_addresses.served import Label

_BLOCK = 1 << 20


class DiskData:
    """A file or a folder on this machine.

    Args:
        place: Where it is.
        label: How it is called.
    """

    def __init__(self, place: Path, label: Label) -> None:
        self.shown, self.name, self.key = label.shown, label.name, label.key
        self._place = place

    def files(self) -> tuple[RemoteFile, ...]:
        """Return what is there: one file with an empty path, or all files of a folder.

        Raises:
            InputError: It cannot be read.
        """
        try:
            if not self._place.is_dir():
                return (_as_file("", self._place),)
            paths = (Path(top) / f for top, _, names in os.walk(self._place) for f in names)
            return tuple(_as_file(p.relative_to(self._place).as_posix(), p) for p in paths)
        except OSError as error:
            raise InputError(f"{self.shown} cannot be read: {error.strerror}") from error

    @contextmanager
    def read(self, file: RemoteFile, offset: int) -> Iterator[Iterator[bytes]]:
        """Give the content from an offset, in blocks.

        Raises:
            InputError: It cannot be read.
        """
        try:
            with open(self._place / file.path if file.path else self._place, "rb") as stream:
                stream.seek(offset)
                yield iter(lambda: stream.read(_BLOCK), b"")
        except OSError as error:
            raise InputError(f"{self.shown} cannot be read: {error.strerror}") from error


def _as_file(path: str, place: Path) -> RemoteFile:
    about = place.stat()
    return RemoteFile(path, about.st_size, str(about.st_mtime_ns))
