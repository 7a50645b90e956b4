"""The user's folders that mlrun keeps things in.

`MLRUN_STATE_DIR` and `MLRUN_CACHE_DIR` override the places that the platform prescribes.
"""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the folder of what must survive a clean-up: runs, undelivered records."""
    override = os.environ.get("MLRUN_STATE_DIR")
    if override:
        return Path(override).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_state_dir("mlrun", appauthor=False))


def cache_folder() -> Path:
    """Return the folder of what can be made again: environments, clones."""
    override = os.environ.get("MLRUN_CACHE_DIR")
    if override:
        return Path(override).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("mlrun", appauthor=False))


def runs_folder() -> Path:
    """Return the folder that holds one folder a run."""
    return state_folder() / "runs"
