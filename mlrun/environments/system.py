"""The environment that the user stands in, untouched.

`python` in a command is the first one on the user's PATH. The one exception: where mlrun was
installed or started as a tool (`uv tool`, `uvx`, `pipx`) and that put the tool's own folder on
PATH, the folder is taken off again, for its `python` is mlrun's and not the user's. A virtual
environment that the user made and activated is the user's, also with mlrun in it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report

_TOOL_RECEIPTS = ("uv-receipt.toml", "pipx_metadata.json")
_UVX_FOLDERS = ("archive-v", "environments-v")


class SystemEnvironment:
    """The system's own environment."""

    manager = "local"

    def digest(self) -> str | None:
        """Return None: nothing says what is in it."""
        return None

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Return what makes the command see the user's PATH."""
        del report
        path = user_path(os.environ, sys.prefix, sys.base_prefix)
        return PreparedEnvironment(variables={} if path is None else {"PATH": path})


def users_environ(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables with the PATH of the user, on which `python` is not mlrun's."""
    path = user_path(environ, sys.prefix, sys.base_prefix)
    return environ if path is None else {**environ, "PATH": path}


def user_path(environ: Mapping[str, str], prefix: str, base_prefix: str) -> str | None:
    """Return PATH without mlrun's own folder, None where it can stay as it is.

    Args:
        environ: The user's environment variables.
        prefix: Where mlrun's interpreter finds its packages (`sys.prefix`).
        base_prefix: The same for the interpreter that a virtual environment was made with.
    """
    path = environ.get("PATH")
    if not path or prefix == base_prefix or not is_tool_environment(Path(prefix)):
        return None
    own = Path(prefix, "Scripts" if os.name == "nt" else "bin").resolve()
    folders = path.split(os.pathsep)
    kept = [folder for folder in folders if not folder or Path(folder).resolve() != own]
    return os.pathsep.join(kept) if len(kept) < len(folders) else None


def is_tool_environment(prefix: Path) -> bool:
    """Return whether a virtual environment was made for a tool, not for the user's work.

    `uv tool install` and pipx leave a receipt in it; `uvx` keeps it in uv's cache, two levels
    under the folder with the tag by which caches are known.
    """
    if any((prefix / name).exists() for name in _TOOL_RECEIPTS):
        return True
    place = prefix.resolve().parent
    return place.name.startswith(_UVX_FOLDERS) and (place.parent / "CACHEDIR.TAG").exists()
