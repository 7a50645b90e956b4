"""The environment of a `python_env.yaml`: found in the store, or built into it.

What goes into an environment's key: the flat list of requirements with the content of all files
that it names, the version of Python that is asked for, the platform, the installer, and the
settings by which packages are chosen. Not the interpreter that is found: that would take starting
one. The environment says which it was made with, and is built anew when that one is gone. So a
project that names no version keeps the Python that was the user's own when it was first run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.fingerprint import (
    digest_of,
    file_digest,
    list_content,
    platform_name,
    portable,
    uv_configuration,
)
from mlrun.environments.installing.pip_settings import PipSettings, read_pip_settings
from mlrun.environments.installing.uv_settings import choosing_settings, uv_config_files
from mlrun.environments.layout import ELSEWHERE, programs_folder, python_of
from mlrun.environments.python.requirements import LocalProject, RequirementList, read_requirements
from mlrun.environments.python.version import format_version, parse_request
from mlrun.environments.solved import SolvedEnvironment
from mlrun.environments.store.store import (
    EnvironmentStore,
    Facts,
    Held,
    StoredEnvironment,
    environments_folder,
)
from mlrun.errors import Location, Problem, ProjectError
from mlrun.project.model import PythonEnv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from mlrun.environments.lock.model import EnvironmentLock

_FORMAT = 1
"""Goes into every key; to be raised when environments are built in another way."""


class PythonEnvironment(SolvedEnvironment):
    """A Python environment, from its specification.

    Args:
        spec: What the project asks for.
        manager: `uv` or `virtualenv`.
        exact_python: Refuse another patch version of Python than the one asked for.
        compiled: Compile all of it when it is built: what is started from it for the first
            time then starts as fast as later.
        as_of: Packages are chosen as if it were then.
        pinned: Exactly what to install, where the project has a lock that fits.

    Raises:
        ProjectError: What it gives as the version of Python is none.
    """

    def __init__(
        self,
        spec: PythonEnv,
        manager: str,
        exact_python: bool,
        *,
        compiled: bool = False,
        as_of: datetime | None = None,
        pinned: EnvironmentLock | None = None,
    ) -> None:
        self.spec = spec
        self.manager = manager
        self.exact_python = exact_python
        self.compiled = compiled
        self.as_of = as_of
        self.pinned = pinned
        try:
            self.request = parse_request(spec.python)
        except ValueError as error:
            raise ProjectError(
                str(error),
                location=spec.location,
                hint="write a version (3.11, 3.11.7) or comparisons (>=3.9,<3.12)",
            ) from error
        self._lists: tuple[RequirementList, RequirementList] | None = None

    @property
    def location(self) -> Location:
        """Where the specification stands."""
        return self.spec.location

    @property
    def lists(self) -> tuple[RequirementList, RequirementList]:
        """The build dependencies and the dependencies, with all that they name read in."""
        if self._lists is None:
            spec = self.spec
            self._lists = (
                read_requirements(spec.build_dependencies, spec.folder, spec.location),
                read_requirements(spec.dependencies, spec.folder, spec.location),
            )
        return self._lists

    @property
    def projects(self) -> list[LocalProject]:
        """The folders with code that are required, each once."""
        found = (project for part in self.lists for project in part.projects)
        return list({project.folder: project for project in found}.values())

    def digest(self) -> str:
        """Return the hash of the specification and of all files that it names.

        It is the same on every machine, and wherever the project lies.

        Raises:
            ProjectError: A file that it names is not there.
        """
        contents = [list_content(part, self.spec.folder) for part in self.lists]
        return digest_of([self.spec.python, contents])

    def asked(self) -> tuple[str, ...]:
        """Return what the specification asks for, line by line, for a lock."""
        from mlrun.execution.redact import mask_text

        folder = self.spec.folder
        lines = [f"python {self.spec.python}"] if self.spec.python else []
        for part in self.lists:
            lines += [mask_text(portable(line, folder)) for line in part.lines]
            lines += [f"{os.path.relpath(p.folder, folder)}{p.extras}" for p in part.projects]
        return tuple(lines)

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Find the environment in the store, or build it.

        Raises:
            EnvironmentBuildError: It cannot be built.
            ProjectError: A file that the specification names is not there.
        """
        environ = dict(os.environ)
        settings = read_pip_settings(environ)
        store = EnvironmentStore(environments_folder(environ))
        key = self._key(settings, environ)
        shared = store.find(key, self.is_usable)
        if shared is None:
            from mlrun.environments.python.building import PythonBuild

            build = PythonBuild(self, settings, environ, report)
            shared = store.obtain(key, build.shared, self.is_usable, report)
        if not self.projects:
            return self._prepared(shared, Held((shared,)))
        try:
            layer = self._layer(store, key, shared, settings, environ, report)
        except BaseException:
            shared.lease.release()
            raise
        return self._prepared(layer, Held((layer, shared)))

    def is_usable(self, folder: Path, facts: Facts) -> bool:
        """Return whether an environment that was built still works, and is what is asked for."""
        if self.pinned is not None and facts.get("python_version") != self.pinned.python:
            return False
        exact = self.request.exact
        if self.exact_python and exact and facts.get("python_version") != format_version(exact):
            return False
        return python_of(folder).exists()

    def _layer(
        self,
        store: EnvironmentStore,
        key: str,
        shared: StoredEnvironment,
        settings: PipSettings,
        environ: Mapping[str, str],
        report: Report,
    ) -> StoredEnvironment:
        """Return the environment on top of the shared one that sees the required folders."""
        from mlrun.environments.own_code.digests import key_on_top

        key = key_on_top(key, shared.facts["attempt"], self.projects)
        layer = store.find(key, self.is_usable)
        if layer is None:
            from mlrun.environments.python.building import PythonBuild

            build = PythonBuild(self, settings, environ, report)
            layer = store.obtain(key, build.on_top_of(shared), self.is_usable, report)
        return layer

    def _key(self, settings: PipSettings, environ: Mapping[str, str]) -> str:
        parts = [str(_FORMAT), self.manager, self.digest(), platform_name()]
        if self.compiled:
            parts.append("compiled")
        if self.pinned is not None:
            return digest_of([*parts, "pinned", self.pinned.fingerprint()])[:20]
        as_of = self.as_of_text()
        if as_of is not None:
            parts.append(f"as of {as_of}")
        parts += choosing_settings(settings, environ)
        parts += [file_digest(Path(name)) for name in settings.words("constraint")]
        if self.manager == "uv":
            parts += uv_configuration(self.spec.folder, uv_config_files(environ))
        return digest_of(parts)[:20]

    def _prepared(self, environment: StoredEnvironment, held: Held) -> PreparedEnvironment:
        facts, lock = environment.facts, held.environments[-1].lock
        warning = facts.get("warning")
        substituted = (Problem(warning[0], self.spec.location, warning[1]),) if warning else ()
        return PreparedEnvironment(
            manager=self.manager,
            path=(programs_folder(environment.folder),),
            variables={**self.spec.variables, "VIRTUAL_ENV": str(environment.folder)},
            unset=ELSEWHERE,
            python=python_of(environment.folder),
            python_version=facts["python_version"],
            digest=self.digest(),
            folder=environment.folder,
            lock=lock if lock.is_file() else None,
            warnings=(*self.spec.lints, *substituted),
            release=held.release,
            hand_over=held.hand_over,
        )
