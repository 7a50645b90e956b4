"""Conda specifications written for a test."""

from __future__ import annotations

from pathlib import Path

from mlrun.errors import Location
from mlrun.project.model import CondaRequirement, CondaSpec


def conda_spec(
    *packages: str,
    channels: tuple[str, ...] = (),
    defaults: bool = True,
    pip: tuple[str, ...] = (),
    folder: Path = Path("/project"),
) -> CondaSpec:
    """Return a specification whose packages stand on the lines 5, 6, 7..."""
    file = folder / "conda.yaml"
    lines = enumerate(packages, 5)
    found = tuple(CondaRequirement(text, Location(file, line, 5)) for line, text in lines)
    return CondaSpec(channels, defaults, found, pip, {}, folder, file, Location(file, 1, 1))
