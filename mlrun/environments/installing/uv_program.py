"""Where the uv program is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def find_uv(environ: Mapping[str, str]) -> Path | None:
    """Return the uv that was installed with mlrun, else the one on PATH, else None."""
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        from shutil import which

        found = which("uv", path=environ.get("PATH"))
        return Path(found) if found else None
