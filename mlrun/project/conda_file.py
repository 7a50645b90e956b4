"""`conda.yaml`: channels, conda packages, the pip part, variables."""

from __future__ import annotations

from mlrun.project.model import CondaEnv, CondaSpec


def read_conda_env(env: CondaEnv) -> CondaSpec:
    """Read the file that a project names.

    Raises:
        ProjectError: It is missing or unreadable, or its form is wrong.
    """
    raise NotImplementedError
