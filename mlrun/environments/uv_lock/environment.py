"""The environment of a project with a `uv.lock`: exactly what that file says.

As with other Python environments there are two: what the lock names from indexes is shared by
everybody with the same lock, and the project's own code (the project itself, members of its
workspace, folders that it depends on) is bound to the run on top of that. Which those are is
known from the build; so a run that finds both neither starts uv nor reads the lock's content.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.fingerprint import digest_of, platform_name, uv_configuration
from mlrun.environments.installing.uv_settings import uv_config_files
from mlrun.environments.layout import ELSEWHERE, programs_folder, python_of
from mlrun.environments.python.requirements import LocalProject
from mlrun.environments.python.version import PythonRequest, format_version, parse_request
from mlrun.environments.store.store import (
    EnvironmentStore,
    Facts,
    Held,
    StoredEnvironment,
    environments_folder,
)
from mlrun.errors import Location, Problem, ProjectError
from mlrun.hashing import hash_of
from mlrun.project.environments.packaging_files import PYTHON_VERSION_FILE, chosen_python
from mlrun.project.model import UvLockEnv

LOCK = "uv.lock"

_FORMAT = 1
"""Goes into every key; to be raised when environments are built in another way."""

_FILES = (LOCK, "pyproject.toml", "uv.toml", PYTHON_VERSION_FILE)

_CHOOSING = (
    *("UV_NO_DEV", "UV_NO_GROUP", "UV_NO_DEFAULT_GROUPS", "UV_NO_BINARY", "UV_NO_BINARY_PACKAGE"),
    *("UV_NO_BUILD", "UV_NO_BUILD_PACKAGE", "UV_CONFIG_FILE", "UV_NO_CONFIG"),
)
"""The user's variables for uv that decide which of the locked packages are installed, and how."""

_REQUIRES_PYTHON = re.compile(rb'^requires-python = "([^"]*)"', re.MULTILINE)


class UvLockEnvironment:
    """An environment that uv synchronises with a lock.

    Args:
        env: Where the lock is.
        exact_python: Refuse another patch version of Python than the one asked for.

    Attributes:
        is_checked: Whether the lock was compared with the project, in this process.

    Raises:
        ProjectError: The lock or the project's file cannot be read, or what they give as the
            version of Python is none.
    """

    manager = "uv"

    def __init__(self, env: UvLockEnv, *, exact_python: bool) -> None:
        self.folder = env.folder
        self.location = env.location
        self.exact_python = exact_python
        self.is_checked = False
        self._contents = [_content(env.folder / name) for name in _FILES]
        for name, content in zip(_FILES[:2], self._contents, strict=False):
            if content is None:
                raise ProjectError(f"'{env.folder / name}' cannot be read", location=env.location)
        chosen, self._lints = chosen_python(env.folder)
        self.python = chosen or self._required_python()
        self.request = self._requested()

    def digest(self) -> str:
        """Return the hash of the lock and of what says how the project is packaged."""
        hashes = [hash_of(c) if c is not None else None for c in self._contents]
        return digest_of(hashes)

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Find the environment in the store, or build it.

        Raises:
            EnvironmentBuildError: It cannot be built.
        """
        environ = dict(os.environ)
        store = EnvironmentStore(environments_folder(environ))
        key = self._key(environ)
        shared = store.find(key, self._is_usable)
        if shared is None:
            from mlrun.environments.uv_lock.building import UvLockBuild

            build = UvLockBuild(self, environ, report)
            shared = store.obtain(key, build.shared, self._is_usable, report)
        if not shared.facts["members"]:
            return self._prepared(shared, Held((shared,)))
        try:
            layer = self._layer(store, key, shared, environ, report)
        except BaseException:
            shared.lease.release()
            raise
        return self._prepared(layer, Held((layer, shared)))

    def members(self, facts: Facts) -> list[LocalProject]:
        """Return the folders whose code belongs to the run, from what a build said."""
        return [
            LocalProject(Path(os.path.normpath(self.folder / path)), "", self.location, marker)
            for path, marker in facts["members"]
        ]

    def _layer(
        self,
        store: EnvironmentStore,
        key: str,
        shared: StoredEnvironment,
        environ: Mapping[str, str],
        report: Report,
    ) -> StoredEnvironment:
        """Return the environment on top of the shared one that sees the project's own code."""
        from mlrun.environments.own_code.digests import key_on_top

        key = key_on_top(key, shared.facts["attempt"], self.members(shared.facts))
        layer = store.find(key, self._is_usable)
        if layer is None:
            from mlrun.environments.uv_lock.building import UvLockBuild

            build = UvLockBuild(self, environ, report)
            layer = store.obtain(key, build.on_top_of(shared), self._is_usable, report)
        return layer

    def _key(self, environ: Mapping[str, str]) -> str:
        parts = [LOCK, str(_FORMAT), self.digest(), platform_name()]
        parts += [f"{name}={environ[name]}" for name in _CHOOSING if environ.get(name)]
        parts += uv_configuration(self.folder, uv_config_files(environ))
        return digest_of(parts)[:20]

    def _is_usable(self, folder: Path, facts: Facts) -> bool:
        exact = self.request.exact
        if self.exact_python and exact and facts.get("python_version") != format_version(exact):
            return False
        return python_of(folder).exists()

    def _required_python(self) -> str | None:
        found = _REQUIRES_PYTHON.search(self._contents[0] or b"")
        return found[1].decode("utf-8", "replace") if found else None

    def _requested(self) -> PythonRequest:
        try:
            return parse_request(self.python)
        except ValueError as error:
            raise ProjectError(
                str(error),
                location=Location(self.folder / LOCK),
                hint="write `requires-python` as versions (>=3.10,<3.13), then `uv lock`",
            ) from error

    def _prepared(self, environment: StoredEnvironment, held: Held) -> PreparedEnvironment:
        facts = environment.facts
        warning = facts.get("warning")
        substituted = (Problem(warning[0], self.location, warning[1]),) if warning else ()
        lock = held.environments[-1].lock
        return PreparedEnvironment(
            manager=self.manager,
            path=(programs_folder(environment.folder),),
            variables={"VIRTUAL_ENV": str(environment.folder)},
            unset=ELSEWHERE,
            python=python_of(environment.folder),
            python_version=facts["python_version"],
            digest=self.digest(),
            folder=environment.folder,
            lock=lock if lock.is_file() else None,
            warnings=(*self._lints, *substituted),
            release=held.release,
            hand_over=held.hand_over,
        )


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
