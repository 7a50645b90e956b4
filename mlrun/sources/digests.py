"""SHA-256 of a file's bytes."""

from __future__ import annotations

from typing import IO

_CHUNK = 1 << 20


def digest_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of a whole file as hexadecimal digits.

    Args:
        file: At any position, which changes.
    """
    from hashlib import sha256

    file.seek(0)
    digest = sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
