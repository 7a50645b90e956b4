"""Where a project's file is, in any letter case."""

from __future__ import annotations

import os
from pathlib import Path

from mlrun.errors import Location, Problem, ProjectError
from mlrun.light_dataclass import dataclass

_NAME = "MLproject"
_PLAIN = _NAME.lower()
_SUFFIXED = (f"{_PLAIN}.yaml", f"{_PLAIN}.yml")


@dataclass(frozen=True)
class ProjectFile:
    """What was found in a folder.

    Attributes:
        path: The project file, None where there is none.
        lints: What is suspicious about it.
    """

    path: Path | None
    lints: tuple[Problem, ...] = ()


def find_project_file(folder: Path) -> ProjectFile:
    """Find a folder's project file: `MLproject`, else `MLproject.yaml` or `.yml`.

    A folder of that name is none.

    Raises:
        ProjectError: The folder cannot be read, or the file is no regular file.
    """
    try:
        with os.scandir(folder) as found:
            names = [e.name for e in found if is_project_file_name(e.name) and not e.is_dir()]
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ProjectError(f"the folder '{folder}' cannot be read: {reason}") from error
    names.sort(key=_rank)
    if not names:
        return ProjectFile(None)
    path = folder / names[0]
    if not path.is_file():
        raise ProjectError(
            "this is neither a file nor a link to one", location=Location(path), hint="remove it"
        )
    return ProjectFile(path, _lints(folder, names))


def project_folders_in(folder: Path) -> tuple[Path, ...]:
    """Return the folders directly inside a folder that have a project file, by name."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return ()
    return tuple(path for path in inside if _has_project_file(path))


def _has_project_file(folder: Path) -> bool:
    try:
        return any(is_project_file_name(path.name) and path.is_file() for path in folder.iterdir())
    except OSError:
        return False


def is_project_file_name(name: str) -> bool:
    """Return whether a name is one of a project file."""
    return name.lower() == _PLAIN or name.lower() in _SUFFIXED


def _rank(name: str) -> tuple[bool, bool, str]:
    return name.lower() != _PLAIN, name != _NAME, name


def _lints(folder: Path, names: list[str]) -> tuple[Problem, ...]:
    chosen, *others = names
    lints = [
        Problem(
            f"'{other}' is ignored beside '{chosen}'",
            Location(folder / other),
            "keep one",
            rule="several-project-files",
        )
        for other in others
    ]
    if chosen.lower() != _PLAIN:
        lints.append(
            Problem(
                f"MLflow does not see a project file of the name '{chosen}'",
                Location(folder / chosen),
                f"rename it to '{_NAME}'",
                rule="unseen-project-file",
            )
        )
    return tuple(lints)
