"""A project's folder inside what was fetched: its name, and that it does not lead out."""

from __future__ import annotations

import os
from pathlib import Path

from mlrun.errors import SourceError


def with_subfolder(uri: str, subfolder: str) -> str:
    """Return the URI of a folder in what a URI names; an empty one is that itself."""
    return f"{uri}#{subfolder}" if subfolder else uri


def enter(root: Path, subfolder: str, shown: str) -> Path:
    """Return the folder of a project in a checkout.

    Args:
        root: The checkout.
        subfolder: With `/`; empty for the root itself.
        shown: What the checkout is of, for the message.

    Raises:
        SourceError: There is no such folder, with the nearest one; it is a file; or it leads
            out through a symbolic link.
    """
    if not subfolder:
        return root
    path = Path(os.path.normpath(root / subfolder))
    real_root = os.path.realpath(root)
    if os.path.commonpath([real_root, os.path.realpath(path)]) != real_root:
        raise SourceError(f"the subfolder '{subfolder}' of {shown} leads out of it")
    if path.is_dir():
        return path
    if path.exists():
        raise SourceError(
            f"'{subfolder}' of {shown} is a file; a project is a folder",
            hint=f"-e {path.name} runs one script of a folder",
        )
    raise SourceError(f"{shown} has no folder '{subfolder}'", hint=_nearest(root, subfolder))


def _nearest(root: Path, subfolder: str) -> str | None:
    import difflib

    folders = []
    for found, names, _ in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".")]
        folders += [os.path.relpath(Path(found, name), root) for name in names]
    near = difflib.get_close_matches(subfolder, folders, n=1)
    same_name = [f for f in folders if Path(f).name == Path(subfolder).name]
    best = (same_name or near)[:1]
    return f"did you mean '{best[0]}'?" if best else None
