"""The container that a project asks for."""

from __future__ import annotations

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.options import EnvironmentOptions
from mlrun.project.model import DockerEnv


class DockerEnvironment:
    """A container, from its specification and the user's options.

    All that can be checked without an engine is checked when it is made.

    Args:
        env: What the project asks for.
        options: `docker_args`, `build_image`, and what is known of the project.

    Raises:
        UsageError: An option for the container that is not known, or has no such value.
        ProjectError: A volume or a variable that cannot be understood.
    """

    manager = "docker"

    def __init__(self, env: DockerEnv, options: EnvironmentOptions) -> None:
        raise NotImplementedError

    def digest(self) -> str | None:
        """Return the hash of image name, volumes, variables and options."""
        raise NotImplementedError

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Find the image, fetch or build it; `container` of the result says what to make.

        Raises:
            EnvironmentBuildError: No engine, no such image, a build that failed.
        """
        raise NotImplementedError
