"""Builds the environment of a `uv.lock`: `uv sync` into the store, from a copy of the project.

uv works on a copy, so that neither it nor a build tool ever writes into the user's folder. The
copy has beside it what the lock names outside of the project's folder, at the same relative places.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mlrun.environments.base import Report
from mlrun.environments.fingerprint import platform_name
from mlrun.environments.installing.build_log import BuildLog
from mlrun.environments.installing.installers import Building, Installer, installer_for
from mlrun.environments.installing.pip_settings import read_pip_settings
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.installing.uv_settings import uv_variables
from mlrun.environments.layout import packages_folder
from mlrun.environments.lock.document import write_lock
from mlrun.environments.lock.installed import distributions, locked_package, normalised
from mlrun.environments.lock.model import EnvironmentLock
from mlrun.environments.own_code import local_projects
from mlrun.environments.own_code.copying import copy_sources
from mlrun.environments.python.choice import PythonWish, choose_python
from mlrun.environments.python.interpreters import Interpreter
from mlrun.environments.python.version import format_version, parse_version
from mlrun.environments.store.store import BuildPlace, Facts, StoredEnvironment
from mlrun.environments.system import users_environ
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.project.environments.packaging_files import read_toml

if TYPE_CHECKING:
    from mlrun.environments.uv_lock.environment import UvLockEnvironment

# What would make uv do something else than it is told.
_CONTRADICTING = (
    *("UV_LOCKED", "UV_FROZEN", "UV_NO_SYNC", "UV_ISOLATED", "UV_NO_EDITABLE"),
    *("UV_NO_INSTALL_PROJECT", "UV_NO_INSTALL_WORKSPACE", "UV_NO_INSTALL_LOCAL"),
)

# How uv says that a lock is out of step. Other reasons to resolve anew (another index, another
# strategy) are differences between machines, and no fault of the lock.
_OUT_OF_STEP = re.compile(
    r"lockfile due to (mismatched (?!hash)[^`\n]*|change in (?:supported|Python)[^\n]*"
    r"|missing (?:root|member|package|workspace)[^\n]*)"
)
_LOCAL_FORMS = ("editable", "directory", "virtual")


@dataclass(frozen=True, slots=True)
class _LocalPackage:
    """A package of the lock that is a folder.

    Attributes:
        name: As in the lock.
        path: Relative to the project, or absolute.
    """

    name: str
    path: str


class UvLockBuild:
    """One build, with all that its steps share.

    Args:
        environment: What to build.
        environ: The user's environment variables.
        report: Takes a line when something is begun that takes its time.
    """

    def __init__(
        self, environment: UvLockEnvironment, environ: Mapping[str, str], report: Report
    ) -> None:
        self._environment = environment
        self._environ = environ
        self._report = report
        self._settings = read_pip_settings(environ)
        self._uv = find_uv(environ)
        self._lock = environment.folder / "uv.lock"

    def shared(self, place: BuildPlace) -> Facts:
        """Build what everybody with this lock shares.

        Raises:
            EnvironmentBuildError: A step failed, or the lock is out of step.
            ProjectError: The lock cannot be understood.
        """
        self._installer()
        environment = self._environment
        wish = PythonWish(
            environment.request, environment.python, environment.location, environment.exact_python
        )
        choice = choose_python(wish, users_environ(self._environ), self._uv, self._report)
        python, warning = choice.interpreter, choice.warning
        self._report(
            f"building the environment of uv.lock with Python {format_version(python.version)}"
            f" (log: {place.log})"
        )
        locked = read_toml(self._lock).get("package", [])
        packages = _local_packages(locked)
        build = self._on_copy(locked, place)
        self._check(python, build)
        self._sync(place.environment, python, packages, build)
        write_lock(place.lock, self._recorded(place.environment, python, locked))
        return {
            **self._facts(python),
            "members": self._members(python, packages, build),
            "warning": [warning.message, warning.hint] if warning else None,
        }

    def on_top_of(self, shared: StoredEnvironment) -> Callable[[BuildPlace], Facts]:
        """Return what builds the environment of a checkout on top of a shared one."""

        def build(place: BuildPlace) -> Facts:
            facts = shared.facts
            numbers = parse_version(facts["python_version"])
            python = Interpreter(Path(facts["python"]), (numbers[0], numbers[1], numbers[2]))
            members = self._environment.members(facts)
            names = ", ".join(member.folder.name for member in members)
            self._report(f"binding {names} to its environment (log: {place.log})")
            if not self._environment.is_checked:
                # A member may ask for more than when the lock's packages were installed.
                self._check(python, self._on_copy(read_toml(self._lock).get("package", []), place))
            # Where members are from stands in the lock; a copy of one alone would not find it.
            sourceless = {**self._environ, "UV_NO_SOURCES": "1"}
            building = self._building(place, sourceless)
            local_projects.layer(
                place.environment, shared.folder, members, python, self._installer(), building
            )
            return {
                **self._facts(python),
                "members": facts["members"],
                "projects": [str(member.folder) for member in members],
                "warning": facts.get("warning"),
            }

        return build

    def _check(self, python: Interpreter, build: Building) -> None:
        """Refuse a lock that does not say what the project asks for now.

        uv needs no network to see it. Where it fails for another reason, nothing is known, and
        the lock is taken at its word.
        """
        self._environment.is_checked = True
        file = build.work / "check.log"
        indexes = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
        environ = {k: v for k, v in build.environ.items() if k not in indexes}
        check = replace(build, log=BuildLog(file, environ), environ=environ)
        argv = [str(self._uv), "lock", "--locked", "--offline", "--verbose", "--no-progress"]
        if not check.attempt([*argv, "--python", str(python.path)], {}):
            found = _OUT_OF_STEP.search(file.read_text(encoding="utf-8", errors="replace"))
            if found:
                raise EnvironmentBuildError(
                    f"uv.lock does not fit pyproject.toml any more ({found[1].strip(' :')})",
                    location=Location(self._lock),
                    hint="`uv lock` in the project's folder brings it up to date",
                )

    def _sync(
        self,
        target: Path,
        python: Interpreter,
        packages: list[_LocalPackage],
        build: Building,
    ) -> None:
        argv = [str(self._uv), "sync", "--frozen", "--no-progress", "--python", str(python.path)]
        for package in packages:
            argv += ["--no-install-package", package.name]
        if build.environ.get("PYTHONDONTWRITEBYTECODE"):
            argv.append("--compile-bytecode")  # No run would ever keep what it compiled.
        variables = uv_variables(build.settings, build.environ)
        build.run(argv, {**variables, "UV_PROJECT_ENVIRONMENT": str(target.resolve())})

    def _members(
        self, python: Interpreter, packages: list[_LocalPackage], build: Building
    ) -> list[tuple[str, str]]:
        """Return the folders that the project needs here, with the markers of their use."""
        if not packages:
            return []
        file = build.folder / ".exported-by-mlrun.txt"
        argv = [str(self._uv), "export", "--frozen", "--quiet", "--no-hashes"]
        build.run([*argv, "--python", str(python.path), "--output-file", str(file)], {})
        known = {_normal(package.path): package.path for package in packages}
        found: dict[tuple[str, str], None] = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            text, mark, marker = line.partition(" ; ")
            path = unquote(text.removeprefix("-e ").strip())
            if path and _normal(path) in known:
                found[known[_normal(path)], f"{mark}{marker.strip()}"] = None
        return list(found)

    def _recorded(
        self, target: Path, python: Interpreter, locked: list[dict[str, Any]]
    ) -> EnvironmentLock:
        """Return what was installed, with the files that uv.lock names for it."""
        known = {(normalised(one["name"]), one.get("version")): one for one in locked}
        found = distributions(packages_folder(target, python.version))
        return EnvironmentLock(
            manager="uv",
            digest=self._environment.digest(),
            platform=platform_name(),
            python=format_version(python.version),
            packages=tuple(
                locked_package(one, _files(known.get((one.name, one.version), {}))) for one in found
            ),
        )

    def _on_copy(self, locked: list[dict[str, Any]], place: BuildPlace) -> Building:
        copy = self._copied(locked, place.work)
        return replace(self._building(place, self._environ), folder=copy)

    def _copied(self, locked: list[dict[str, Any]], work: Path) -> Path:
        """Copy the project, and what its lock names outside of it; return the copy's folder."""
        folder = self._environment.folder
        outside = sorted({path for path in _paths(locked) if path.startswith("..")})
        depth = max((Path(path).parts.count("..") for path in outside), default=0)
        names = folder.parts[1:][-depth - 1 :]
        copy = work.resolve() / "project" / Path(*names)
        try:
            copy_sources(folder, copy)
            for path in outside:
                original, target = folder / path, Path(os.path.normpath(copy / path))
                if original.is_dir() and not target.exists():
                    copy_sources(original, target)
                elif original.is_file():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.symlink_to(original.resolve())
        except OSError as error:
            raise EnvironmentBuildError(
                f"{folder} cannot be copied for building: {error.strerror or error}",
                location=self._environment.location,
            ) from error
        return copy

    def _installer(self) -> Installer:
        return installer_for("uv", self._uv, self._environment.location)

    def _building(self, place: BuildPlace, environ: Mapping[str, str]) -> Building:
        environ = {k: v for k, v in environ.items() if k not in _CONTRADICTING}
        return Building(
            log=BuildLog(place.log, environ),
            work=place.work,
            folder=self._environment.folder,
            location=self._environment.location,
            settings=self._settings,
            environ=environ,
        )

    def _facts(self, python: Interpreter) -> Facts:
        return {
            "manager": "uv",
            "digest": self._environment.digest(),
            "python": str(python.path),
            "python_version": format_version(python.version),
            "python_asked": self._environment.python,
        }


def _local_packages(locked: list[dict[str, Any]]) -> list[_LocalPackage]:
    return [
        _LocalPackage(str(package["name"]), str(package["source"][form]))
        for package in locked
        for form in _LOCAL_FORMS
        if form in package.get("source", {})
    ]


def _paths(locked: list[dict[str, Any]]) -> list[str]:
    """Return all relative paths that a lock names: folders, archives, folders of archives."""
    sources = [package.get("source", {}) for package in locked]
    forms = (*_LOCAL_FORMS, "path", "registry")
    named = (source[form] for source in sources for form in forms if form in source)
    return [os.path.normpath(path) for path in named]


def _files(package: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files of a package of uv.lock in the form of a `pylock.toml`."""
    source = package.get("sdist")
    return {
        "wheels": [_file(wheel) for wheel in package.get("wheels", [])],
        "sdist": _file(source) if isinstance(source, dict) else None,
    }


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    name, _, value = str(file.get("hash", "")).partition(":")
    place = file.get("url") or file.get("path") or ""
    hashes = {name: value} if value else {}
    return {"url": file.get("url"), "name": place.rpartition("/")[2], "hashes": hashes}


def _normal(path: str) -> str:
    return os.path.normpath(path)
