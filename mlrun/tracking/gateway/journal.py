"""The journal: what a tracking server has not got yet, durably on disk and in order.

::

    <folder>/
        lock                    held by whoever writes or delivers
        0000000000000001.log    records, named by the number of the first; see `records.py`
        delivered               up to which number all is delivered, in two slots
        spool/                  bodies that are files
        refused.jsonl           what the server did not take; see `refused.py`

A record is promised once it, and all folders above it that were new, are on the disk itself. What
stands here are paths and bodies only: credentials are added when it is sent.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from zlib import crc32

from mlrun.errors import TrackingError, UsageError
from mlrun.sizes import parse_size
from mlrun.tracking.gateway.durable import move, sync, sync_above, take_lock
from mlrun.tracking.gateway.records import Draft, Entry, decode, encode, entry_of, scan

BUDGET = "MLRUN_JOURNAL_BUDGET"
"""The variable that says how many bytes a journal may take."""

DEFAULT_BUDGET = 1 << 30
"""Bytes that a journal may take on disk."""

FOLDER = "journal"
"""The name of the journal in a run's folder."""

_SEGMENT_BYTES = 1 << 20
_SEGMENT = ".log"
_LOCK = "lock"
_DELIVERED = "delivered"
_SPOOL = "spool"
_SLOT = Struct(">QI")
_SLOT_DISTANCE = 4096  # a write that is torn spoils one sector, and so one slot


class JournalFullError(TrackingError):
    """Something cannot be kept: the budget is used up, or the disk is full. It is not promised."""

    code = "journal_full"


class JournalBusyError(TrackingError):
    """Another process writes or delivers this journal."""

    code = "journal_busy"


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in a journal.

    Attributes:
        records: How many.
        size: Bytes of their bodies.
        since: When the first was promised, in milliseconds since the epoch; None without any.
    """

    records: int
    size: int
    since: int | None


@dataclass(slots=True)
class _Segment:
    first: int
    path: Path
    size: int


def read_budget(environ: Mapping[str, str]) -> int:
    """Read how many bytes a journal may take: `MLRUN_JOURNAL_BUDGET`, such as `500M` or `2G`.

    Raises:
        UsageError: It cannot be understood.
    """
    given = environ.get(BUDGET, "").strip()
    if not given:
        return DEFAULT_BUDGET
    budget = parse_size(given)
    if budget is None:
        raise UsageError(f"{BUDGET}={given} is no size", hint="give bytes, or as in 500M or 2G")
    return budget


class Journal:
    """A journal in a folder; safe to use from several threads of one process.

    An existing one is locked and repaired at once; otherwise the folder is made with the
    first entry.

    Args:
        folder: Where it is.
        budget: Bytes that it may take on disk.

    Raises:
        JournalBusyError: Another process has it.
        OSError: It cannot be read.
    """

    def __init__(self, folder: Path, budget: int = DEFAULT_BUDGET) -> None:
        self.folder = folder
        self._budget = budget
        self._guard = threading.RLock()
        self._lock: int | None = None
        self._file: int | None = None
        self._segments: list[_Segment] = []
        self._bodies: dict[int, int] = {}
        self._last = 0
        self._done = 0
        self._slot = 0
        if folder.is_dir():
            self._open()

    @property
    def spool_folder(self) -> Path:
        """Where a body that is to become an entry's is written, under any name with a dot first.

        Raises:
            JournalFullError: It cannot be made.
        """
        with self._guard, _told():
            self._make()
        return self.folder / _SPOOL

    def append(
        self,
        kind: str,
        method: str,
        target: str,
        content_type: str | None,
        body: bytes | Path,
        *,
        doubtful: bool = False,
    ) -> Entry:
        """Promise one thing; see `append_all`."""
        draft = Draft(kind, method, target, content_type, body, doubtful)
        return self.append_all([draft])[0]

    def append_all(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Promise all of these: they are on the disk when this returns.

        A body that is a file is moved in; where nothing could be promised, it is removed.

        Raises:
            JournalFullError: There is no room. Nothing was promised.
        """
        with self._guard, _told():
            entries: list[Entry] = []
            try:
                self._make()
                for number, draft in enumerate(drafts, self._last + 1):
                    entries.append(entry_of(draft, number, self._place_of(draft, number)))
                self._promise(drafts, entries)
            except BaseException:
                for path in self._files_of(drafts, entries):
                    path.unlink(missing_ok=True)
                raise
            return entries

    def waiting(self) -> int:
        """Return how many entries are not delivered."""
        return self._last - self._done

    def room(self) -> int:
        """Return how many bytes the budget still allows."""
        return max(0, self._budget - self._used())

    def entries(self) -> Iterator[Entry]:
        """Yield what is not delivered, in order. What is promised meanwhile comes next time."""
        with self._guard:
            segments, after, last = list(self._segments), self._done, self._last
        yield from _undelivered(self.folder / _SPOOL, segments, after, last)

    def acknowledge(self, number: int) -> None:
        """Take note that all entries up to this number are delivered; remove what is."""
        with self._guard:
            before, self._done = self._done, max(self._done, min(number, self._last))
            if self._done == before:
                return
            self._write_delivered()
            for done in [n for n in self._bodies if n <= self._done]:
                del self._bodies[done]
                with suppress(OSError):
                    (self.folder / _SPOOL / _body_name(done)).unlink()
            self._remove_segments()

    def remove(self) -> None:
        """Remove the journal altogether, if nothing waits in it, and let go of it."""
        import shutil

        with self._guard:
            if self._lock is not None and not self.waiting():
                shutil.rmtree(self.folder, ignore_errors=True)
                self._segments.clear()
            self.close()

    def close(self) -> None:
        """Let others have it."""
        with self._guard:
            for descriptor in (self._file, self._lock):
                if descriptor is not None:
                    os.close(descriptor)
            self._file = self._lock = None

    def _used(self) -> int:
        return sum(segment.size for segment in self._segments) + sum(self._bodies.values())

    def _make(self) -> None:
        """Make and lock what is not there yet."""
        if self._lock is not None:
            return
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, parents=True)
        self._open()
        sync_above(self.folder)

    def _open(self) -> None:
        try:
            self._lock = take_lock(self.folder / _LOCK)
        except BlockingIOError:
            raise JournalBusyError(f"another mlrun is at the journal {self.folder}") from None
        try:
            (self.folder / _SPOOL).mkdir(mode=0o700, exist_ok=True)
            self._read()
            self._repair()
            for _ in range(2):  # both slots, so that later writes need no room
                self._write_delivered()
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        self._done = _read_delivered(self.folder)
        self._segments = _find_segments(self.folder)
        self._last = self._done
        spool = self.folder / _SPOOL
        for entry in _undelivered(spool, self._segments, self._done, None):
            self._last = entry.number
            if entry.body_file is not None:
                self._bodies[entry.number] = _size(entry.body_file)

    def _repair(self) -> None:
        """Cut off what was not written to its end, and remove bodies that nobody refers to."""
        if self._segments:
            segment = self._segments[-1]
            with segment.path.open("rb+") as file:
                segment.size = max((span.end for span in scan(file)), default=0)
                file.truncate(segment.size)
                os.fsync(file.fileno())
        self._forget_from(self._last + 1)
        self._remove_segments()
        wanted = {_body_name(number) for number in self._bodies}
        for path in (self.folder / _SPOOL).iterdir():
            if path.name not in wanted:
                path.unlink()

    def _place_of(self, draft: Draft, number: int) -> Path | None:
        is_file = isinstance(draft.body, Path)
        return self.folder / _SPOOL / _body_name(number) if is_file else None

    def _files_of(self, drafts: Sequence[Draft], entries: Sequence[Entry]) -> list[Path]:
        given = [draft.body for draft in drafts if isinstance(draft.body, Path)]
        return given + [entry.body_file for entry in entries if entry.body_file is not None]

    def _promise(self, drafts: Sequence[Draft], entries: Sequence[Entry]) -> None:
        data = b"".join(map(encode, entries))
        sizes = {
            entry.number: draft.body.stat().st_size
            for draft, entry in zip(drafts, entries, strict=True)
            if isinstance(draft.body, Path)
        }
        if len(data) + sum(sizes.values()) > self.room():
            raise JournalFullError(
                f"the journal has used up its budget of {self._budget} bytes",
                hint=f"set {BUDGET} to more",
            )
        for draft, entry in zip(drafts, entries, strict=True):
            if isinstance(draft.body, Path) and entry.body_file is not None:
                move(draft.body, entry.body_file)
        if sizes:
            sync(self.folder / _SPOOL)
        self._write(data, self._last + 1)
        self._bodies.update(sizes)
        self._last += len(entries)

    def _write(self, data: bytes, first: int) -> None:
        """Write records behind the others, wholly or not at all."""
        segment = self._current(first)
        assert self._file is not None
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fdatasync(self._file)
        except BaseException:
            self._undo(segment)
            raise
        segment.size += len(data)

    def _current(self, first: int) -> _Segment:
        """Return the file that is written to, opened."""
        segment = self._segments[-1] if self._segments else None
        if segment is not None and self._file is not None and segment.size < _SEGMENT_BYTES:
            return segment
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._forget_from(first)
        path = self.folder / f"{first:016}{_SEGMENT}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            sync(self.folder)
        except BaseException:
            os.close(descriptor)
            raise
        self._file = descriptor
        self._segments.append(_Segment(first, path, 0))
        return self._segments[-1]

    def _undo(self, segment: _Segment) -> None:
        """Take back what was written in part; where that fails too, go on in another file."""
        assert self._file is not None
        try:
            os.ftruncate(self._file, segment.size)
        except OSError:
            os.close(self._file)
            self._file = None

    def _remove_segments(self) -> None:
        """Remove the files whose records are all delivered."""
        for segment, end in _with_ends(list(self._segments), self._last):
            if end is None or end > self._done:
                break
            if segment is self._segments[-1] and self._file is not None:
                os.close(self._file)
                self._file = None
            with suppress(OSError):
                segment.path.unlink()
            self._segments.remove(segment)

    def _forget_from(self, first: int) -> None:
        """Remove files that begin with records that were never promised."""
        for segment in [s for s in self._segments if s.first >= first]:
            segment.path.unlink(missing_ok=True)
            self._segments.remove(segment)

    def _write_delivered(self) -> None:
        """Write up to where all is delivered; two slots take turns, so that one is always sound.

        Failing at it costs a second delivery, which changes nothing.
        """
        self._slot = 1 - self._slot
        with suppress(OSError):
            descriptor = os.open(
                self.folder / _DELIVERED, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            try:
                os.pwrite(descriptor, _slot(self._done), self._slot * _SLOT_DISTANCE)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)


def journal_of(run_folder: Path, budget: int = DEFAULT_BUDGET) -> Journal | None:
    """Open the journal that a run has left, None where it has left none.

    Raises:
        JournalBusyError: Another process has it.
        OSError: It cannot be read.
    """
    folder = run_folder / FOLDER
    return Journal(folder, budget) if folder.is_dir() else None


def has_backlog(run_folder: Path) -> bool:
    """Return whether something waits in a run's journal; one that cannot be read counts."""
    folder = run_folder / FOLDER
    try:
        after = _read_delivered(folder)
        found = _undelivered(folder / _SPOOL, _find_segments(folder), after, None)
        return next(found, None) is not None
    except OSError:
        return True


def look(folder: Path) -> Backlog:
    """Return what waits in a journal, without touching it: another process may be at it.

    Raises:
        OSError: It cannot be read.
    """
    records, size, since = 0, 0, None
    after = _read_delivered(folder)
    for entry in _undelivered(folder / _SPOOL, _find_segments(folder), after, None):
        records += 1
        size += len(entry.body) + _size(entry.body_file)
        since = since or entry.time
    return Backlog(records, size, since)


def _undelivered(
    spool: Path, segments: Sequence[_Segment], after: int, last: int | None
) -> Iterator[Entry]:
    """Yield the entries after one number, up to another; None for all that are there."""
    for segment, end in _with_ends(segments, last):
        if end is not None and end <= after:
            continue
        with suppress(FileNotFoundError), segment.path.open("rb") as file:
            for span in scan(file, after):
                if end is not None and span.number > end:
                    break
                yield decode(span, spool)


def _with_ends(
    segments: Sequence[_Segment], last: int | None
) -> Iterator[tuple[_Segment, int | None]]:
    """Yield each file with the number of the last record in it that counts."""
    ends = [segment.first - 1 for segment in segments[1:]]
    yield from zip(segments, [*ends, last], strict=False)


def _find_segments(folder: Path) -> list[_Segment]:
    found = [
        _Segment(int(path.stem), path, path.stat().st_size)
        for path in folder.glob(f"*{_SEGMENT}")
        if path.stem.isdecimal()
    ]
    return sorted(found, key=lambda segment: segment.first)


def _slot(number: int) -> bytes:
    return _SLOT.pack(number, crc32(number.to_bytes(8, "big")))


def _read_delivered(folder: Path) -> int:
    try:
        content = (folder / _DELIVERED).read_bytes()
    except FileNotFoundError:
        return 0
    slots = (content[start : start + _SLOT.size] for start in (0, _SLOT_DISTANCE))
    numbers = [_SLOT.unpack(slot)[0] for slot in slots if len(slot) == _SLOT.size]
    return max((n for n in numbers if _slot(n) in content), default=0)


def _body_name(number: int) -> str:
    return f"{number:016}.body"


def _size(path: Path | None) -> int:
    try:
        return path.stat().st_size if path is not None else 0
    except OSError:
        return 0


@contextmanager
def _told() -> Iterator[None]:
    """Turn a disk that takes no more into the error that says so."""
    try:
        yield
    except OSError as error:
        raise JournalFullError(
            f"the journal {error.filename or ''} cannot be written: {error.strerror}".replace(
                "  ", " "
            ),
            hint="free some space, or set MLRUN_STATE_DIR to a folder that can be written",
        ) from None
