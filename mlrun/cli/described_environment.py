"""The environments of a project or an entry point, as `mlrun describe` shows them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.errors import MlrunError, Problem
from mlrun.project.model import (
    CondaEnv,
    DockerEnv,
    Environment,
    PythonEnv,
    PythonEnvFile,
    RenvEnv,
    UvLockEnv,
)

_CONDA_PYTHON = re.compile(r"(?:[\w./-]+::)?python(?:[\s=<>!~]|$)\s*(.*)", re.IGNORECASE)


@dataclass(frozen=True)
class DescribedEnvironment:
    """One environment that is asked for.

    Attributes:
        kind: The key that asks for it, or the usual name of the file that implies it.
        file: Relative to the project's folder where it lies in it; None where there is none.
        implied: Whether it is found by its file's name, as no environment is named.
        python: The version asked for, where one is.
        image: The container's image.
        warnings: What is suspicious in its file.
    """

    kind: str
    file: str | None = None
    implied: bool = False
    python: str | None = None
    image: str | None = None
    warnings: tuple[Problem, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        names = ("kind", "file", "implied", "python", "image")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        """Return it in a few words."""
        about = [
            *([f"image {self.image}"] if self.image is not None else []),
            *([f"from {self.file}"] if self.file is not None else []),
            *([f"Python {self.python}"] if self.python is not None else []),
        ]
        return ", ".join(about or [self.kind])


def manager_of(environments: tuple[Environment, ...], folder: Path) -> tuple[str | None, str]:
    """Return what makes the environment without any option, and that or why nothing does."""
    if _is_container(environments):
        return "docker", "docker"
    try:
        manager = choose_environment(environments, EnvironmentOptions(folder=folder)).manager
    except MlrunError as error:
        return None, error.message
    return manager, manager


def _is_container(environments: tuple[Environment, ...]) -> bool:
    """Whether it is one whatever is wrong with it: that may be another matter elsewhere."""
    return len(environments) == 1 and isinstance(environments[0], DockerEnv)


def described(environments: tuple[Environment, ...], folder: Path) -> list[DescribedEnvironment]:
    """Return what is asked for; what a broken file says is left out."""
    return [_described(environment, folder) for environment in environments]


def _described(environment: Environment, folder: Path) -> DescribedEnvironment:
    if isinstance(environment, DockerEnv):
        warnings = _wrong_with(environment, folder)
        return DescribedEnvironment("docker_env", image=environment.image, warnings=warnings)
    if isinstance(environment, PythonEnv):
        return DescribedEnvironment("python_env", python=environment.python)
    file = (
        environment.folder / "uv.lock" if isinstance(environment, UvLockEnv) else environment.file
    )
    implied = environment.location.file == file
    python, warnings = _from_file(environment)
    return DescribedEnvironment(
        kind=file.name if implied else _key(environment),
        file=_relative(file, folder),
        implied=implied,
        python=python,
        warnings=warnings,
    )


def _wrong_with(environment: DockerEnv, folder: Path) -> tuple[Problem, ...]:
    """Return why the container could not be made here: a variable that is not set, say."""
    try:
        choose_environment((environment,), EnvironmentOptions(folder=folder))
    except MlrunError as error:
        return error.problems
    return ()


def _key(environment: PythonEnvFile | CondaEnv | UvLockEnv | RenvEnv) -> str:
    if isinstance(environment, RenvEnv):
        return "renv_env"
    return "conda_env" if isinstance(environment, CondaEnv) else "python_env"


def _from_file(
    environment: PythonEnvFile | CondaEnv | UvLockEnv | RenvEnv,
) -> tuple[str | None, tuple[Problem, ...]]:
    try:
        if isinstance(environment, PythonEnvFile):
            from mlrun.project.environments.python_env_file import read_python_env

            spec = read_python_env(environment)
            return spec.python, spec.lints
        if isinstance(environment, UvLockEnv):
            from mlrun.environments.uv_lock.environment import UvLockEnvironment

            return UvLockEnvironment(environment, exact_python=False).python, ()
        if isinstance(environment, CondaEnv):
            from mlrun.project.environments.conda_file import read_conda_env

            conda = read_conda_env(environment)
            found = (_CONDA_PYTHON.fullmatch(package.text.strip()) for package in conda.packages)
            versions = [match[1].lstrip("= ") for match in found if match]
            return (versions[0] or None if versions else None), conda.lints
    except MlrunError:
        pass  # `manager_of` says it.
    return None, ()


def _relative(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else os.fspath(file)
