"""Which files of a folder may be scripts of its author's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mlrun.sources.git.process import LOOKING, looking_environ

SUFFIXES = (".py", ".sh", ".R", ".r")
_DEEPEST = 4
MOST = 400
"""Files that are read; of more, those that lie least deep."""

_MOST_SEEN = 20_000
_NO_FOLDERS = frozenset(
    {
        *("tests", "test", "testing", "docs", "doc", "build", "dist", "node_modules"),
        *("site-packages", "__pycache__", "__pypackages__", "mlruns", "mlartifacts", "wandb"),
        *("venv", "env", "renv", "third_party", "vendor"),
    }
)
_NO_SCRIPTS = frozenset({"setup.py", "conftest.py", "__init__.py", "noxfile.py", "versioneer.py",
                         "tasks.py", "fabfile.py", "_version.py"})  # fmt: skip
_PATIENCE = 10.0


def files_in(folder: Path) -> tuple[PurePosixPath, ...]:
    """Return the paths of what may be scripts or modules, relative to the folder, by name.

    Tests, hidden folders, virtual environments and what Git ignores are not among them.
    """
    ignored = _ignored(folder)
    found = []
    for path in _walk(folder, folder, 0):
        if ignored is None or str(path) not in ignored:
            found.append(path)
        if len(found) >= _MOST_SEEN:
            break
    found.sort(key=lambda path: (len(path.parts), path))
    return tuple(sorted(found[:MOST]))


def is_script_name(path: PurePosixPath) -> bool:
    """Return whether a file of this name may be there to be run."""
    stem = path.stem.lower()
    is_test = stem.startswith("test_") or stem.endswith("_test") or stem == "test"
    return path.name not in _NO_SCRIPTS and not is_test and str(path).isprintable()


def _walk(folder: Path, top: Path, depth: int) -> Iterator[PurePosixPath]:
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inside:
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if depth < _DEEPEST and not _is_left_out(path):
                yield from _walk(path, top, depth + 1)
        elif entry.name.endswith(SUFFIXES) and path.is_file():
            yield PurePosixPath(path.relative_to(top).as_posix())


def _is_left_out(folder: Path) -> bool:
    if folder.name.lower() in _NO_FOLDERS or folder.name.endswith(".egg-info"):
        return True
    # Another project has files of its own.
    return any((folder / name).exists() for name in ("pyvenv.cfg", "MLproject", "conda-meta"))


def _ignored(folder: Path) -> frozenset[str] | None:
    """Return what Git ignores, None where no repository or no Git is there to say so."""
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return None
    words = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard")
    patterns = [f"*{suffix}" for suffix in SUFFIXES]
    try:
        answer = subprocess.run(
            [*LOOKING, *words, "--", *patterns], cwd=folder, env=looking_environ(),
            capture_output=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0:
        return None
    return frozenset(os.fsdecode(name) for name in answer.stdout.split(b"\0"))
