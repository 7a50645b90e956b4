"""Artifacts that lie in a folder of this machine."""

from __future__ import annotations

from pathlib import Path


def local_folder(uri: str) -> Path | None:
    """Return the folder that an artifacts' address means; None for one that is no folder here."""
    if uri.startswith("file:"):
        from urllib.parse import unquote, urlsplit

        parts = urlsplit(uri)
        return Path(unquote(parts.path)) if parts.netloc in ("", "localhost") else None
    return Path(uri) if uri.startswith("/") else None


def write_artifact(root: str | None, path: str, content: bytes) -> bool:
    """Write a file below a run's artifacts; returns whether they lie here and it is written."""
    folder = local_folder(root or "")
    if folder is None:
        return False
    file = folder / path
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError:
        return False
    return True
