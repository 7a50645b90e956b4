"""The two runners under test, each installed in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
MLFLOW = "mlflow>=3.17,<3.18"

Report = Callable[[str], None]

# What the person at the keyboard has set must not favour one side: without bytecode files
# Python compiles all of MLflow each time, and an inherited store would be used by both.
_REMOVED = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "CI")
_REMOVED_PREFIXES = ("MLFLOW_", "MLRUN_")


@dataclass(frozen=True, slots=True)
class Tool:
    """One runner.

    Attributes:
        name: What it is called in the table.
        program: Its command.
        python: The interpreter that it runs on.
        version: Its version.
    """

    name: str
    program: Path
    python: Path
    version: str


def clean_environment() -> dict[str, str]:
    """Return the variables that every measured program starts with."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _REMOVED and not name.startswith(_REMOVED_PREFIXES)
    }
    return {**kept, "LC_ALL": "C"}  # so that bash writes a decimal point


def install_mlrun(cache: Path, report: Report) -> Tool:
    """Install this repository's mlrun as a user would get it: as a wheel, byte-compiled."""
    folder = cache / "mlrun"
    report("installing mlrun")
    _make(folder)
    _install(folder, "--reinstall-package", "mlproject-runner", str(REPOSITORY))
    return _tool("mlrun", folder, "mlproject-runner")


def install_mlflow(cache: Path, report: Report) -> Tool:
    """Install MLflow, byte-compiled, unless an earlier benchmark has done so.

    What it starts, or imports for projects of some kinds, comes along: it looks for uv and
    virtualenv on the PATH.
    """
    folder = cache / "mlflow"
    complete, wanted = folder / "complete", (MLFLOW, "docker", "uv", "virtualenv")
    if not complete.exists() or complete.read_text() != "\n".join(wanted):
        report(f"installing {MLFLOW}")
        _make(folder)
        _install(folder, *wanted)
        complete.write_text("\n".join(wanted))
    return _tool("mlflow", folder, "mlflow")


def _make(folder: Path) -> None:
    if not (folder / "bin" / "python").exists():
        _uv("venv", "--clear", "--python", sys.executable, str(folder))


def _install(folder: Path, *what: str) -> None:
    python = str(folder / "bin" / "python")
    _uv("pip", "install", "--compile-bytecode", "--python", python, *what)


def _uv(*arguments: str) -> None:
    argv = [sys.executable, "-m", "uv", "--quiet", *arguments]
    subprocess.run(argv, check=True, env=clean_environment(), stdin=subprocess.DEVNULL)


def _tool(name: str, folder: Path, distribution: str) -> Tool:
    python = folder / "bin" / "python"
    script = f"from importlib.metadata import version; print(version({distribution!r}))"
    answer = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True)
    return Tool(name, folder / "bin" / name, python, answer.stdout.strip())
