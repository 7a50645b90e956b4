"""Where artifacts go: below an experiment's location."""

from __future__ import annotations

import os
import re

from mlrun.tracking.database.api_error import INVALID, ApiError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def below(location: str, *parts: str) -> str:
    """Return the URI of something below a location, before a query in that.

    Args:
        location: An absolute path, taken as it is, or a URI.
        parts: To add, without slashes around them.
    """
    added = "/".join(parts)
    if _SCHEME.match(location) is None:
        return f"{location.rstrip('/')}/{added}"
    path, query, rest = location.partition("?")
    return f"{path.rstrip('/')}/{added}{query}{rest}"


def checked_location(location: str, longest: int) -> str:
    """Return the location that a client gave for an experiment, a relative path made absolute.

    Args:
        location: Not empty.
        longest: Characters that are taken.

    Raises:
        ApiError: MLflow takes no such location.
    """
    if location.startswith("runs:"):
        raise ApiError(INVALID, f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    scheme = _SCHEME.match(location)
    path, _, query = location.partition("?")
    if scheme and ("#" in location or ";" in path):
        raise ApiError(INVALID, "'artifact_location' URL can't include fragments or params.")
    if ".." in query:
        raise ApiError(INVALID, "Invalid query string")
    if len(location) > longest:
        raise ApiError(
            INVALID, f"'artifact_location' exceeds the maximum length of {longest} characters"
        )
    return location if scheme else os.path.abspath(location)
