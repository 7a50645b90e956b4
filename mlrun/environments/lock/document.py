"""Locks as files: `lock.json` beside an environment, `mlrun.lock` in a project."""

from __future__ import annotations

from pathlib import Path

from mlrun.environments.lock.model import EnvironmentLock, ProjectLock

LOCK_FILE = "mlrun.lock"


def read_project_lock(folder: Path) -> ProjectLock | None:
    """Return a project's lock, None where it has none.

    Raises:
        ProjectError: It is there, and cannot be understood.
    """
    raise NotImplementedError


def write_project_lock(folder: Path, lock: ProjectLock) -> Path:
    """Write a project's lock (atomically, in an order that makes diffs small); return the file."""
    raise NotImplementedError


def write_lock(file: Path, lock: EnvironmentLock) -> None:
    """Write the lock of one environment, beside it."""
    raise NotImplementedError


def read_lock(file: Path) -> EnvironmentLock | None:
    """Return the lock of one environment, None where it is not there or was cut off."""
    raise NotImplementedError
