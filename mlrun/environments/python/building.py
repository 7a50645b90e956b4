"""Builds a Python environment: finds an interpreter, makes the environment, installs into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.environments.base import Report
from mlrun.environments.fingerprint import platform_name
from mlrun.environments.installing.build_log import BuildLog
from mlrun.environments.installing.installers import (
    Building,
    Installation,
    Installer,
    installer_for,
)
from mlrun.environments.installing.pip_settings import PipSettings
from mlrun.environments.installing.resolution_advice import advised
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.layout import packages_folder, python_of
from mlrun.environments.lock.document import write_lock
from mlrun.environments.lock.installed import distributions, installed_packages
from mlrun.environments.lock.model import EnvironmentLock, LockedPackage
from mlrun.environments.own_code import local_projects
from mlrun.environments.python.choice import PythonWish, choose_python
from mlrun.environments.python.interpreters import Interpreter
from mlrun.environments.python.requirements import RequirementList
from mlrun.environments.python.version import format_version, parse_request, parse_version
from mlrun.environments.store.store import BuildPlace, Facts, StoredEnvironment
from mlrun.environments.system import users_environ
from mlrun.environments.written_at import key_at
from mlrun.errors import EnvironmentBuildError

if TYPE_CHECKING:
    from mlrun.environments.python.environment import PythonEnvironment


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
        environment, pinned = self._environment, self._environment.pinned
        wish = self._wish()
        choice = choose_python(wish, users_environ(self._environ), self._uv, self._report)
        python, warning = choice.interpreter, choice.warning
        version = format_version(python.version)
        self._report(
            f"building the environment with {environment.manager} and Python {version}"
            f" (log: {place.log})"
        )
        build = self._building(place)
        if pinned is not None:
            self._install_exactly(pinned, place, python, installer, build)
        else:
            self._solve_and_install(place, python, installer, build)
        return {
            **self._facts(python),
            "warning": [warning.message, warning.hint] if warning else None,
        }

    def _wish(self) -> PythonWish:
        spec, environment = self._spec, self._environment
        location = key_at(spec.location, "python")
        locked = environment.pinned.python if environment.pinned is not None else None
        if locked is None:
            exact = environment.exact_python
            return PythonWish(environment.request, spec.python, location, exact)
        return PythonWish(parse_request(locked), locked, location, exact=True, locked=True)

    def _solve_and_install(
        self, place: BuildPlace, python: Interpreter, installer: Installer, build: Building
    ) -> None:
        """Install what the specification asks for, and write down what came of it."""
        environment = self._environment
        first, second = environment.lists
        try:
            installer.create(place.environment, python, build, bare=False)
            self._install(first, place.environment, installer, build, is_last=not second)
            self._install(second, place.environment, installer, build, is_last=True)
        except EnvironmentBuildError as error:
            raise advised(error, as_of=build.as_of) from error
        if environment.projects:
            local_projects.remove_projects(place.environment, python.version, installer, build)
        packages = installed_packages(
            packages_folder(place.environment, python.version),
            python_of(place.environment),
            self._uv,
            build,
            environment.lists,
        )
        write_lock(place.lock, self._lock(python, packages))

    def _install_exactly(
        self,
        pinned: EnvironmentLock,
        place: BuildPlace,
        python: Interpreter,
        installer: Installer,
        build: Building,
    ) -> None:
        """Install what the lock names, and nothing else."""
        bare = self._environment.manager == "uv"
        installer.create(place.environment, python, build, bare=bare)
        packages = packages_folder(place.environment, python.version)
        present = {one.name: one.version for one in distributions(packages)}
        wanted = {package.name: package for package in pinned.packages}
        missing = [p for p in pinned.packages if p.url or present.get(p.name) != p.version]
        installer.install_exactly(place.environment, missing, build)
        surplus = [name for name in present if name not in wanted]
        if surplus:
            installer.uninstall(place.environment, surplus, build)
        write_lock(place.lock, self._lock(python, pinned.packages))

    def _lock(self, python: Interpreter, packages: tuple[LockedPackage, ...]) -> EnvironmentLock:
        environment = self._environment
        return EnvironmentLock(
            manager=environment.manager,
            digest=environment.digest(),
            platform=platform_name(),
            python=format_version(python.version),
            packages=packages,
            as_of=environment.as_of_text(),
            asked=environment.asked(),
        )

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
            as_of=self._environment.as_of_text(),
        )

    def _facts(self, python: Interpreter) -> Facts:
        return {
            "manager": self._environment.manager,
            "digest": self._environment.digest(),
            "python": str(python.path),
            "python_version": format_version(python.version),
            "python_asked": self._spec.python,
        }
