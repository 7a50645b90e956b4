"""Scripts as entry points: what a project can run without declaring it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path, PurePath

from mlrun.errors import Location, ProjectError
from mlrun.project.model import EntryPoint, Project

SUFFIXES = (".py", ".sh", ".R")
"""What MLflow runs, and so do we."""

# Asked when the command starts, so that a plan names no machine's shell. Bash sets an absent
# SHELL to the login shell, which may be nologin; printenv tells what the user has exported. A
# container's image may have neither printenv nor bash.
_SHELL = '"$(printenv SHELL 2>/dev/null || command -v bash || echo sh)"'


def scripts_in(folder: Path) -> tuple[str, ...]:
    """Return the names of the scripts directly in a folder, sorted; none where it is unreadable."""
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted(e.name for e in entries if is_script(e.name) and e.is_file()))
    except OSError:
        return ()


def is_script(name: str) -> bool:
    """Return whether a name is a script's, going by its ending."""
    return PurePath(name).suffix in SUFFIXES


def script_entry_point(project: Project, name: str) -> EntryPoint | None:
    """Return a script of the project as an entry point without parameters.

    Args:
        project: Whose folder it must be in.
        name: Path of the script, relative to the project's folder.

    Returns:
        None where the name is not a script's, or there is no such file.

    Raises:
        ProjectError: It lies outside the project.
    """
    if not is_script(name):
        return None
    file = Path(os.path.normpath(project.folder / name))
    if not file.is_relative_to(os.path.normpath(project.folder)):
        raise ProjectError(
            f"the script '{name}' does not lie in the project",
            hint="copy it into the project's folder",
        )
    if not file.is_file():
        return None
    command = _command(name).replace("{", "{{").replace("}", "}}")
    return EntryPoint(name, {}, command, Location(file))


def _command(name: str) -> str:
    # A name that begins with a dash would be an option.
    path = f"./{name}" if name.startswith("-") else name
    suffix = PurePath(name).suffix
    if suffix == ".R":
        text = path.replace("\\", "\\\\").replace('"', '\\"')
        source = shlex.quote(f'mlflow::mlflow_source("{text}")')
        return f"Rscript -e {source} --args"
    return f"{'python' if suffix == '.py' else _SHELL} {shlex.quote(path)}"
