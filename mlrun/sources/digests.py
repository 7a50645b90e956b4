"""SHA-256: of a file's bytes, and of a name."""

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


def digest_of_name(name: str) -> str:
    """Return the SHA-256 of a name as hexadecimal digits.

    On the way to a command that is fetched already it would be all that is wanted of `hashlib`,
    which loads OpenSSL: that takes as long as git does. Python's own code is there without it,
    and its `random` uses it for the same reason.
    """
    try:
        from _sha2 import sha256  # type: ignore[import-not-found]  # from Python 3.12 on
    except ImportError:
        try:
            from _sha256 import sha256  # type: ignore[import-not-found]
        except ImportError:
            from hashlib import sha256
    digest: str = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return digest
