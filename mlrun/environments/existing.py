"""An environment that the user has made: a virtual environment or a conda prefix (`--env`)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.layout import ELSEWHERE, programs_folder, python_of
from mlrun.errors import UsageError
from mlrun.folders import cache_folder

_USUAL_NAMES = (".venv", "venv", "env")
_VERSION = re.compile(r"^version(?:_info)?\s*=\s*(\d+\.\d+\.\d+)", re.MULTILINE)


class ExistingEnvironment:
    """An environment that is used as it is, and never changed.

    Args:
        folder: The environment or prefix, or its interpreter.

    Raises:
        UsageError: There is no environment.
    """

    manager = "local"

    def __init__(self, folder: Path) -> None:
        given = Path(os.path.abspath(folder.expanduser()))
        self._interpreter = _interpreter(given) if given.is_file() else None
        self._folder = given if self._interpreter is None else given.parent.parent
        if self._interpreter is None:
            _refuse_what_is_none(given)

    def digest(self) -> str | None:
        """Return None: nothing says what is in it."""
        return None

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Return what makes the command see it."""
        del report
        if (self._folder / "pyvenv.cfg").is_file():
            return self._virtual()
        if (self._folder / "conda-meta").is_dir():
            return self._conda()
        if self._interpreter is not None:
            return PreparedEnvironment(
                path=_python_first(self._interpreter), unset=ELSEWHERE, python=self._interpreter
            )
        return PreparedEnvironment(
            path=(programs_folder(self._folder),),
            unset=ELSEWHERE,
            python=self._python(),
            folder=self._folder,
        )

    def _virtual(self) -> PreparedEnvironment:
        config = (self._folder / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
        version = _VERSION.search(config)
        return PreparedEnvironment(
            path=(programs_folder(self._folder),),
            variables={"VIRTUAL_ENV": str(self._folder)},
            unset=ELSEWHERE,
            python=self._python(),
            python_version=version[1] if version else None,
            folder=self._folder,
        )

    def _conda(self) -> PreparedEnvironment:
        """Return what conda's own activation would set; its scripts run, and write nothing."""
        from mlrun.environments.conda.activating import record_activation
        from mlrun.environments.conda.activation import UNSET, prefix_variables

        activation, _ = record_activation(self._folder, os.environ)
        variables, removed = activation.variables(os.environ)
        return PreparedEnvironment(
            path=(*map(Path, activation.path), programs_folder(self._folder)),
            variables={**prefix_variables(self._folder), **variables},
            unset=tuple(name for name in (*UNSET, *removed) if name not in variables),
            python=self._python(),
            python_version=_conda_python(self._folder),
            folder=self._folder,
        )

    def _python(self) -> Path | None:
        python = python_of(self._folder)
        return python if python.exists() else None


def _interpreter(file: Path) -> Path:
    if not file.name.lower().startswith("python") or not os.access(file, os.X_OK):
        raise UsageError(
            f"--env '{file}' is a file, and no Python interpreter",
            hint="name an environment's folder, or the `python` in it",
        )
    return file


def _refuse_what_is_none(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"--env '{folder}': there is no such folder", hint=_near(folder))
    if (folder / "conda-meta").is_dir() or python_of(folder).exists():
        return
    if (folder / "pyvenv.cfg").is_file():
        raise UsageError(
            f"--env '{folder}': the environment's Python is gone ({python_of(folder)})",
            hint="make the environment anew",
        )
    raise UsageError(
        f"--env '{folder}': there is no environment in this folder (no {python_of(folder)})",
        hint=_inside(folder),
    )


def _near(missing: Path) -> str | None:
    """Return the folder that was probably meant."""
    from mlrun.near_miss import near_miss

    try:
        names = [path.name for path in missing.parent.iterdir() if path.is_dir()]
    except OSError:
        return "name a virtual environment's folder, a conda prefix, or a python in one"
    meant = near_miss(missing.name, names, 0.6)
    return f"did you mean '{missing.parent / meant}'?" if meant else None


def _inside(folder: Path) -> str:
    """Return where an environment lies nearby."""
    places = [folder / name for name in _USUAL_NAMES] + [folder.parent]
    for place in places:
        if (place / "conda-meta").is_dir() or (place / "pyvenv.cfg").is_file():
            return f"did you mean '{place}'?"
    return "name a virtual environment's folder, a conda prefix, or a python in one"


def _conda_python(prefix: Path) -> str | None:
    found = (
        re.match(r"python-(\d+\.\d+\.\d+)-", f.name) for f in prefix.glob("conda-meta/python-*")
    )
    return next((match[1] for match in found if match), None)


def _python_first(interpreter: Path) -> tuple[Path, ...]:
    """Return folders in which `python` is an interpreter that has another name, or stands alone.

    The folder with the links is mlrun's, and the same for every run with that interpreter.
    """
    same = interpreter.parent / "python"
    if same.exists() and same.samefile(interpreter):
        return (interpreter.parent,)
    from mlrun.hashing import hash_of

    name = hash_of(os.fsencode(interpreter))[:16]
    links = cache_folder() / "interpreters" / name
    links.mkdir(parents=True, exist_ok=True)
    for link in (links / "python", links / "python3"):
        if not link.is_symlink():
            link.symlink_to(interpreter)
    return (links, interpreter.parent)
