"""The projects that are run, written anew for each benchmark."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import MARK, SETTLE_SECONDS

_NOOP = f'echo "$EPOCHREALTIME" > "${MARK}"'
_SLEEP = f'echo $$ > "${MARK}"; exec sleep {SETTLE_SECONDS + 0.5}'

_PROJECT = """\
name: {name}
{environment}
entry_points:
  main:
    command: '{command}'
"""


@dataclass(frozen=True, slots=True)
class Projects:
    """Folders of projects, each a Git repository with one commit, as real ones are.

    Attributes:
        noop: Records when it was started, asks for no environment.
        sleeping: Records its process id and sleeps.
        environment: As `noop`, in a Python environment without packages.
        dependency: As `noop`, in a Python environment with a package.
    """

    noop: Path
    sleeping: Path
    environment: Path
    dependency: Path


def write(folder: Path) -> Projects:
    """Write all projects into a folder."""
    return Projects(
        noop=_write(folder / "noop", _NOOP, None),
        sleeping=_write(folder / "sleeping", _SLEEP, None),
        environment=_write(folder / "environment", _NOOP, "dependencies: []\n"),
        dependency=_write(folder / "dependency", _NOOP, "dependencies: [six]\n"),
    )


def noop_file(name: str) -> str:
    """Return the project file of one that only records when it was started."""
    return _PROJECT.format(name=name, environment="", command=_NOOP)


def write_project(folder: Path, key: str, environment: str) -> Path:
    """Write a project that only records when it was started.

    Args:
        folder: Made for it.
        key: Of the project file, `python_env` or `conda_env`.
        environment: The content of the file that it names.
    """
    return _write(folder, _NOOP, environment, key)


def _write(folder: Path, command: str, environment: str | None, key: str = "python_env") -> Path:
    folder.mkdir(parents=True)
    line = f"{key}: {key}.yaml" if environment else ""
    text = _PROJECT.format(name=folder.name, environment=line, command=command)
    (folder / "MLproject").write_text(text)
    if environment:
        (folder / f"{key}.yaml").write_text(environment)
    _git(folder, "init", "--quiet")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message", "A project")
    return folder


def _git(folder: Path, *arguments: str) -> None:
    author = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True)
