"""The environment of a project with a `uv.lock`: exactly what that file says."""

from __future__ import annotations

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.project.model import UvLockEnv


class UvLockEnvironment:
    """An environment that uv synchronises with a lock.

    Args:
        env: Where the lock is.
        exact_python: Refuse another patch version of Python than the one asked for.
    """

    manager = "uv"

    def __init__(self, env: UvLockEnv, *, exact_python: bool) -> None:
        raise NotImplementedError

    def digest(self) -> str | None:
        """Return the hash of the lock and of what says how the project is packaged."""
        raise NotImplementedError

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Find the environment in the store, or build it.

        Raises:
            EnvironmentBuildError: It cannot be built.
        """
        raise NotImplementedError
