"""The environment that a project file names: what is there, or what the imports ask for."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mlrun.project.environments.implied import implied_environments
from mlrun.project.model import CondaEnv, PythonEnvFile, RenvEnv, UvLockEnv
from mlrun.scaffold.distributions import imported_distributions
from mlrun.scaffold.python_modules import Module

PYTHON_ENV = "python_env.yaml"
_PYTHON = re.compile(r"(?:cpython-|python-)?(3\.\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class ProposedEnvironment:
    """What the project file says of the environment.

    Attributes:
        said: What was found, and what was made of it; one line.
        key: Key and file (`python_env`, `python_env.yaml`); None where the file names none.
        comment: What is to stand in the file in its place, or before it.
        text: Of a new `python_env.yaml`; None where none is to be written.
        hint: What to do about it, or None.
    """

    said: str
    key: tuple[str, str] | None = None
    comment: str | None = None
    text: str | None = None
    hint: str | None = None


def propose_environment(folder: Path, modules: Iterable[Module]) -> ProposedEnvironment:
    """Return the environment for a folder: of its files the one that mlrun would take.

    Args:
        folder: Absolute path.
        modules: Its Python files, whose imports count where no file says anything.
    """
    found = implied_environments(folder)
    if not found:
        return _from_imports(folder, tuple(modules))
    match found[0]:
        case CondaEnv(file=file):
            return ProposedEnvironment(f"{file.name} says it", ("conda_env", file.name))
        case PythonEnvFile(file=file) if file.name == PYTHON_ENV:
            return ProposedEnvironment(f"{PYTHON_ENV} says it", ("python_env", PYTHON_ENV))
        case PythonEnvFile(file=file) if file.name == "requirements.txt":
            return _from_requirements(folder)
        case PythonEnvFile(file=file):
            return _implied(file.name)
        case UvLockEnv():
            return _implied("uv.lock")
        case RenvEnv(file=file):
            return _implied(file.name)
    return ProposedEnvironment("none is named")


def _implied(name: str) -> ProposedEnvironment:
    return ProposedEnvironment(
        f"{name} says it; mlrun finds that by itself, MLflow does not",
        comment=f"The environment is that of {name}, which mlrun finds by itself.",
    )


def _from_requirements(folder: Path) -> ProposedEnvironment:
    return ProposedEnvironment(
        f"{PYTHON_ENV}, new, for requirements.txt",
        ("python_env", PYTHON_ENV),
        text=_python_env(folder, ["-r requirements.txt"]),
    )


def _from_imports(folder: Path, modules: tuple[Module, ...]) -> ProposedEnvironment:
    packages = imported_distributions(modules)
    if not packages:
        image = (folder / "Dockerfile").is_file()
        hint = "build the image of the Dockerfile, and name it: `docker_env: {image: NAME}`"
        reason = "none is named, since nothing is imported that is to be installed"
        return ProposedEnvironment(reason, hint=hint if image else None)
    return ProposedEnvironment(
        f"{PYTHON_ENV}, new, with what the scripts import: {', '.join(packages)}",
        ("python_env", PYTHON_ENV),
        text="# What the scripts import, going by the names.\n" + _python_env(folder, packages),
        hint=f"look through {PYTHON_ENV}, and write the versions that you mean there",
    )


def _python_env(folder: Path, dependencies: Iterable[str]) -> str:
    lines = [f'python: "{_python(folder)}"', "dependencies:"]
    return "\n".join([*lines, *(f"  - {one}" for one in dependencies)]) + "\n"


def _python(folder: Path) -> str:
    """Return the Python that `.python-version` names, else the one that runs this."""
    try:
        text = (folder / ".python-version").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    named = _PYTHON.fullmatch(text.strip())
    return named[1] if named else f"{sys.version_info.major}.{sys.version_info.minor}"
