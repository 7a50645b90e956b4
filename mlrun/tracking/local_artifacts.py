"""Artifacts that lie in a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_SYSTEM = (
    *("/bin/", "/boot/", "/dev/", "/etc/", "/lib/", "/lib32/", "/lib64/", "/proc/", "/run/"),
    *("/sbin/", "/sys/", "/usr/", "/var/lib/", "/var/run/"),
)
"""Where the folders lie that no server keeps artifacts in."""


def may_hold_artifacts(folder: Path, environ: Mapping[str, str]) -> bool:
    """Return whether a folder is neither the system's, nor the home or what is hidden in it.

    No server's word is enough to hand out the system's files, or the user's own.
    """
    home = os.path.realpath(environ.get("HOME") or "/")
    for place in (os.path.normpath(folder), os.path.realpath(folder)):
        is_system = f"{place}/".startswith(_SYSTEM)
        is_above = f"{home}/".startswith(f"{place.rstrip('/')}/")
        if is_system or is_above or (home != "/" and place.startswith(f"{home}/.")):
            return False
    return True


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
