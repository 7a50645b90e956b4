"""What MLflow's stores take as parameters and tags, and how other values are made to fit.

Recording must not keep a run from starting: a value that is too long is cut and marked, a
name that no store takes is left out, and each time a warning says so.
Source: mlflow.utils.validation of MLflow 1.30, 2.22 and 3.17.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from mlrun.errors import Problem

PARAMETER_LENGTHS = (6000, 500, 250)
"""Characters of a parameter's value: MLflow 3, servers of MLflow 1.30 to 2.3, older ones."""

TAG_LENGTH = 5000
"""Characters of a tag's value that all versions take; 3.x takes 8000."""

NAME_LENGTH = 250

_NAME = re.compile(r"[/\w.\- :]+")


def is_valid_name(name: str) -> bool:
    """Return whether stores take this as a name: it must work as a relative path."""
    return (
        _NAME.fullmatch(name) is not None
        and len(name) <= NAME_LENGTH
        and posixpath.normpath(name) == name
        and name != "."
        and not name.startswith(("..", "/"))
    )


def fit_parameters(
    parameters: Mapping[str, str], longest: int = PARAMETER_LENGTHS[0]
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Return the parameters as a store takes them, and what had to be changed.

    Args:
        parameters: As given.
        longest: Characters that a value may have.
    """
    return _fit("parameter", parameters, longest)


def fit_tags(tags: Mapping[str, str]) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Return the tags as a store takes them, and what had to be changed."""
    return _fit("tag", tags, TAG_LENGTH)


def _fit(
    kind: str, entries: Mapping[str, str], longest: int
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    fitting: dict[str, str] = {}
    warnings: list[Problem] = []
    for name, text in entries.items():
        if not is_valid_name(name):
            warnings.append(_bad_name(kind, name))
            continue
        value = _clean(text)
        if len(value) > longest:
            warnings.append(_too_long(kind, name, len(value), longest))
            value = _cut(value, longest)
        fitting[name] = value
    return fitting, tuple(warnings)


def _clean(text: str) -> str:
    """Replace what is no text for a database or JSON: undecodable bytes, NUL."""
    if text.isascii() and "\0" not in text:
        return text
    decoded = text.encode("utf-8", "surrogateescape" if _has_only_escapes(text) else "replace")
    return decoded.decode("utf-8", "replace").replace("\0", "\ufffd")


def _has_only_escapes(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" and not "\udc80" <= c <= "\udcff" for c in text)


def _cut(value: str, longest: int) -> str:
    mark = f"... ({len(value)} characters)"
    return value[: longest - len(mark)] + mark


def _bad_name(kind: str, name: str) -> Problem:
    return Problem(
        f"the {kind} {name[:60]!r} is not recorded: MLflow takes no such name",
        hint="letters, digits, spaces and _ - . : / are allowed, in at most 250 characters, "
        "as in a relative path",
    )


def _too_long(kind: str, name: str, length: int, longest: int) -> Problem:
    return Problem(
        f"the {kind} {name!r} is recorded in part: it has {length} characters, "
        f"and MLflow takes {longest}"
    )
