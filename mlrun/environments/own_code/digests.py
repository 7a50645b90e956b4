"""Hashes of folders that are required as packages: cheap, for every run with one needs them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from mlrun.disk import content_of, names_in
from mlrun.environments.fingerprint import digest_of
from mlrun.environments.python.requirements import LocalProject
from mlrun.hashing import sha256

_PACKAGING = ("pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in")


def key_on_top(key: str, attempt: str, projects: Iterable[LocalProject]) -> str:
    """Return the key of an environment that sees folders' code, on top of a shared one.

    Args:
        key: Of the shared one.
        attempt: In which it was built: what lies on it goes with it.
        projects: The folders.
    """
    digests = [[packaging_digest(project), structure_digest(project)] for project in projects]
    return digest_of([key, attempt, digests])[:20]


def packaging_digest(project: LocalProject) -> str:
    """Return a hash of all that says how a folder is packaged; its code is not in it."""
    digest = sha256(project.extras.encode())
    names = names_in(project.folder)
    for name in names:
        if name in _PACKAGING or re.fullmatch(r"requirements.*\.(txt|in)", name):
            digest.update(f"\0{name}\0".encode())
            digest.update(content_of(project.folder / name))
    return digest.hexdigest()


def structure_digest(project: LocalProject) -> str:
    """Return a hash of where a folder lies and of the names that can be imported from it."""
    digest = sha256(os.fsencode(project.folder))
    for folder in (project.folder, project.folder / "src"):
        names = [n for n in names_in(folder) if n.endswith(".py") or _is_package(folder / n)]
        digest.update("\0".join(names).encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").is_file()
