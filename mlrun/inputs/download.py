"""Brings files into an entry, several at a time, each from where it stopped."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

from mlrun.disk import discard, free_space, write_atomically
from mlrun.errors import InputError, InputUnavailableError
from mlrun.folders import MAKE_ROOM
from mlrun.hashing import hash_of
from mlrun.inputs.addresses import name_of
from mlrun.inputs.base import RemoteData, RemoteFile, Report
from mlrun.inputs.content import (
    Content,
    Record,
    clear_all_but,
    close_folders,
    is_as_written,
    note_fetched,
    noted,
    seal,
    write_content,
)
from mlrun.inputs.entry import CONTENT, FETCHED, MARKER, PARTS
from mlrun.inputs.failures import (
    ChangedError,
    PassingError,
    StoppedError,
    disk_errors,
)
from mlrun.inputs.part import Part
from mlrun.inputs.progress import Progress
from mlrun.inputs.tries import MOST_TRIES, given_up, pause_before
from mlrun.sizes import size_in_words

_MOST_AT_A_TIME = 8
_MOST_TRIES_ONCE_BEGUN = 8
"""After the first byte: a server that has just answered may be starting anew, for a minute."""
_REPORT_EVERY = 0.25
"""Seconds between two lines of progress."""
_PATIENCE = 1.0
"""Seconds that threads get to end once one has failed; what they read then is not kept."""
_WORTH = 1 << 20
"""Bytes after which a try counts as none that failed: a big file may be cut off many times."""

Earlier = Mapping[tuple[str, int | None, str | None], tuple[Path, Record]]
"""Files of other versions that are here already, by path, size and version."""


class Download:
    """Brings all files of an entry that are not there yet.

    Args:
        data: Where they are.
        files: Which, with safe names.
        entry: The entry's folder, locked by the caller.
        earlier: What need not be fetched once more.
    """

    def __init__(
        self, data: RemoteData, files: Sequence[RemoteFile], entry: Path, earlier: Earlier
    ) -> None:
        self._data = data
        self._files = files
        self._entry = entry
        self._earlier = earlier
        self._top = entry / CONTENT / name_of(data.name)
        self._records: dict[str, Record] = {}
        self._left: deque[RemoteFile] = deque()
        self._failure: Exception | None = None
        self._stop = threading.Event()
        self._noting = threading.Lock()
        sizes = [file.size for file in files if file.size is not None]
        self.progress = Progress(sum(sizes) if len(sizes) == len(files) else None)

    def run(self, name: str, report: Report) -> None:
        """Bring the files.

        Args:
            name: What lines of progress call the data.
            report: Takes them.

        Raises:
            ChangedError: What is at the server is another by now.
            InputUnavailableError: No answer after all tries.
            InputError: Anything else that is in the way.
        """
        with disk_errors(self._entry):
            self._keep_what_is_there()
            self._take_from_earlier()
            self._queue_what_is_left()
            self._require_space()
        try:
            self._bring(name, report)
        except InputError as error:
            if error.hint == MAKE_ROOM:
                discard(self._entry / PARTS)
            raise

    def complete(self, moment: float) -> Content:
        """Say that the entry is complete.

        Args:
            moment: When the server said what is there, in seconds since the epoch.

        Raises:
            InputError: The disk refuses.
        """
        records = tuple(sorted(self._records.values()))
        content = Content(self._top, records, moment)
        with disk_errors(self._entry):
            close_folders(self._top)
            write_content(self._entry, content)
            discard(self._entry / PARTS)
        return content

    def _keep_what_is_there(self) -> None:
        """Find the files that are whole; remove all else."""
        wanted = {(file.path, file.version) for file in self._files if file.version is not None}
        for record in noted(self._entry):
            is_wanted = (record.path, record.version) in wanted
            if is_wanted and is_as_written(self._target(record.path), record):
                self._records[record.path] = record
        lines = [json.dumps(record) + "\n" for record in self._records.values()]
        write_atomically(self._entry / FETCHED, "".join(lines))
        (self._entry / MARKER).unlink(missing_ok=True)
        clear_all_but(self._top, [self._target(path) for path in self._records])
        for folder in (self._entry / PARTS, self._top.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if self._files[0].path:
            self._top.mkdir(mode=0o700, exist_ok=True)
        elif self._top.is_dir():
            discard(self._top)

    def _take_from_earlier(self) -> None:
        """Give files of an earlier version that did not change a second name here."""
        for file in self._files:
            known = self._earlier.get((file.path, file.size, file.version))
            if known is None or file.path in self._records or file.version is None:
                continue
            place, record = known
            target = self._target(file.path)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                os.link(place, target)
            except OSError:
                continue
            if is_as_written(target, record):
                self._note(record)
            else:
                target.unlink()

    def _queue_what_is_left(self) -> None:
        self.progress.done = sum(record.size for record in self._records.values())
        self._left.extend(file for file in self._files if file.path not in self._records)

    def _require_space(self) -> None:
        parts = sum(self._size_of_part(file) for file in self._left)
        missing = sum(file.size or 0 for file in self._left) - parts
        free = free_space(self._entry)
        if missing > free:
            raise InputError(
                f"{self._data.shown} needs {size_in_words(missing)} more, and in "
                f"{self._entry.parent} there are {size_in_words(free)} free",
                hint=MAKE_ROOM,
            )

    def _bring(self, name: str, report: Report) -> None:
        count = min(_MOST_AT_A_TIME, len(self._left))
        # Daemons: one that hangs in a connection must not keep mlrun from ending.
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_REPORT_EVERY)
                    if self._failure is not None:
                        raise self._failure
                    if thread.is_alive():
                        report(self.progress.line(name), passing=True)
        finally:
            self._stop.set()
            end = monotonic() + _PATIENCE
            for thread in threads:
                if thread.ident is not None:
                    thread.join(max(0.0, end - monotonic()))
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        """Bring one file after the other, until there is none or one has failed."""
        while not self._stop.is_set():
            try:
                file = self._left.popleft()
            except IndexError:
                return
            try:
                self._fetch(file)
            except StoppedError:
                return
            except Exception as error:
                self._failure = self._failure or error
                self._stop.set()

    def _fetch(self, file: RemoteFile) -> None:
        """Bring one file, with as many tries as it takes as long as it gets on."""
        failed = 0
        with Part(self._part(file)) as part:
            if _may_be_resumed(file):
                self.progress.add_there(part.take_up())
            while True:
                before = part.size
                try:
                    self._go_on(file, part)
                    break
                except InputUnavailableError as error:
                    has_moved = part.size - before >= _WORTH and _may_be_resumed(file)
                    failed = 1 if has_moved else failed + 1
                    most = _MOST_TRIES_ONCE_BEGUN if self.progress.brought else MOST_TRIES
                    if failed >= most:
                        raise given_up(error, failed) from error
                    if self._stop.wait(pause_before(failed + 1, error)):
                        raise StoppedError from error
            self._keep(file, part)

    def _go_on(self, file: RemoteFile, part: Part) -> None:
        is_too_long = file.size is not None and part.size > file.size
        if part.size and (is_too_long or not _may_be_resumed(file)):
            self.progress.lose(part.size)
            part.begin_again()
        elif not part.size:
            part.begin_again()
        if file.size is None or part.size < file.size:
            self._read(file, part)
        if file.size is not None and part.size < file.size:
            got = f"{size_in_words(part.size)} of {size_in_words(file.size)}"
            raise PassingError(f"{self._data.shown} was cut off after {got}")

    def _read(self, file: RemoteFile, part: Part) -> None:
        with self._data.read(file, part.size) as blocks:
            for block in blocks:
                if self._stop.is_set():
                    raise StoppedError
                part.write(block)
                self.progress.add(len(block))
                if file.size is not None and part.size > file.size:
                    raise ChangedError(f"{self._data.shown} is longer now than the server said")

    def _keep(self, file: RemoteFile, part: Part) -> None:
        """Put a whole file to its place, read-only."""
        target = self._target(file.path)
        with disk_errors(self._entry):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = seal(part.file)
            part.file.replace(target)
            self._note(Record(file.path, part.size, status.st_mtime_ns, part.digest, file.version))

    def _note(self, record: Record) -> None:
        with self._noting:
            if self._stop.is_set():
                raise StoppedError
            self._records[record.path] = record
            note_fetched(self._entry, record)

    def _target(self, path: str) -> Path:
        return self._top / path if path else self._top

    def _part(self, file: RemoteFile) -> Path:
        return self._entry / PARTS / hash_of(file.path)[:32]

    def _size_of_part(self, file: RemoteFile) -> int:
        try:
            return self._part(file).stat().st_size
        except OSError:
            return 0


def _may_be_resumed(file: RemoteFile) -> bool:
    """Return whether a part is certain to be of the same bytes: RFC 9110, 8.8.1 on weak names."""
    return file.version is not None and not file.version.startswith("W/")
