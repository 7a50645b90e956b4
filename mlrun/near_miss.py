"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def near_miss(name: str, known: Iterable[str], cutoff: float = 0.75) -> str | None:
    """Return the known name that is most like `name`, None where none is.

    Letter case, and hyphens in place of underscores, make no difference.

    Args:
        name: What was written.
        known: What could have been meant.
        cutoff: How alike the two must be, from 0 to 1.
    """
    import difflib

    by_plain = {_plain(candidate): candidate for candidate in known}
    found = difflib.get_close_matches(_plain(name), by_plain, n=1, cutoff=cutoff)
    return by_plain[found[0]] if found else None


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").strip()


def nearest_file(missing: Path) -> str | None:
    """Return the name of the file that is probably meant by one that is not there."""
    try:
        names = [path.name for path in missing.parent.iterdir() if path.is_file()]
    except OSError:
        return None
    return near_miss(missing.name, names)
