"""Write a mended text in place of a file's own, whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from mlrun.errors import UsageError

_BOM = b"\xef\xbb\xbf"
_WRITABLE = 0o222


def refuse_unwritable(file: Path) -> None:
    """Find out before anything is written whether a file may be.

    Raises:
        UsageError: It is read-only.
    """
    try:
        is_writable = bool(file.stat().st_mode & _WRITABLE) and os.access(file, os.W_OK)
    except OSError as error:
        raise _refused(file, error) from None
    if not is_writable:
        raise UsageError(
            f"'{file}' cannot be mended: it is read-only",
            hint=f"`--diff` shows what would be changed; `chmod u+w {file}` allows it",
        )


def write_text(file: Path, text: str, *, before: str) -> None:
    """Replace what a file holds; its mode, its owner, a byte order mark and links to it stay.

    Args:
        file: The file, or a symbolic link to it.
        text: What it is to hold, without a byte order mark.
        before: What it held when it was checked.

    Raises:
        UsageError: It cannot be written, or somebody has changed it since; then it is as it was.
    """
    try:
        _replace(Path(os.path.realpath(file)), text.encode(), before.encode())
    except OSError as error:
        raise _refused(file, error) from None


def _replace(file: Path, data: bytes, before: bytes) -> None:
    from tempfile import mkstemp

    with file.open("rb") as stream:
        held, status = stream.read(), os.fstat(stream.fileno())
    mark = _BOM if held.startswith(_BOM) else b""
    if held != mark + before:
        raise UsageError(f"'{file}' was changed while it was checked", hint="check it again")
    descriptor, name = mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(mark + data)
            with suppress(PermissionError):
                os.fchown(stream.fileno(), status.st_uid, status.st_gid)
            os.fchmod(stream.fileno(), status.st_mode & 0o7777)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink()
        raise


def _refused(file: Path, error: OSError) -> UsageError:
    reason = (error.strerror or str(error)).lower()
    return UsageError(f"'{file}' cannot be mended: {reason}")
