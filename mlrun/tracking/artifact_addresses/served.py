"""Artifacts that a server passes on, listed and read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mlrun.errors import InputError
from mlrun.inputs.base import RemoteFile
from mlrun.inputs.failures import ChangedError, PassingError
from mlrun.tracking.api import Json
from mlrun.tracking.artifact_addresses.listing import Entry, Listing
from mlrun.tracking.artifact_addresses.missing import no_such_path
from mlrun.tracking.artifact_addresses.outlets import Outlet, join
from mlrun.tracking.artifact_addresses.server import Server, input_errors
from mlrun.tracking.connection import StreamedAnswer

_RANGE = re.compile(r"bytes ([0-9]{1,19})-[0-9]*/")


@dataclass(frozen=True, slots=True)
class Label:
    """How an address is called.

    Attributes:
        shown: As the user wrote it.
        name: What a copy of it is called.
        key: Equal for the same thing, without secrets.
    """

    shown: str
    name: str
    key: str


class ServedData:
    """A file or a folder that a server has.

    A file's `version` says whose it is: MLflow's listings tell of a file's content nothing but
    its size. What a run that has ended, a version of a model, or a logged model that is complete
    has, is taken to stay as it is while it keeps its size and its owner its time of change.

    Args:
        server: Where it is.
        outlet: How it is given out.
        path: Below the outlet; empty for all of it.
        label: How it is called.
        identity: See `Owner`.
    """

    def __init__(
        self, server: Server, outlet: Outlet, path: str, label: Label, identity: str | None
    ) -> None:
        self.shown, self.name, self.key = label.shown, label.name, label.key
        self._server = server
        self._outlet = outlet
        self._path = path
        self._identity = identity
        self._marks: dict[str, str] = {}

    def files(self) -> tuple[RemoteFile, ...]:
        """Return what is there: one file with an empty path, or all files of a folder.

        Raises:
            InputUnavailableError: No answer; another try may help.
            InputError: There is no such thing, nobody may read it, or the server's listing
                leads elsewhere.
        """
        listing = Listing(self._outlet, self._page, self.shown)
        entries = listing.entries(self._path)
        if not _may_be_file(entries, self._path):
            return self._below(listing, entries)
        found = self._in_its_folder(listing)
        if found.is_folder:
            return self._below(listing, entries)
        return (RemoteFile("", found.size, self._identity),)

    @contextmanager
    def read(self, file: RemoteFile, offset: int) -> Iterator[Iterator[bytes]]:
        """Give the content from an offset, in blocks.

        Where the server knows no ranges, it is read again and what comes before is passed over.

        Raises:
            InputUnavailableError: No answer, a stalled or cut-off transfer.
            InputError: It may not be read; ChangedError if it is another one than `file` says
                by now.
        """
        place = self._outlet.place(join(self._path, file.path))
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and offset == file.size:
            yield iter(())
            return
        with self._server.read(place, headers) as answer:
            self._check_mark(file, offset, answer)
            start = _start(answer)
            if start > offset:
                raise InputError(f"{self._called(file)}: the server sent another part of it")
            yield self._blocks(file, answer, start, offset)

    def _below(self, listing: Listing, entries: list[Entry]) -> tuple[RemoteFile, ...]:
        prefix = f"{self._path}/" if self._path else ""
        return tuple(
            RemoteFile(path.removeprefix(prefix), size, self._identity)
            for path, size in listing.walk(self._path, entries)
        )

    def _in_its_folder(self, listing: Listing) -> Entry:
        """Return what the folder says that has it."""
        folder, _, name = self._path.rpartition("/")
        entries = listing.entries(folder) if self._path else []
        found = next((entry for entry in entries if entry.name == name), None)
        if found is None:
            message, hint = no_such_path(self.shown, name, [entry.name for entry in entries])
            raise InputError(message, hint=hint)
        return found

    def _page(self, folder: str, token: str) -> Json:
        with input_errors(self.shown):
            return self._outlet.listing(self._server, folder, token)

    def _check_mark(self, file: RemoteFile, offset: int, answer: StreamedAnswer) -> None:
        """Notice that a file is another one than the one whose beginning was read before."""
        mark = answer.headers.get("etag") or answer.headers.get("last-modified") or ""
        known = self._marks.setdefault(file.path, mark)
        if known == mark:
            return
        self._marks[file.path] = mark
        if offset:
            raise ChangedError(f"{self._called(file)} has changed while it was read")

    def _blocks(
        self, file: RemoteFile, answer: StreamedAnswer, position: int, offset: int
    ) -> Iterator[bytes]:
        with input_errors(self.shown):
            for block in answer.blocks():
                begin = max(0, offset - position)
                position += len(block)
                if file.size is not None and position > file.size:
                    raise ChangedError(f"{self._called(file)} is longer than {file.size} bytes")
                if block := block[begin:]:
                    yield block
        if file.size is not None and position < file.size:
            raise PassingError(f"{self._called(file)} ended after {position} of {file.size} bytes")

    def _called(self, file: RemoteFile) -> str:
        return join(self.shown, file.path)


def _may_be_file(entries: list[Entry], path: str) -> bool:
    """Return whether a listing leaves open what was listed.

    That of a file is empty, as is that of an empty folder, and of nothing; some stores list a
    file as if it were in a folder of its name.
    """
    name = path.rpartition("/")[2]
    return not entries or (
        len(entries) == 1 and entries[0].name == name and not entries[0].is_folder
    )


def _start(answer: StreamedAnswer) -> int:
    """Return where in the file the answer begins."""
    found = _RANGE.match(answer.headers.get("content-range", ""))
    return int(found[1]) if answer.status == 206 and found else 0
