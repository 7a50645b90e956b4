"""The environment of a project that names none: the first file of a usual name that is there."""

from __future__ import annotations

import re
from pathlib import Path

from mlrun.errors import Location
from mlrun.project.model import CondaEnv, Environment, PythonEnvFile, RenvEnv, UvLockEnv

USUAL_FILES = (
    *("python_env.yaml", "conda.yaml", "environment.yml", "environment.yaml"),
    *("uv.lock", "pyproject.toml", "requirements.txt", "renv.lock"),
)
"""In the order in which they are looked for. MLflow looks for the first two only."""

_CONDA_FILES = ("conda.yaml", "environment.yml", "environment.yaml")

# The tables that make a pyproject.toml more than a place for the settings of tools.
_DESCRIBING = rb"(?m)^[ \t]*\[[ \t]*(?:project|tool[ \t]*\.[ \t]*poetry)[ \t]*\]"


def implied_environments(folder: Path) -> tuple[Environment, ...]:
    """Return the environment that a project's folder implies; empty where it implies none."""
    for name in USUAL_FILES:
        file = folder / name
        if file.is_file() and _counts(file):
            return (_environment(file),)
    return ()


def _counts(file: Path) -> bool:
    if file.name == "uv.lock":
        return (file.parent / "pyproject.toml").is_file()
    if file.name != "pyproject.toml":
        return True
    try:
        return re.search(_DESCRIBING, file.read_bytes()) is not None
    except OSError:
        return True  # Whoever reads it says what is wrong with it.


def _environment(file: Path) -> Environment:
    location = Location(file)
    if file.name in _CONDA_FILES:
        return CondaEnv(file, location)
    if file.name == "uv.lock":
        return UvLockEnv(file.parent, location)
    if file.name == "renv.lock":
        return RenvEnv(file, location)
    return PythonEnvFile(file, location)
