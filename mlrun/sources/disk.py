"""How the cache meets the disk: what it cannot do is said once, and nothing is half written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlrun.errors import SourceError
from mlrun.folders import MOVE_CACHE


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that names the folder.

    Raises:
        SourceError: In place of an OSError: full, read-only, no permission.
    """
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"the project cannot be kept in {folder}: {error.strerror or error}",
            hint=MOVE_CACHE,
        ) from error


def free_space(folder: Path) -> int:
    """Return how many bytes can still be written into a folder."""
    place = os.statvfs(folder)
    return place.f_bavail * place.f_frsize


def make_private(folder: Path) -> None:
    """Make a folder that only the user may look into, if it is not there."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def write_document(file: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document, whole or not at all."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        temporary.write_text(json.dumps(document) + "\n", encoding="utf-8")
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read_document(file: Path) -> dict[str, Any]:
    """Return a JSON document; an empty one where there is none that can be read."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def discard(folder: Path) -> bool:
    """Remove a folder with all that is in it, as far as that is allowed; return whether it is gone.

    Symbolic links are removed and never followed. Folders that were made read-only (as package
    caches of some languages are) are made writable first. Never raises.
    """
    from shutil import rmtree

    if folder.is_symlink():
        with suppress(OSError):
            folder.unlink()
        return not os.path.lexists(folder)
    rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        _open_up(folder)
        rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)


def _open_up(folder: Path) -> None:
    """Give the user all rights in the folders of a tree, from its top down."""
    left = [os.fspath(folder)]
    while left:
        path = left.pop()
        try:
            os.chmod(path, 0o700)  # noqa: PTH101 - no Path for each of many
            with os.scandir(path) as entries:
                left += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
