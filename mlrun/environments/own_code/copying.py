"""Copies a folder with a Python project so that it can be built without touching the original.

Build tools write beside the sources (`build/`, `*.egg-info`). What they read is copied; what
they only have to see (data, big files) is linked.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_LEFT_OUT = frozenset(
    {
        *("__pycache__", "mlruns", "mlartifacts", "node_modules", "build", "dist"),
        *(".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ipynb_checkpoints"),
    }
)
_COPIED_SUFFIXES = frozenset(
    {
        *("", ".py", ".pyi", ".pyx", ".pxd", ".c", ".cc", ".cpp", ".h", ".hpp", ".rs", ".f90"),
        *(".toml", ".cfg", ".ini", ".txt", ".md", ".rst", ".in", ".json", ".yaml", ".yml"),
    }
)
_BIGGEST_COPIED = 1 << 20


def copy_sources(source: Path, target: Path) -> None:
    """Copy a project's folder to a place that is not there yet.

    Version control is linked, since build tools ask it for the version.

    Raises:
        OSError: Something cannot be read, or the disk is full.
    """
    for root, folders, files in os.walk(source):
        here = target / Path(root).relative_to(source)
        here.mkdir(parents=True)
        for name in [n for n in folders if n in (".git", ".hg")]:
            _link(Path(root, name), here / name)
        inner = [Path(root, name) for name in folders]
        # The cache itself may lie in the project, as it does on some CI machines.
        kept = [f for f in inner if not _is_left_out(f) and not target.is_relative_to(f)]
        folders[:] = [folder.name for folder in kept]
        for name in files:
            _take(Path(root, name), here / name)


def native_modules(folder: Path) -> set[Path]:
    """Return the compiled modules in a folder, relative to it."""
    suffixes = (".so", ".pyd", ".dylib")
    return {
        Path(root, name).relative_to(folder)
        for root, _, names in os.walk(folder)
        for name in names
        if name.endswith(suffixes)
    }


def _is_left_out(folder: Path) -> bool:
    name = folder.name
    return (
        name in _LEFT_OUT
        or name in (".git", ".hg")
        or name.endswith(".egg-info")
        or (folder / "pyvenv.cfg").exists()
    )


def _take(file: Path, target: Path) -> None:
    if not file.is_file():
        return
    is_source = file.suffix.lower() in _COPIED_SUFFIXES and file.stat().st_size <= _BIGGEST_COPIED
    if is_source:
        shutil.copyfile(file, target)
        shutil.copymode(file, target)
    else:
        _link(file, target)


def _link(original: Path, target: Path) -> None:
    try:
        target.symlink_to(original, target_is_directory=original.is_dir())
    except OSError:
        if original.is_file():
            shutil.copyfile(original, target)
