"""Files of artifacts on the disk: found, listed, received and sent, never outside their root."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from aiohttp import StreamReader, web

from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.database.message import Json
from mlrun.tracking.gateway.workers import Workers

_PIECE = 2**20
"""Bytes that are read or written at once: what a transfer holds in memory."""

_UNFINISHED = ".mlrun-upload-"

Disk = Workers[None]


def parts_of(path: str) -> tuple[str, ...]:
    """Return the parts of a relative path, decoded.

    Args:
        path: Percent-encoded, as it came.

    Raises:
        ApiError: It is no path below a root.
    """
    decoded = unquote(path, errors="surrogateescape")
    if decoded.startswith("/") or "\0" in decoded:
        raise _invalid(path)
    parts = tuple(part for part in decoded.split("/") if part not in ("", "."))
    if ".." in parts or any(part.startswith(_UNFINISHED) for part in parts):
        raise _invalid(path)
    return parts


def within(root: Path, parts: Sequence[str]) -> Path:
    """Return a path below a root, where no link on the way leads out of it.

    Raises:
        ApiError: One does.
    """
    path = root.joinpath(*parts)
    real_root = os.path.realpath(root)
    if os.path.commonpath((real_root, os.path.realpath(path))) != real_root:
        raise _invalid("/".join(parts))
    return path


def list_folder(root: Path, parts: Sequence[str]) -> list[Json]:
    """Return what is in a folder, by name; nothing if there is no such folder.

    Returns:
        For each its `path` relative to the folder, `is_dir`, and `file_size` of a file.

    Raises:
        ApiError: It is not below the root.
    """
    folder = within(root, parts)
    try:
        with os.scandir(folder) as entries:
            found = [_entry(e) for e in entries if not e.name.startswith(_UNFINISHED)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found, key=lambda entry: str(entry["path"]))


async def send(request: web.BaseRequest, disk: Disk, path: Path) -> web.StreamResponse:
    """Answer with a file.

    Raises:
        ApiError: There is no such file.
    """
    file, size = await disk.run(lambda _: _open(path))
    try:
        answer = web.StreamResponse()
        answer.content_type = "application/octet-stream"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.content_length = size
        await answer.prepare(request)
        await _send_pieces(answer, disk, file, size)
        await answer.write_eof()
        return answer
    finally:
        file.close()


async def _send_pieces(answer: web.StreamResponse, disk: Disk, file: BinaryIO, size: int) -> None:
    left = size
    while left:
        try:
            piece = await disk.run(partial(_read, file, left))
        except OSError as error:
            raise ConnectionAbortedError("the file cannot be read to its end") from error
        if not piece:
            raise ConnectionAbortedError("the file was cut while it was sent")
        await answer.write(piece)
        left -= len(piece)


async def receive(content: StreamReader, disk: Disk, path: Path) -> None:
    """Write what comes to a file, which is there when all has come, and not before.

    Raises:
        ApiError: There can be no such file.
        OSError: It cannot be written.
    """
    unfinished, file = await disk.run(lambda _: _create(path))
    try:
        gathered = bytearray()
        async for piece in content.iter_any():
            gathered += piece
            if len(gathered) >= _PIECE:
                full, gathered = gathered, bytearray()
                await disk.run(partial(_write, file, full))
        await disk.run(lambda _: _complete(file, gathered, unfinished, path))
    except BaseException:
        with suppress(OSError):
            file.close()
        with suppress(OSError):
            unfinished.unlink()
        raise


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it.

    Raises:
        ApiError: There is none.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:
        raise ApiError(MISSING, f"No such artifact: '{path.name}'") from None


def _entry(entry: os.DirEntry[str]) -> Json:
    if entry.is_dir():
        return {"path": _text(entry.name), "is_dir": True}
    try:
        size = entry.stat().st_size
    except OSError:
        size = 0
    return {"path": _text(entry.name), "is_dir": False, "file_size": size}


def _text(name: str) -> str:
    """Return a name that JSON can carry, also where it is no text."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def _open(path: Path) -> tuple[BinaryIO, int]:
    try:
        file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115 - closed by who reads it
    except (FileNotFoundError, NotADirectoryError):
        raise ApiError(MISSING, f"No such artifact: '{path.name}'") from None
    except IsADirectoryError:
        raise ApiError(INVALID, f"'{path.name}' is a folder") from None
    about = os.fstat(file.fileno())
    if not stat.S_ISREG(about.st_mode):
        file.close()
        raise ApiError(INVALID, f"'{path.name}' is not a file")
    return file, about.st_size


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a pipe without a writer would be waited for."""
    return os.open(path, flags | os.O_NONBLOCK)


def _create(path: Path) -> tuple[Path, BinaryIO]:
    unfinished = path.with_name(f"{_UNFINISHED}{os.urandom(8).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise ApiError(INVALID, f"'{path.name}' is a folder")
        return unfinished, open(unfinished, "xb")
    except (FileExistsError, NotADirectoryError):
        raise ApiError(INVALID, f"'{path.parent.name}' is not a folder") from None


def _read(file: BinaryIO, most: int, _: None) -> bytes:
    return file.read(min(_PIECE, most))


def _write(file: BinaryIO, data: bytearray, _: None) -> None:
    file.write(data)


def _complete(file: BinaryIO, rest: bytes | bytearray, unfinished: Path, path: Path) -> None:
    if rest:
        file.write(rest)
    file.close()
    os.replace(unfinished, path)  # noqa: PTH105


def _invalid(path: str) -> ApiError:
    return ApiError(INVALID, f"Invalid path: {path[:200]!r}")
