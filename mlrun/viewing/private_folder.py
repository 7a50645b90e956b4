"""A folder for as long as one server runs; what a killed mlrun has left goes with the next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlrun.errors import LaunchError
from mlrun.folders import MOVE_CACHE, cache_folder
from mlrun.lease import Lease, claim

_LOCK = "lock"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that nobody else can read, and remove it at the end.

    Raises:
        LaunchError: It cannot be made.
    """
    import shutil
    import tempfile

    root = cache_folder() / "ui"
    try:
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        folder = Path(tempfile.mkdtemp(prefix="at-", dir=root))
        lease = claim(folder / _LOCK)
    except OSError as error:
        raise LaunchError(
            f"the folder {root} cannot be used: {error.strerror}",
            hint=MOVE_CACHE,
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lease is not None:
            lease.release()


def _sweep(root: Path) -> None:
    """Remove the folders whose mlrun is gone."""
    import shutil

    for name in os.listdir(root):
        # One without a lock is just being made.
        lease: Lease | None = claim(root / name / _LOCK) if (root / name / _LOCK).exists() else None
        if lease is not None:
            shutil.rmtree(root / name, ignore_errors=True)
            lease.release()
