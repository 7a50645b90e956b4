"""Files to check, and what is found in them, in few words."""

from __future__ import annotations

from pathlib import Path

from mlrun.lint.check import check
from mlrun.lint.finding import FileReport
from mlrun.lint.rules.rule import Subject
from mlrun.lint.targets import Target

PYTHON = "python: '3.11'\ndependencies:\n  - numpy==2.1.0\n"


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files by their paths below a folder, byte for byte."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def python_env(folder: Path, text: str) -> Target:
    """Write a Python environment file."""
    write(folder, {"python_env.yaml": text})
    return Target(folder / "python_env.yaml", Subject.PYTHON_ENV)


def found_in(folder: Path, text: str) -> list[str]:
    """Return `LINE:rule` for all that is found in a Python environment file."""
    return places(check(python_env(folder, text)))


def places(report: FileReport) -> list[str]:
    """Return `LINE:rule` for all findings."""
    problems = [finding.problem for finding in report.findings]
    return [f"{p.location.line if p.location else None}:{p.rule}" for p in problems]
