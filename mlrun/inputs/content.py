"""What an entry holds: written down when it is complete, and compared with each time it is used."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mlrun.disk import discard, read_json, write_atomically
from mlrun.inputs.entry import CONTENT, FETCHED, MARKER

_VERSION = 1
_READ_ONLY = 0o444
_CLOSED = 0o555
_OPEN = 0o700


class Record(NamedTuple):
    """A file that was fetched whole.

    Attributes:
        path: Below the address; empty for the one file of it.
        size: In bytes.
        changed: When it was written, in nanoseconds since the epoch.
        digest: SHA-256, as hexadecimal digits.
        version: By what the server knew it.
    """

    path: str
    size: int
    changed: int
    digest: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Content:
    """What a complete entry holds.

    Attributes:
        path: The file or folder.
        records: Of its files, sorted.
        checked: When the server last said that it is current, in seconds since the epoch.
    """

    path: Path
    records: tuple[Record, ...]
    checked: float

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(record.size for record in self.records)

    @property
    def digest(self) -> str:
        """SHA-256 of the file, or of the list of a folder's files with theirs."""
        if len(self.records) == 1 and not self.records[0].path:
            return self.records[0].digest
        from hashlib import sha256

        lines = sha256()
        for record in self.records:
            lines.update(f"{record.digest}  {record.path}\n".encode())
        return lines.hexdigest()

    def file(self, record: Record) -> Path:
        """Return where a file is."""
        return self.path / record.path if record.path else self.path

    def altered(self) -> list[Record]:
        """Return the files that are not as they were written."""
        return [record for record in self.records if not is_as_written(self.file(record), record)]

    def is_intact(self) -> bool:
        """Return whether all files are as they were written, and no others are there."""
        return not self.altered() and len(list(_files(self.path))) == len(self.records)


def is_as_written(file: Path, record: Record) -> bool:
    """Return whether a file has the size and the time of change that were noted."""
    try:
        status = file.lstat()
    except OSError:
        return False
    found = (stat.S_ISREG(status.st_mode), status.st_size, status.st_mtime_ns)
    return found == (True, record.size, record.changed)


def read_content(entry: Path) -> Content | None:
    """Return what an entry says that it holds; None where it is not complete."""
    document = read_json(entry / MARKER)
    try:
        if document["version"] != _VERSION:
            return None
        records = tuple(Record(*record) for record in document["files"])
        checked = (entry / MARKER).stat().st_mtime
        return Content(entry / CONTENT / str(document["name"]), records, checked)
    except (OSError, KeyError, TypeError, ValueError):
        return None


def write_content(entry: Path, content: Content) -> None:
    """Say that an entry is complete.

    Raises:
        OSError: The disk refuses.
    """
    document = {
        "version": _VERSION,
        "name": content.path.name,
        "digest": content.digest,
        "size": content.size,
        "files": content.records,
    }
    write_atomically(entry / MARKER, json.dumps(document) + "\n")
    note_current(entry, content.checked)
    with suppress(FileNotFoundError):
        (entry / FETCHED).unlink()


def note_current(entry: Path, moment: float) -> None:
    """Note when the server last had this content, where the cache can be written."""
    with suppress(OSError):
        os.utime(entry / MARKER, (moment, moment))


def note_fetched(entry: Path, record: Record) -> None:
    """Note a file that is whole, for the case that the others do not come.

    Raises:
        OSError: The disk refuses.
    """
    with open(entry / FETCHED, "a", encoding="utf-8") as notes:
        notes.write(json.dumps(record) + "\n")


def noted(entry: Path) -> Iterator[Record]:
    """Yield the files that are whole, of a fetch that was cut off or of a complete entry."""
    content = read_content(entry)
    if content is not None:
        yield from content.records
    with suppress(OSError), open(entry / FETCHED, encoding="utf-8") as notes:
        for line in notes:
            # The last line of a killed process may be half.
            with suppress(ValueError, TypeError):
                yield Record(*json.loads(line))


def seal(file: Path) -> os.stat_result:
    """Make a file read-only; return its status."""
    file.chmod(_READ_ONLY)
    return file.stat()


def close_folders(path: Path) -> None:
    """Make a folder and those below it read-only, the lowest first."""
    for folder in sorted(_folders(path), key=lambda one: -len(one.parts)):
        folder.chmod(_CLOSED)


def clear_all_but(path: Path, kept: Iterable[Path]) -> None:
    """Open a content's folders for writing again, and remove all files but some."""
    if path.is_symlink() or not os.path.lexists(path):
        discard(path)
        return
    stay: Sequence[Path] | set[Path] = set(kept)
    if not path.is_dir():
        if path not in stay:
            path.unlink()
        return
    left = [path]
    while left:
        folder = left.pop()
        folder.chmod(_OPEN)
        with os.scandir(folder) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    left.append(folder / one.name)
                elif folder / one.name not in stay:
                    os.unlink(one.path)  # noqa: PTH108 - no Path for each of many


def _folders(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        return
    yield path
    with os.scandir(path) as found:
        for one in found:
            if one.is_dir(follow_symlinks=False):
                yield from _folders(path / one.name)


def _files(path: Path) -> Iterator[str]:
    """Yield all that is no folder."""
    if path.is_symlink() or not path.is_dir():
        yield os.fspath(path)
        return
    with suppress(OSError), os.scandir(path) as found:
        for one in found:
            if one.is_dir(follow_symlinks=False):
                yield from _files(path / one.name)
            else:
                yield one.path
