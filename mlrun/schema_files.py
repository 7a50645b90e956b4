"""The JSON Schemas that mlrun ships: of the files that people write, and of what it prints.

In an installed mlrun they lie in its package, in a working copy beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlrun.errors import UsageError

SUFFIX = ".schema.json"
URN = "urn:mlrun:schema:"
"""Followed by a schema's name, its `$id`."""

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


def schema_names() -> tuple[str, ...]:
    """Return the names of all schemas, sorted: `conda`, `mlproject`, `plan`..."""
    found = _folder().glob(f"*{SUFFIX}")
    return tuple(sorted(file.name.removesuffix(SUFFIX) for file in found))


def schema_file(name: str) -> Path:
    """Return the absolute path of a schema's file.

    Args:
        name: Of the schema; letter case does not matter, so that `MLproject` is one.

    Raises:
        UsageError: There is no such schema.
    """
    known = schema_names()
    plain = name.lower()
    if plain not in known:
        raise UsageError(f"there is no schema '{name}'", hint=_hint(plain, known))
    return _folder() / f"{plain}{SUFFIX}"


def read_schema(name: str) -> dict[str, Any]:
    """Return a schema.

    Raises:
        UsageError: There is no such schema.
    """
    content: dict[str, Any] = json.loads(schema_file(name).read_text(encoding="utf-8"))
    return content


def choices() -> str:
    """Return which schemas there are, as a hint."""
    return f"choose one: {', '.join(schema_names())}"


def _folder() -> Path:
    """Return the folder that has them; the package's where none has, so that a message names it."""
    for folder in _FOLDERS:
        if (folder / f"mlproject{SUFFIX}").is_file():
            return folder
    return _FOLDERS[0]


def _hint(name: str, known: tuple[str, ...]) -> str:
    from mlrun.near_miss import near_miss

    # `python_env.yaml` and `mlproject.schema.json` name one too.
    stem = name.partition(".")[0]
    near = stem if stem in known else near_miss(stem, known, 0.6)
    return f"did you mean '{near}'?" if near else choices()
