"""SHA-256 on the way to a command, where little is to be hashed.

`hashlib` loads OpenSSL, which takes longer (3 ms) than all that a warm run hashes. Python has a
SHA-256 of its own without it, which its `random` uses for the same reason; it is slower for much
data.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # from Python 3.12 on
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

__all__ = ["hash_of", "sha256"]

_MUCH = 1 << 18
"""Bytes from which OpenSSL is worth being loaded."""


def hash_of(data: bytes | str) -> str:
    """Return the SHA-256 of bytes, or of a text in UTF-8, as hexadecimal digits."""
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    if len(data) < _MUCH:
        return sha256(data).hexdigest()
    import hashlib

    return hashlib.sha256(data).hexdigest()
