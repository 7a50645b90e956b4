"""Which names are those of archives."""

from __future__ import annotations

_KINDS = {
    ".tar.gz": "tar.gz",
    ".tar.bz2": "tar.bz2",
    ".tar.xz": "tar.xz",
    ".tar.zst": "tar.zst",
    ".zip": "zip",
    ".tar": "tar",
    ".tgz": "tar.gz",
    ".tbz2": "tar.bz2",
    ".txz": "tar.xz",
    ".tzst": "tar.zst",
}


def split_ending(name: str) -> tuple[str, str] | None:
    """Cut an archive's file name into what is before its ending, and its kind.

    Args:
        name: Of the file; the case of its ending makes no difference.

    Returns:
        Name and kind (`zip`, `tar.gz`...); None for another file, or one that is all ending.
    """
    lowered = name.lower()
    for ending, kind in _KINDS.items():
        if lowered.endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)], kind
    return None
