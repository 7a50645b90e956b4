"""Builds a conda environment: solve, install, the pip part, and what activation sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.environments.base import Report
from mlrun.environments.conda import prefix as prefixes
from mlrun.environments.conda.activating import record_activation, write_state
from mlrun.environments.conda.channels import ChannelUrl
from mlrun.environments.conda.pip_part import PipPart
from mlrun.environments.conda.platform_bound import refuse_foreign_builds
from mlrun.environments.conda.settings import CondaSettings, without_login
from mlrun.environments.fingerprint import platform_name
from mlrun.environments.installing.build_log import BuildLog
from mlrun.environments.installing.installers import Building
from mlrun.environments.installing.pip_settings import PipSettings
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.layout import packages_folder
from mlrun.environments.lock.document import write_lock
from mlrun.environments.lock.installed import (
    distributions,
    installed_packages,
    metadata_folders,
)
from mlrun.environments.lock.model import EnvironmentLock, LockedPackage
from mlrun.environments.own_code import local_projects
from mlrun.environments.python.interpreters import Interpreter
from mlrun.environments.python.version import format_version
from mlrun.environments.store.store import BuildPlace, Facts, StoredEnvironment

if TYPE_CHECKING:
    from mlrun.environments.conda.environment import CondaEnvironment

# A conda prefix is no virtual environment, and pip and uv may be told to leave such alone.
_MAY_INSTALL = {"PIP_BREAK_SYSTEM_PACKAGES": "1", "UV_BREAK_SYSTEM_PACKAGES": "1"}


class CondaBuild:
    """One build, with all that its steps share.

    Args:
        environment: What to build.
        settings: The user's for conda.
        channels: Where packages are taken from.
        pip_settings: The user's for pip.
        environ: The user's environment variables.
        report: Takes a line when something is begun that takes its time.
    """

    def __init__(
        self,
        environment: CondaEnvironment,
        settings: CondaSettings,
        channels: Sequence[ChannelUrl],
        pip_settings: PipSettings,
        environ: Mapping[str, str],
        report: Report,
    ) -> None:
        self._environment = environment
        self._spec = environment.spec
        self._settings = settings
        self._channels = tuple(channels)
        self._pip_settings = pip_settings
        self._environ = environ
        self._report = report
        self._warnings: list[tuple[str, str | None]] = []

    def shared(self, place: BuildPlace) -> Facts:
        """Build the environment that all projects with this specification share.

        Raises:
            EnvironmentBuildError: A step failed.
        """
        build, prefix = self._building(place), place.environment
        packages = self._install_conda_part(place, build)
        python = prefixes.interpreter(prefix)
        if self._environment.needs_pip_part:
            if python is None:
                raise build.log.failure(
                    "the pip part needs a Python; there is none", build.location
                )
            packages += self._install_pip_part(prefix, python, build)
        write_state(prefix, self._spec.variables)
        activation, said = record_activation(prefix, self._environ)
        build.log.note(said)
        self._write_lock(place, python, packages)
        return {
            "manager": "conda",
            "digest": self._environment.digest(),
            "tool": self._environment.tool,
            "python": str(python.path) if python else None,
            "python_version": format_version(python.version) if python else None,
            "packages": len(packages),
            "activation": activation.to_dict(),
            "warnings": self._warnings,
        }

    def on_top_of(self, shared: StoredEnvironment) -> Callable[[BuildPlace], Facts]:
        """Return what builds the environment of a checkout on top of a shared one."""

        def build(place: BuildPlace) -> Facts:
            python = prefixes.interpreter(shared.folder)
            assert python is not None
            projects = self._environment.projects
            names = ", ".join(project.folder.name for project in projects)
            self._report(f"binding {names} to its environment (log: {place.log})")
            part = PipPart(self._environment.pip, projects, self._building(place))
            local_projects.layer(
                place.environment, shared.folder, projects, python, part.installer, part.build
            )
            kept = {k: v for k, v in shared.facts.items() if k not in ("attempt", "created")}
            return {**kept, "projects": [str(project.folder) for project in projects]}

        return build

    def _install_conda_part(self, place: BuildPlace, build: Building) -> tuple[LockedPackage, ...]:
        if self._environment.pinned is None:
            refuse_foreign_builds(self._spec, self._settings.subdir)
        if self._environment.executable is not None:
            from mlrun.environments.conda.executable import create_with

            program = self._environment.executable
            self._report(f"building the environment with {program.name} (log: {place.log})")
            create_with(program, self._spec, place.environment, self._needed(), build)
            prefixes.note_history(place.environment, self._texts())
            return recorded_packages(place.environment)
        from mlrun.environments.conda.with_rattler import RattlerBuild

        rattler = RattlerBuild(
            self._environment,
            self._settings,
            self._channels,
            self._environ,
            self._report,
            self._warn,
        )
        return rattler.install(place, build.log)

    def _install_pip_part(
        self, prefix: Path, python: Interpreter, build: Building
    ) -> tuple[LockedPackage, ...]:
        """Install it, and return what came with it."""
        folder = packages_folder(prefix, python.version)
        of_conda = metadata_folders(folder)
        before = {one.name: one.version for one in distributions(folder)}
        self._report("installing the pip part")
        part = PipPart(self._environment.pip, self._environment.projects, build)
        pinned = self._environment.pinned
        if pinned is not None:
            locked = tuple(package for package in pinned.packages if package.kind == "pypi")
            part.installer.install_exactly(prefix, locked, build)
            return locked
        part.install(prefix, python)
        self._warn_of_replaced(before, {one.name: one.version for one in distributions(folder)})
        uv, lists = find_uv(self._environ), [self._environment.pip]
        return installed_packages(folder, python.path, uv, build, lists, without=of_conda)

    def _warn_of_replaced(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        replaced = [
            f"{name} {version} by {after[name]}"
            for name, version in before.items()
            if after.get(name, version) != version
        ]
        if replaced:
            message = f"the pip part replaced conda packages: {', '.join(replaced)}"
            self._warn(message, "ask conda for versions that suit the pip part")

    def _warn(self, message: str, hint: str | None) -> None:
        self._warnings.append((message, hint))

    def _needed(self) -> tuple[str, ...]:
        """Return what the pip part needs besides what is asked for."""
        needs_python = self._environment.needs_pip_part and "python" not in self._environment.names
        return ("python",) if needs_python else ()

    def _texts(self) -> list[str]:
        return [one.text for one in self._spec.packages]

    def _building(self, place: BuildPlace) -> Building:
        secrets = [c.url for c in self._channels if without_login(c.url) != c.url]
        return Building(
            log=BuildLog(place.log, self._environ, secrets),
            work=place.work,
            folder=self._spec.folder,
            location=self._spec.location,
            settings=self._pip_settings,
            environ={**self._environ, **_MAY_INSTALL},
            as_of=self._environment.as_of_text(),
        )

    def _write_lock(
        self, place: BuildPlace, python: Interpreter | None, packages: tuple[LockedPackage, ...]
    ) -> None:
        lock = EnvironmentLock(
            manager="conda",
            digest=self._environment.digest(),
            platform=platform_name(),
            python=format_version(python.version) if python else None,
            packages=packages,
            as_of=self._environment.as_of_text(),
            asked=self._environment.asked(),
        )
        write_lock(place.lock, lock)


def recorded_packages(prefix: Path) -> tuple[LockedPackage, ...]:
    """Return the conda packages of an environment, as its own records tell."""
    packages = []
    for record in prefixes.conda_records(prefix):
        hashes = [f"{n}:{record[n]}" for n in ("sha256", "md5") if record.get(n)]
        url = without_login(record["url"]) if record.get("url") else None
        packages.append(
            LockedPackage(
                kind="conda",
                name=record["name"],
                version=record["version"],
                url=url,
                hashes=tuple(hashes),
                build=record.get("build"),
                channel=url.rsplit("/", 2)[0] if url else None,
            )
        )
    return tuple(packages)
