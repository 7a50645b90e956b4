"""Builds a Python environment: finds an interpreter, makes the environment, installs into it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.environments import local_projects
from mlrun.environments.base import Report
from mlrun.environments.build_log import BuildLog
from mlrun.environments.installers import Building, Installation, Installer, installer_for
from mlrun.environments.interpreters import Interpreter
from mlrun.environments.pip_settings import PipSettings
from mlrun.environments.python_choice import PythonWish, choose_python
from mlrun.environments.python_version import format_version, parse_version
from mlrun.environments.requirements import RequirementList
from mlrun.environments.store import BuildPlace, Facts, StoredEnvironment
from mlrun.environments.system import user_path
from mlrun.environments.uv_program import find_uv

if TYPE_CHECKING:
    from mlrun.environments.python import PythonEnvironment


class PythonBuild:
    """One build, with all that its steps share.

    Args:
        environment: What to build.
        settings: What the user configured for pip.
        environ: The user's environment variables.
        report: Takes a line when something is begun that takes its time.
    """

    def __init__(
        self,
        environment: PythonEnvironment,
        settings: PipSettings,
        environ: Mapping[str, str],
        report: Report,
    ) -> None:
        self._environment = environment
        self._spec = environment.spec
        self._settings = settings
        self._environ = environ
        self._report = report
        self._uv = find_uv(environ)

    def shared(self, place: BuildPlace) -> Facts:
        """Build the environment that all projects with these requirements share.

        Raises:
            EnvironmentBuildError: A step failed.
        """
        installer = self._installer()
        spec, environment = self._spec, self._environment
        wish = PythonWish(environment.request, spec.python, spec.location, environment.exact_python)
        choice = choose_python(wish, self._users_environ(), self._uv, self._report)
        python, warning = choice.interpreter, choice.warning
        version = format_version(python.version)
        self._report(
            f"building the environment with {environment.manager} and Python {version}"
            f" (log: {place.log})"
        )
        build = self._building(place)
        installer.create(place.environment, python, build, bare=False)
        first, second = environment.lists
        self._install(first, place.environment, installer, build, is_last=not second)
        self._install(second, place.environment, installer, build, is_last=True)
        if environment.projects:
            local_projects.remove_projects(place.environment, python.version, installer, build)
        return {
            **self._facts(python),
            "warning": [warning.message, warning.hint] if warning else None,
        }

    def on_top_of(self, shared: StoredEnvironment) -> Callable[[BuildPlace], Facts]:
        """Return what builds the environment of a checkout on top of a shared one."""

        def build(place: BuildPlace) -> Facts:
            facts = shared.facts
            numbers = parse_version(facts["python_version"])
            version = (numbers[0], numbers[1], numbers[2])
            python = Interpreter(Path(facts["python"]), version)
            projects = self._environment.projects
            names = ", ".join(project.folder.name for project in projects)
            self._report(f"binding {names} to its environment (log: {place.log})")
            local_projects.layer(
                place.environment,
                shared.folder,
                projects,
                python,
                self._installer(),
                self._building(place),
            )
            return {
                **self._facts(python),
                "warning": facts.get("warning"),
                "projects": [str(project.folder) for project in projects],
            }

        return build

    def _install(
        self,
        requirements: RequirementList,
        target: Path,
        installer: Installer,
        build: Building,
        *,
        is_last: bool,
    ) -> None:
        if not requirements:
            return
        copied = local_projects.copies(requirements.projects, build.work)
        extra = tuple(f"{copy}{project.extras}" for copy, project in copied)
        compiled = is_last and self._environment.compiled
        what = Installation(requirements, extra, is_last=is_last, compiled=compiled)
        installer.install(target, what, build)

    def _users_environ(self) -> Mapping[str, str]:
        """Return the variables with the PATH of the user, on which `python` is not mlrun's."""
        path = user_path(self._environ, sys.prefix, sys.base_prefix)
        return self._environ if path is None else {**self._environ, "PATH": path}

    def _installer(self) -> Installer:
        return installer_for(self._environment.manager, self._uv, self._spec.location)

    def _building(self, place: BuildPlace) -> Building:
        return Building(
            log=BuildLog(place.log, self._environ),
            work=place.work,
            folder=self._spec.folder,
            location=self._spec.location,
            settings=self._settings,
            environ=self._environ,
        )

    def _facts(self, python: Interpreter) -> Facts:
        return {
            "manager": self._environment.manager,
            "digest": self._environment.digest(),
            "python": str(python.path),
            "python_version": format_version(python.version),
            "python_asked": self._spec.python,
        }
