"""The `pip:` list of a conda environment: installed into the prefix, or on top of it."""

from __future__ import annotations

from pathlib import Path

from mlrun.environments.installing.installers import (
    Building,
    Installation,
    Installer,
    PipInstaller,
    UvInstaller,
)
from mlrun.environments.installing.resolution_advice import advised
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.own_code import local_projects
from mlrun.environments.python.interpreters import Interpreter
from mlrun.environments.python.requirements import LocalProject, RequirementList
from mlrun.errors import EnvironmentBuildError


class PipPart:
    """What the `pip:` list asks for.

    Args:
        requirements: The list, with all that it names read in.
        projects: The folders with code that it asks for.
        build: The build that it belongs to.
    """

    def __init__(
        self, requirements: RequirementList, projects: list[LocalProject], build: Building
    ) -> None:
        self._requirements = requirements
        self._projects = projects
        self.build = build

    @property
    def installer(self) -> Installer:
        """uv, or where there is none the environment's own pip."""
        uv = find_uv(self.build.environ)
        return PipInstaller() if uv is None else UvInstaller(uv)

    def install(self, prefix: Path, python: Interpreter) -> None:
        """Install it into the prefix; the folders' own code is taken out again.

        Packages of conda's that do are kept, as pip keeps them.

        Raises:
            EnvironmentBuildError: It cannot be installed.
        """
        build, installer = self.build, self.installer
        copied = local_projects.copies(self._projects, build.work)
        extra = tuple(f"{copy}{project.extras}" for copy, project in copied)
        what = Installation(self._requirements, extra, is_last=True)
        try:
            installer.install(prefix, what, build)
        except EnvironmentBuildError as error:
            raise advised(error, as_of=build.as_of) from error
        if self._projects:
            local_projects.remove_projects(prefix, python.version, installer, build)
