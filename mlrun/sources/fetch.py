"""Where a project comes from: each kind of source recognises a URI or declines."""

from __future__ import annotations

import re
from pathlib import Path

from mlrun.errors import NotSupportedError, SourceError
from mlrun.execution.redact import mask_url
from mlrun.sources import local
from mlrun.sources.base import Checkout

_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*://|(?:[\w.-]+@)?[\w.-]+:(?!\\)).+", re.IGNORECASE)
_GIT_SCHEMES = ("http", "https", "ssh", "git", "git+ssh", "git+https", "git+http")


def fetch(uri: str, version: str | None, cwd: Path) -> Checkout:
    """Bring a project to a folder on this machine.

    Args:
        uri: A folder or a `file://` URI, with an optional `#subfolder`.
        version: Branch, tag or commit.
        cwd: What a relative folder is relative to.

    Raises:
        SourceError: There is no such folder, or it cannot be read.
        NotSupportedError: A source that mlrun knows of, and cannot fetch yet.
    """
    if not uri.strip("'\" "):
        raise SourceError("no project is named", hint="`.` is the folder that you stand in")
    # Like MLflow, it takes quotation marks that came with the URI for no part of it.
    whole = uri if local.recognise(uri, cwd) is not None else uri.strip("'\"")
    folder = local.recognise(whole, cwd)
    if folder is not None and not whole.startswith("file://"):
        return local.fetch(folder, "", version)
    place, _, subfolder = whole.partition("#")
    _require_inside(subfolder)
    folder = local.recognise(place, cwd)
    if folder is not None:
        return local.fetch(folder, subfolder, version)
    if _REMOTE.fullmatch(place):
        raise NotSupportedError(
            f"'{mask_url(place)}' is {_kind(place)}, and projects from there are not supported yet",
            hint="bring it to this machine (clone, unpack, copy), and run its folder",
        )
    raise SourceError(f"there is no folder '{cwd / place}'", hint=_nearest_folder(cwd / place))


def _kind(place: str) -> str:
    if place.endswith(".zip"):
        return "an archive"
    scheme, separator, _ = place.partition("://")
    is_git = not separator or scheme.lower() in _GIT_SCHEMES
    return "a Git repository" if is_git else f"of the kind {scheme}://"


def _require_inside(subfolder: str) -> None:
    if subfolder.startswith("/") or ".." in Path(subfolder).parts:
        raise SourceError(f"the subfolder '{subfolder}' does not lie inside the project")


def _nearest_folder(missing: Path) -> str | None:
    import difflib

    try:
        names = [entry.name for entry in missing.parent.iterdir() if entry.is_dir()]
    except OSError:
        return None
    near = difflib.get_close_matches(missing.name, names, n=1)
    return f"did you mean '{missing.parent / near[0]}'?" if near else None
