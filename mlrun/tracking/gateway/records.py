"""How one promise stands on disk: a header with length and checksum, then what was asked for.

::

    "mlr1"  4 bytes     marks a record: a tail of zeros is none
    length  4 bytes     of the payload
    crc32   4 bytes     of number and payload
    number  8 bytes     counts the journal's records, from 1
    payload             a line of JSON (all but the body), then the body

A record that is cut off, or that the checksum belies, was never promised: what follows it in its
file counts for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from time import time
from typing import BinaryIO
from zlib import crc32

_MAGIC = b"mlr1"
_HEADER = Struct(">4sIIQ")
_NUMBER = Struct(">Q")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be promised.

    Attributes:
        kind: `request`, or `run` for a run that is to be made first.
        method: Of HTTP.
        target: Path with query, below the server's address.
        content_type: Of the body.
        body: The body, or the file that it stands in.
        doubtful: Whether the server may have acted on it already: its answer was lost.
    """

    kind: str
    method: str
    target: str
    content_type: str | None
    body: bytes | Path
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What was promised.

    Attributes:
        number: Its place in the order.
        kind: `request` or `run`.
        method: Of HTTP.
        target: Path with query, below the server's address.
        content_type: Of the body.
        body: Empty where it stands in a file.
        body_file: That file.
        doubtful: Whether the server may have acted on it already.
        time: When it was promised, in milliseconds since the epoch.
    """

    number: int
    kind: str
    method: str
    target: str
    content_type: str | None
    body: bytes
    body_file: Path | None
    doubtful: bool
    time: int


@dataclass(frozen=True, slots=True)
class Span:
    """One record's place in its file: bytes from `start` to `end`."""

    number: int
    start: int
    end: int
    payload: bytes


def entry_of(draft: Draft, number: int, body_file: Path | None) -> Entry:
    """Return the entry that a draft becomes."""
    return Entry(
        number=number,
        kind=draft.kind,
        method=draft.method,
        target=draft.target,
        content_type=draft.content_type,
        body=draft.body if isinstance(draft.body, bytes) else b"",
        body_file=body_file,
        doubtful=draft.doubtful,
        time=int(time() * 1000),
    )


def encode(entry: Entry) -> bytes:
    """Return the record of an entry."""
    about = {
        "kind": entry.kind,
        "method": entry.method,
        "target": entry.target,
        "content_type": entry.content_type,
        "body_file": entry.body_file.name if entry.body_file else None,
        "doubtful": entry.doubtful,
        "time": entry.time,
    }
    payload = json.dumps(about, separators=(",", ":")).encode("ascii") + b"\n" + entry.body
    return _HEADER.pack(_MAGIC, len(payload), _sum(entry.number, payload), entry.number) + payload


def decode(span: Span, spool: Path) -> Entry:
    """Return the entry of a record.

    Args:
        span: What `scan` yielded.
        spool: Where the files with bodies are.
    """
    line, _, body = span.payload.partition(b"\n")
    about = json.loads(line)
    name = about.pop("body_file")
    return Entry(number=span.number, body=body, body_file=spool / name if name else None, **about)


def scan(file: BinaryIO, after: int = 0) -> Iterator[Span]:
    """Yield the sound records of a file, in order, up to the first that is not sound.

    Args:
        file: At its beginning.
        after: Records up to this number are passed over, unread.
    """
    start = 0
    while len(header := file.read(_HEADER.size)) == _HEADER.size:
        magic, length, checksum, number = _HEADER.unpack(header)
        if magic != _MAGIC:
            return
        end = start + _HEADER.size + length
        if number <= after:
            file.seek(end)
        else:
            payload = file.read(length)
            if len(payload) != length or _sum(number, payload) != checksum:
                return
            yield Span(number, start, end, payload)
        start = end


def _sum(number: int, payload: bytes) -> int:
    return crc32(payload, crc32(_NUMBER.pack(number)))
