"""The user's folders that mlrun keeps things in.

`MLRUN_STATE_DIR`, `MLRUN_CACHE_DIR` and `MLRUN_CONFIG_DIR` override the places that the
platform prescribes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mlrun.errors import SourceError, UsageError

MOVE_CACHE = "MLRUN_CACHE_DIR moves the cache to another place"
"""What to do where the cache cannot be written."""

MAKE_ROOM = f"make room (`mlrun cache prune`); {MOVE_CACHE}"
"""What to do where its disk is full."""

_IS_LINUX = sys.platform == "linux"


def state_folder() -> Path:
    """Return the folder of what must survive a clean-up: runs, undelivered records."""
    return _folder("MLRUN_STATE_DIR", "XDG_STATE_HOME", ".local/state", "user_state_dir")


def cache_folder() -> Path:
    """Return the folder of what can be made again: environments, clones."""
    return _folder("MLRUN_CACHE_DIR", "XDG_CACHE_HOME", ".cache", "user_cache_dir")


def config_folder() -> Path:
    """Return the folder of what the user has chosen: settings."""
    return _folder("MLRUN_CONFIG_DIR", "XDG_CONFIG_HOME", ".config", "user_config_dir")


def current_folder() -> Path:
    """Return the folder that the user stands in.

    Raises:
        SourceError: It was removed.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise SourceError(
            "the current folder was removed", hint="change to a folder that exists"
        ) from None


def runs_folder() -> Path:
    """Return the folder that holds one folder a run."""
    return state_folder() / "runs"


def _folder(override: str, xdg: str, usual: str, elsewhere: str) -> Path:
    given = os.environ.get(override)
    if given:
        return Path(os.path.expanduser(given)).absolute()  # noqa: PTH111 - never raises
    if _IS_LINUX:
        # The XDG Base Directory Specification in two lines: platformdirs, whose answer is the
        # same, takes 5 ms to import, and every run asks.
        base = os.environ.get(xdg, "")
        return (Path(base) if base.startswith("/") else _home(override) / usual) / "mlrun"
    import platformdirs

    return Path(getattr(platformdirs, elsewhere)("mlrun", appauthor=False))


def _home(override: str) -> Path:
    try:
        return Path.home().absolute()
    except RuntimeError:
        raise UsageError("you have no home folder", hint=f"set HOME, or {override}") from None
