"""What a git that was killed leaves in a repository: locks, and parts of objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_LOCKS = ("*.lock", "refs/**/*.lock")
_PARTS = (
    *("objects/pack/tmp_*", "objects/pack/.tmp-*"),
    *("objects/tmp_obj_*", "objects/??/tmp_obj_*"),
)


def parts_left(repository: Path) -> Iterator[Path]:
    """Yield the parts of objects in a bare repository: what is there while git writes some."""
    for pattern in _PARTS:
        yield from repository.glob(pattern)


def clear_cut_off(repository: Path) -> None:
    """Remove what a killed git has left in a bare repository. Never raises.

    Only for the one who has the mirror's lock.
    """
    locks = (file for pattern in _LOCKS for file in repository.glob(pattern))
    for file in (*locks, *parts_left(repository)):
        with suppress(OSError):
            file.unlink()
