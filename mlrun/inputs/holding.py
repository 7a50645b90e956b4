"""Finds data in the cache, or brings it there, and holds it."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlrun.ages import age
from mlrun.errors import InputError, InputUnavailableError
from mlrun.inputs.base import InputRequest, RemoteData, RemoteFile, Report
from mlrun.inputs.content import Content, Record, note_current, read_content
from mlrun.inputs.entry import (
    MARKER,
    entries_of,
    entry_for,
    forget,
    hold_entry,
    locked,
    remove_entry,
    use,
    use_or_make,
)
from mlrun.inputs.failures import ChangedError
from mlrun.inputs.listing import checked
from mlrun.lease import Lease

_MOST_VERSIONS = 3
"""How many versions of data are begun that changes while it is read."""


@dataclass(frozen=True, slots=True)
class Held:
    """Data that nobody removes before it is let go.

    Attributes:
        content: What it is.
        lease: To be released.
        is_new: Whether it was brought by this one.
        seconds: How long that took.
    """

    content: Content
    lease: Lease
    is_new: bool = False
    seconds: float = 0.0


def hold(data: RemoteData, request: InputRequest, report: Report) -> Held:
    """Return data as the server has it now; with `offline`, as it was when somebody last asked.

    Raises:
        InputUnavailableError: No answer of the server.
        InputError: There is no such thing; it cannot be kept here; it is not cached (offline).
    """
    if request.offline:
        return _cached(data, request, report)
    for _ in range(_MOST_VERSIONS):
        with suppress(ChangedError):
            return _current(data, request, report)
    raise InputUnavailableError(
        f"{data.shown} changes while it is fetched", hint="try again when it is written"
    )


def _cached(data: RemoteData, request: InputRequest, report: Report) -> Held:
    newest = _newest(data)
    if newest is None:
        raise InputError(
            f"{data.shown} is not in the cache, and nothing is fetched offline",
            hint="run it once without --offline",
        )
    use_again = use(newest.content.path.parents[1])
    if use_again is not None:
        use_again.release()
    report(f"{request.parameter}: offline, as fetched {age(newest.content.checked)} ago")
    return newest


def _current(data: RemoteData, request: InputRequest, report: Report) -> Held:
    asked = time.time()
    files = _listed(data, request, report)
    is_known = all(file.version is not None for file in files)
    # Where the server says nothing of versions, each time may be another one.
    version = json.dumps(files) if is_known else os.urandom(16).hex()
    entry = entry_for(data.key, version)
    lease = use_or_make(entry, data.shown)
    try:
        content = _intact(entry, asked)
        if content is not None:
            return Held(content, lease)
        with locked(entry, data.shown, report):
            content = _intact(entry, asked)
            if content is not None:
                return Held(content, lease)
            if read_content(entry) is not None:
                line = "its copy in the cache was altered, and is fetched again"
                report(f"{request.parameter}: {line}")
            return _brought(data, files, entry, lease, request, report)
    except BaseException:
        lease.release()
        raise


def _listed(data: RemoteData, request: InputRequest, report: Report) -> tuple[RemoteFile, ...]:
    from mlrun.inputs.tries import tried

    def notice(line: str) -> None:
        report(f"{request.parameter}: {line}", passing=True)

    notice(f"asking what is at {data.shown}")
    try:
        return checked(tried(data.files, time.sleep, notice), data.shown)
    except InputUnavailableError as error:
        newest = _newest(data)
        if newest is None:
            raise
        newest.lease.release()
        hint = f"a copy of {age(newest.content.checked)} ago is in the cache: --offline uses it"
        raise InputUnavailableError(error.message, hint=hint) from error


def _brought(
    data: RemoteData,
    files: tuple[RemoteFile, ...],
    entry: Path,
    lease: Lease,
    request: InputRequest,
    report: Report,
) -> Held:
    from mlrun.inputs.download import Download

    start = time.monotonic()
    moment = time.time()
    earlier, leases = _earlier(data, entry)
    download = Download(data, files, entry, earlier)
    try:
        download.run(request.parameter, report)
        _require_same(data, files)
    except ChangedError:
        forget(entry)
        raise
    finally:
        for other in leases:
            other.release()
    content = download.complete(moment)
    _remove_useless(data, entry)
    return Held(content, lease, True, time.monotonic() - start)


def _require_same(data: RemoteData, files: tuple[RemoteFile, ...]) -> None:
    """Ask once more what is there: files that changed while they were read may be mixtures."""
    from mlrun.inputs.tries import tried

    if any(file.version is None for file in files):
        return
    if checked(tried(data.files, time.sleep), data.shown) != files:
        raise ChangedError(f"{data.shown} has changed while it was fetched")


def _earlier(
    data: RemoteData, entry: Path
) -> tuple[dict[tuple[str, int | None, str | None], tuple[Path, Record]], list[Lease]]:
    """Return the files of other versions of the same data, and what holds them."""
    found: dict[tuple[str, int | None, str | None], tuple[Path, Record]] = {}
    leases = []
    for other in entries_of(data.key):
        lease = hold_entry(other) if other != entry and (other / MARKER).exists() else None
        if lease is None:
            continue
        leases.append(lease)
        content = read_content(other)
        for record in content.records if content is not None else ():
            assert content is not None
            found[record.path, record.size, record.version] = (content.file(record), record)
    return found, leases


def _remove_useless(data: RemoteData, entry: Path) -> None:
    """Remove what was begun of other versions, and those that no server can say are current."""
    for other in entries_of(data.key):
        if other == entry:
            continue
        content = read_content(other)
        if content is None or any(record.version is None for record in content.records):
            remove_entry(other)


def _newest(data: RemoteData) -> Held | None:
    """Return the version that the server had last, if it is here and whole."""
    found: list[Held] = []
    for entry in entries_of(data.key):
        lease = hold_entry(entry)
        content = read_content(entry) if lease is not None else None
        if lease is not None and content is not None and content.is_intact():
            found.append(Held(content, lease))
        elif lease is not None:
            lease.release()
    found.sort(key=lambda held: held.content.checked)
    for held in found[:-1]:
        held.lease.release()
    return found[-1] if found else None


def _intact(entry: Path, asked: float) -> Content | None:
    """Return what an entry holds, if it is complete and as it was written."""
    content = read_content(entry)
    if content is None or not content.is_intact():
        return None
    note_current(entry, asked)
    return content
