"""The environment of an R project with a `renv.lock`: the user's own, looked at beforehand.

R activates a project's library itself (renv's `.Rprofile`), so nothing is to be set. What is
missing is said before the command starts, for R's own words about it come late and are long.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.system import SystemEnvironment
from mlrun.errors import EnvironmentBuildError, Problem
from mlrun.project.model import RenvEnv

_RESTORE = "restore it: Rscript -e 'renv::restore()' in the project's folder"


class RenvEnvironment(SystemEnvironment):
    """The system's own environment, with R.

    Args:
        env: The lock of the R packages.
    """

    def __init__(self, env: RenvEnv) -> None:
        self._env = env

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Return what makes the command see the user's PATH.

        Raises:
            EnvironmentBuildError: There is no R, and the command is R's.
        """
        prepared = super().prepare(report)
        path = prepared.variables.get("PATH", os.environ.get("PATH"))
        missing = self._missing(path)
        if missing is None:
            return prepared
        if self._env.required and not _has_r(path):
            raise EnvironmentBuildError(
                missing.message, location=missing.location, hint=missing.hint
            )
        return replace(prepared, warnings=(missing,))

    def _missing(self, path: str | None) -> Problem | None:
        file, location = self._env.file, self._env.location
        if not _has_r(path):
            return Problem(
                f"the project needs R for its '{file.name}', and there is no Rscript on PATH",
                location,
                "install R, and renv in it",
            )
        if not file.is_file():
            return Problem(f"there is no '{file}'", location, "`renv::snapshot()` writes it")
        if not _is_restored(file):
            return Problem(f"the R packages of '{file.name}' are not installed", location, _RESTORE)
        return None


def _has_r(path: str | None) -> bool:
    from shutil import which

    return which("Rscript", path=path) is not None


def _is_restored(file: Path) -> bool:
    """Return whether the project's library holds a package, or is kept at another place."""
    if os.environ.get("RENV_PATHS_LIBRARY") or os.environ.get("RENV_PATHS_LIBRARY_ROOT"):
        return True
    # <platform>/<version of R>/<architecture>/<package>; older ones leave levels out.
    library = file.parent / "renv" / "library"
    levels = ("*/*/*/*", "*/*/*", "*/*")
    return any(next(library.glob(f"{level}/DESCRIPTION"), None) for level in levels)
