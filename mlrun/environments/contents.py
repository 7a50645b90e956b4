"""What is installed in an environment, without starting its Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_METADATA = (".dist-info", ".egg-info")


def count_packages(environment: Path) -> int:
    """Return how many packages are installed in a virtual environment or a conda prefix."""
    records = environment / "conda-meta"
    by_conda = len(list(records.glob("*.json"))) if records.is_dir() else 0
    return by_conda + sum(1 for info in _metadata(environment) if not _is_condas(info))


def _metadata(environment: Path) -> Iterator[Path]:
    for pattern in ("lib/python*/site-packages", "Lib/site-packages"):
        for packages in environment.glob(pattern):
            yield from (path for path in packages.iterdir() if path.suffix in _METADATA)


def _is_condas(info: Path) -> bool:
    """Return whether conda installed a package: then it is among conda's records."""
    try:
        return (info / "INSTALLER").read_text(encoding="utf-8").strip() == "conda"
    except OSError:
        return False
