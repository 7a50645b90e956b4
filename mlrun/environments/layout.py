"""Where things lie in a virtual environment."""

from __future__ import annotations

import os
from pathlib import Path

ELSEWHERE = ("PYTHONHOME", "__PYVENV_LAUNCHER__")
"""Variables that would make an environment's interpreter look for its packages elsewhere."""


def programs_folder(environment: Path) -> Path:
    """Return the folder of the environment's programs."""
    return environment / ("Scripts" if os.name == "nt" else "bin")


def python_of(environment: Path) -> Path:
    """Return the environment's interpreter."""
    return programs_folder(environment) / ("python.exe" if os.name == "nt" else "python")


def packages_folder(environment: Path, version: tuple[int, ...]) -> Path:
    """Return the folder of its packages.

    Args:
        environment: The virtual environment.
        version: That of its interpreter; two numbers or more.
    """
    if os.name == "nt":
        return environment / "Lib" / "site-packages"
    return environment / "lib" / f"python{version[0]}.{version[1]}" / "site-packages"
