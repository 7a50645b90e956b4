"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

_SHORTEST = 3
"""Letters of a shortened name that may tell which file is meant."""

_MOST_NAMES = 10_000
"""Names of a folder that are looked through."""


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
    near = near_miss(missing.name, names)
    if near is not None:
        return near
    # `env.yml` for `environment.yml`.
    stem = missing.stem.lower()
    longer = [n for n in names if Path(n).suffix == missing.suffix and n.lower().startswith(stem)]
    return longer[0] if len(longer) == 1 and len(stem) >= _SHORTEST else None


def nearest_path(missing: Path) -> Path | None:
    """Return the file or folder that is probably meant by a path that is not there.

    One of the path's names may be misspelt.

    Args:
        missing: An absolute path.
    """
    rest = Path()
    while not missing.parent.is_dir():
        if missing.parent == missing:
            return None
        rest, missing = missing.name / rest, missing.parent
    try:
        names = [path.name for path in islice(missing.parent.iterdir(), _MOST_NAMES)]
    except OSError:
        return None
    near = near_miss(missing.name, names)
    meant = missing.parent / near / rest if near is not None else None
    return meant if meant is not None and meant.exists() else None
