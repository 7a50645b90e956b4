"""The environment of a `conda.yaml`: found in the store, or built into it."""

from __future__ import annotations

from datetime import datetime

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.lock.model import EnvironmentLock
from mlrun.project.model import CondaSpec


class CondaEnvironment:
    """A conda environment, from its specification.

    Args:
        spec: What the project asks for.
        conda_exe: A conda, mamba or micromamba to make it with; None for rattler.
        as_of: Packages are chosen as if it were then.
        pinned: Exactly what to install, where the project has a lock that fits.

    Raises:
        ProjectError: A package's specification cannot be understood.
    """

    manager = "conda"

    def __init__(
        self,
        spec: CondaSpec,
        *,
        conda_exe: str | None = None,
        as_of: datetime | None = None,
        pinned: EnvironmentLock | None = None,
    ) -> None:
        raise NotImplementedError

    def digest(self) -> str | None:
        """Return the hash of the specification and of all files that it names."""
        raise NotImplementedError

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Find the environment in the store, or build it.

        Raises:
            EnvironmentBuildError: It cannot be built.
        """
        raise NotImplementedError
