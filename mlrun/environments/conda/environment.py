"""The environment of a `conda.yaml`: found in the store, or built into it.

What goes into an environment's key: the specification with the content of all files that it
names, the platform, the tool, the channels' addresses, the settings by which packages are chosen,
the date, and the lock. Finding an environment reads files and no more: no solver is imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.conda.activation import UNSET, Activation, prefix_variables
from mlrun.environments.conda.channels import ChannelUrl, channels_of
from mlrun.environments.conda.executable import find_executable
from mlrun.environments.conda.settings import (
    CondaSettings,
    choosing,
    read_conda_settings,
    without_login,
)
from mlrun.environments.conda.specs import parse_spec
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
from mlrun.environments.layout import programs_folder, python_of
from mlrun.environments.python.requirements import LocalProject, RequirementList, read_requirements
from mlrun.environments.solved import SolvedEnvironment
from mlrun.environments.store.store import (
    EnvironmentStore,
    Facts,
    Held,
    StoredEnvironment,
    environments_folder,
)
from mlrun.errors import Location, Problem, UsageError
from mlrun.project.model import CondaSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from mlrun.environments.conda.building import CondaBuild
    from mlrun.environments.lock.model import EnvironmentLock

_FORMAT = 1
"""Goes into every key; to be raised when environments are built in another way."""


class CondaEnvironment(SolvedEnvironment):
    """A conda environment, from its specification.

    Args:
        spec: What the project asks for.
        conda_exe: A conda, mamba or micromamba to make it with; None for rattler, unless the
            user's variables name one.
        as_of: Packages are chosen as if it were then.
        pinned: Exactly what to install, where the project has a lock that fits.

    Raises:
        ProjectError: A package's specification cannot be understood.
        EnvironmentBuildError: The program is not there.
        UsageError: The program cannot do what is asked for.
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
        self.spec = spec
        self.as_of = as_of
        self.pinned = pinned
        self.names = frozenset(parse_spec(one.text, one.location).name for one in spec.packages)
        # A lock is installed file by file, which needs no conda.
        self.executable = find_executable(conda_exe, os.environ) if pinned is None else None
        if self.executable is not None and as_of is not None:
            raise UsageError(
                f"{self.executable.name} cannot choose packages by their date",
                hint="leave out --as-of, or let mlrun make the environment itself",
            )
        self._pip: RequirementList | None = None

    @property
    def location(self) -> Location:
        """Where the specification stands."""
        return self.spec.location

    @property
    def tool(self) -> str:
        """What makes it."""
        return "rattler" if self.executable is None else str(self.executable)

    @property
    def pip(self) -> RequirementList:
        """The pip part, with all that it names read in."""
        if self._pip is None:
            self._pip = read_requirements(self.spec.pip, self.spec.folder, self.spec.location)
        return self._pip

    @property
    def projects(self) -> list[LocalProject]:
        """The folders with code that are required, each once."""
        return list({project.folder: project for project in self.pip.projects}.values())

    @property
    def needs_pip_part(self) -> bool:
        """Whether anything is to be installed from a Python index."""
        if self.pinned is not None:
            return any(package.kind == "pypi" for package in self.pinned.packages)
        return bool(self.pip)

    def asked(self) -> tuple[str, ...]:
        """Return what the specification asks for, line by line, for a lock."""
        lines = [*(f"channel {without_login(channel)}" for channel in self.spec.channels)]
        lines += [without_login(one.text) for one in self.spec.packages]
        folder = self.spec.folder
        lines += [f"pip {portable(line, folder)}" for line in self.pip.lines]
        lines += [f"pip {os.path.relpath(p.folder, folder)}{p.extras}" for p in self.pip.projects]
        return tuple(lines)

    def digest(self) -> str:
        """Return the hash of the specification and of all files that it names.

        It is the same on every machine, and wherever the project lies.

        Raises:
            ProjectError: A file that it names is not there.
        """
        spec = self.spec
        return digest_of(
            [
                "conda",
                [without_login(channel) for channel in spec.channels],
                spec.defaults,
                [without_login(one.text) for one in spec.packages],
                dict(spec.variables),
                list_content(self.pip, spec.folder),
            ]
        )

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Find the environment in the store, or build it.

        Raises:
            EnvironmentBuildError: It cannot be built.
            ProjectError: A file that the specification names is not there.
        """
        environ = dict(os.environ)
        settings, pip_settings = read_conda_settings(environ), read_pip_settings(environ)
        channels = channels_of(self.spec, settings)
        store = EnvironmentStore(environments_folder(environ))
        key = self.key(settings, channels, pip_settings, environ)

        def build() -> CondaBuild:
            from mlrun.environments.conda.building import CondaBuild

            return CondaBuild(self, settings, channels, pip_settings, environ, report)

        shared = store.find(key, _is_usable)
        if shared is None:
            shared = store.obtain(key, build().shared, _is_usable, report)
        if not self.projects:
            return self._prepared(shared, Held((shared,)), environ)
        from mlrun.environments.own_code.digests import key_on_top

        try:
            key = key_on_top(key, shared.facts["attempt"], self.projects)
            layer = store.find(key, _is_usable_layer)
            if layer is None:
                layer = store.obtain(key, build().on_top_of(shared), _is_usable_layer, report)
        except BaseException:
            shared.lease.release()
            raise
        return self._prepared(shared, Held((layer, shared)), environ)

    def key(
        self,
        settings: CondaSettings,
        channels: tuple[ChannelUrl, ...],
        pip_settings: PipSettings,
        environ: Mapping[str, str],
    ) -> str:
        """Return a hash of all that decides what will be installed."""
        parts = [str(_FORMAT), "conda", self.digest(), platform_name(), self.tool]
        if self.pinned is not None:
            return digest_of([*parts, "pinned", self.pinned.fingerprint()])[:20]
        parts += choosing(settings, channels)
        parts.append(f"as of {self.as_of_text()}")
        if self.spec.pip:
            parts += choosing_settings(pip_settings, environ)
            parts += [file_digest(Path(name)) for name in pip_settings.words("constraint")]
            parts += uv_configuration(self.spec.folder, uv_config_files(environ))
        return digest_of(parts)[:20]

    def _prepared(
        self,
        shared: StoredEnvironment,
        held: Held,
        environ: Mapping[str, str],
    ) -> PreparedEnvironment:
        facts, top = shared.facts, held.environments[0].folder
        activation = Activation.from_dict(facts["activation"])
        variables, removed = activation.variables(environ)
        variables |= prefix_variables(shared.folder)
        if top != shared.folder:
            variables["VIRTUAL_ENV"] = str(top)
        folders = [programs_folder(one.folder) for one in held.environments]
        warnings = (Problem(text, self.spec.location, hint) for text, hint in facts["warnings"])
        return PreparedEnvironment(
            manager=self.manager,
            path=(*map(Path, activation.path), *folders),
            variables=variables,
            unset=tuple(name for name in (*UNSET, *removed) if name not in variables),
            python=python_of(top) if facts["python"] else None,
            python_version=facts["python_version"],
            digest=self.digest(),
            folder=shared.folder,
            lock=shared.lock if shared.lock.is_file() else None,
            warnings=(*self.spec.lints, *warnings),
            release=held.release,
            hand_over=held.hand_over,
        )


def _is_usable(folder: Path, facts: Facts) -> bool:
    """Return whether an environment that was built is still there."""
    return "activation" in facts and (folder / "conda-meta" / "history").exists()


def _is_usable_layer(folder: Path, facts: Facts) -> bool:
    return "activation" in facts and python_of(folder).exists()
