"""How the cache meets the disk: what it cannot do is said once, and nothing is half written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlrun.disk import is_for_want_of_room, read_json, write_atomically
from mlrun.errors import SourceError
from mlrun.folders import MAKE_ROOM, MOVE_CACHE


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
            hint=MAKE_ROOM if is_for_want_of_room(error) else MOVE_CACHE,
        ) from error


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
    write_atomically(file, json.dumps(document) + "\n")


def read_document(file: Path) -> dict[str, Any]:
    """Return a JSON document; an empty one where there is none that can be read."""
    document = read_json(file)
    return document if isinstance(document, dict) else {}
