"""From a folder to the files that make it a project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlrun.disk import write_atomically
from mlrun.errors import Location, Problem, ProjectError
from mlrun.project.project_file import find_project_file
from mlrun.scaffold.entry_points import Proposal, propose
from mlrun.scaffold.environment import PYTHON_ENV, ProposedEnvironment, propose_environment
from mlrun.scaffold.scripts import find_scripts
from mlrun.scaffold.writing import project_text

_NAME = "MLproject"


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What a folder's project file would be.

    Attributes:
        file: Where it belongs: the one that is there, else a new `MLproject`.
        is_there: Whether there is one already.
        text: Of the file.
        environment: What it runs in.
        entry_points: What it can run.
        notes: What could not be understood, or is left out.
    """

    file: Path
    is_there: bool
    text: str
    environment: ProposedEnvironment
    entry_points: tuple[Proposal, ...]
    notes: tuple[Problem, ...]

    def files(self) -> Mapping[Path, str]:
        """Return all files to be written, with their texts; the project file is the last."""
        text = self.environment.text
        environment = {self.file.parent / PYTHON_ENV: text} if text is not None else {}
        return {**environment, self.file: self.text}


def scaffold(folder: Path, name: str | None = None) -> Scaffold:
    """Propose a project file for a folder. Nothing is written, and nothing of it is run.

    Args:
        folder: Absolute path.
        name: Of the project; the folder's if None.

    Raises:
        ProjectError: The folder cannot be read, or no script was found in it.
    """
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "does not exist"
        raise ProjectError(f"'{folder}' {what}", hint="name the folder that has the scripts")
    there = find_project_file(folder).path
    found = find_scripts(folder)
    if not found.scripts:
        raise ProjectError(
            f"no script was found in '{folder}'",
            hint="a script is Python with `if __name__ == '__main__'`, or one of the shell or R; "
            "tests, hidden folders and what Git ignores do not count",
        )
    entry_points = propose(folder, found.scripts)
    environment = propose_environment(folder, found.modules)
    called = (name or folder.name or "project").encode("utf-8", "replace").decode("utf-8")
    text = project_text(called, environment, entry_points)
    left_out = [problem for one in entry_points for problem in one.left_out]
    notes = tuple(dict.fromkeys((*found.notes, *left_out)))
    return Scaffold(there or folder / _NAME, there is not None, text, environment,
                    entry_points, notes)  # fmt: skip


def write(proposed: Scaffold, *, replaces: bool) -> None:
    """Write the files.

    Args:
        proposed: What to write.
        replaces: Whether a project file that is there may be replaced.

    Raises:
        ProjectError: One is there, or a file cannot be written.
    """
    if proposed.is_there and not replaces:
        raise _is_there(proposed.file)
    for file, text in proposed.files().items():
        _write(file, text, replaces=replaces and file == proposed.file)


def _is_there(file: Path) -> ProjectError:
    return ProjectError(
        "the folder has a project file already" if file.name != PYTHON_ENV else "this is there",
        location=Location(file),
        hint="--force replaces it, --stdout only prints what would be written",
    )


def _write(file: Path, text: str, *, replaces: bool) -> None:
    try:
        if replaces:
            write_atomically(Path(os.path.realpath(file)), text)
        else:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
    except FileExistsError:
        raise _is_there(file) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ProjectError(f"this cannot be written: {reason}", location=Location(file)) from None
