"""Where what comes from channels is kept for all environments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlrun.folders import cache_folder


def conda_cache(environ: Mapping[str, str]) -> Path:
    """Return the folder of packages and of channels' contents.

    It is rattler's own where the user has named that by `RATTLER_CACHE_DIR`. conda's folder is
    not used: conda takes no lock on it that rattler knows.
    """
    named = environ.get("RATTLER_CACHE_DIR")
    return Path(named).expanduser().absolute() if named else cache_folder() / "conda"


def packages_cache(environ: Mapping[str, str]) -> Path:
    """Return the folder of unpacked packages, which environments link to."""
    return conda_cache(environ) / "pkgs"


def contents_cache(environ: Mapping[str, str]) -> Path:
    """Return the folder of what channels said that they have."""
    return conda_cache(environ) / "repodata"
