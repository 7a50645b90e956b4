"""Which files a path means."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from mlrun.errors import ProjectError, UsageError
from mlrun.lint.rules.rule import Subject
from mlrun.project.project_file import find_project_file, is_project_file_name
from mlrun.project.reading.nodes import compose, read_text

_PYTHON_NAMES = ("python_env.yaml", "python_env.yml")
_CONDA_NAMES = ("conda.yaml", "conda.yml", "environment.yaml", "environment.yml")
_SKIPPED = frozenset({"node_modules", "__pycache__"})
_VIRTUAL = "pyvenv.cfg"
"""What the top folder of a virtual environment has."""
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):/+")
_UNKNOWN = (
    "name a project file, its folder, or a file that is made like python_env.yaml or conda.yaml"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A file to check.

    Attributes:
        file: As the user would name it.
        subject: What it is.
    """

    file: Path
    subject: Subject


def targets_of(paths: Iterable[Path]) -> tuple[Target, ...]:
    """Return the files that paths mean, each once.

    A folder means its project file with the environment files that this names, or the one that
    the folder implies. One without a project file means those of all folders below, except
    hidden ones and those of virtual environments and `node_modules`.

    Raises:
        UsageError: A path is not there, or means no file that can be checked.
    """
    found: dict[str, Target] = {}
    for path in paths:
        for target in _of_folder(path) if path.is_dir() else (_of_file(path),):
            found.setdefault(os.path.realpath(target.file), target)
    return tuple(found.values())


def _of_file(path: Path) -> Target:
    if not os.path.lexists(path):
        raise _not_there(path)
    if path.exists() and not path.is_file():
        raise UsageError(f"'{path}' is neither a file nor a folder", hint=_UNKNOWN)
    subject = _subject_by_name(path.name.lower()) or _subject_by_keys(path)
    if subject is None:
        raise UsageError(f"'{path}' is no file that mlrun can check", hint=_UNKNOWN)
    return Target(path, subject)


def _not_there(path: Path) -> UsageError:
    from mlrun.near_miss import near_miss

    address = _ADDRESS.match(str(path))
    if address is not None:
        from mlrun.execution.redact import mask_url

        # Of two slashes, a path keeps one.
        shown = mask_url(f"{address[1]}://{str(path)[address.end() :]}")
        return UsageError(
            f"{shown} is no file of this machine", hint="clone it, and name the folder"
        )
    try:
        names = os.listdir(path.parent)
    except OSError:
        names = []
    near = near_miss(path.name, names)
    hint = f"did you mean '{path.parent / near}'?" if near else None
    return UsageError(f"there is no file or folder '{path}'", hint=hint)


def _subject_by_name(name: str) -> Subject | None:
    if is_project_file_name(name):
        return Subject.PROJECT
    if name in _PYTHON_NAMES:
        return Subject.PYTHON_ENV
    return Subject.CONDA if name in _CONDA_NAMES else None


def _subject_by_keys(file: Path) -> Subject | None:
    """Return what a file of any other name is; None where its keys do not tell."""
    try:
        root = compose(read_text(file), file)
    except ProjectError as error:
        raise UsageError(
            f"what '{file}' is cannot be told: {error.message}", hint=_UNKNOWN
        ) from None
    keys = {key.value for key, _ in root.value} if isinstance(root, yaml.MappingNode) else set()
    if "entry_points" in keys:
        return Subject.PROJECT
    if "dependencies" in keys and keys & {"channels", "name"}:
        return Subject.CONDA
    return Subject.PYTHON_ENV if keys & {"python", "build_dependencies"} else None


def _of_folder(folder: Path) -> Iterator[Target]:
    project = _project_file(folder)
    below = [project] if project is not None else _project_files_below(folder)
    if below:
        for file in below:
            yield Target(file, Subject.PROJECT)
            yield from _environment_files(file)
        return
    implied = list(_implied(folder))
    if not implied:
        raise UsageError(
            f"there is no project file (MLproject) in '{folder}', and none below it", hint=_UNKNOWN
        )
    yield from implied


def _project_files_below(folder: Path) -> list[Path]:
    found = []
    for inner, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in _SKIPPED)
        if _VIRTUAL in files:
            folders.clear()
        elif any(map(is_project_file_name, files)):
            with suppress(UsageError):  # A pipe of that name, say, is nobody's project.
                found.append(_project_file(Path(inner)))
    return [file for file in found if file is not None]


def _project_file(folder: Path) -> Path | None:
    try:
        return find_project_file(folder).path
    except ProjectError as error:
        place = error.location
        if place is not None and place.file.is_symlink():
            return place.file  # That it leads nowhere is a finding like any other.
        raise UsageError(f"{f'{place}: ' if place else ''}{error.message}") from None


def _environment_files(project: Path) -> Iterator[Target]:
    from mlrun.lint.named_files import named_environment_files

    try:
        found = named_environment_files(project)
    except ProjectError:
        return  # Whoever checks the project file says what is wrong with it.
    for file, subject in found.named:
        if file.is_file():
            yield Target(file, subject)
    if found.is_silent:
        yield from _implied(project.parent)


def _implied(folder: Path) -> Iterator[Target]:
    from mlrun.project.environments.implied import implied_environments
    from mlrun.project.model import CondaEnv, PythonEnvFile

    for environment in implied_environments(folder):
        if isinstance(environment, CondaEnv):
            yield Target(environment.file, Subject.CONDA)
        elif isinstance(environment, PythonEnvFile) and environment.file.name in _PYTHON_NAMES:
            yield Target(environment.file, Subject.PYTHON_ENV)
