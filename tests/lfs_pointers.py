"""Pointers of Git LFS, and stores of their contents, as tests make them."""

from __future__ import annotations

import hashlib
from pathlib import Path

CONTENT = b"some content"
OID = hashlib.sha256(CONTENT).hexdigest()
"""Of `CONTENT`."""

LFS_ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n"


def pointer_text(oid: str, size: int) -> bytes:
    """Return a pointer as git-lfs writes it."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n".encode()


def pointer_to(content: bytes) -> bytes:
    """Return the pointer to a content."""
    return pointer_text(hashlib.sha256(content).hexdigest(), len(content))


def keep(store: Path, content: bytes) -> str:
    """Put a content into a store (`lfs/objects` of a Git folder), and return its hash."""
    oid = hashlib.sha256(content).hexdigest()
    file = store / oid[:2] / oid[2:4] / oid
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return oid
