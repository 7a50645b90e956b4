"""MLflow's rules on the names and lengths of what is recorded, with its own texts.

Source: mlflow.utils.validation of MLflow 3.17.
"""

from __future__ import annotations

import json
import posixpath
import re
from functools import lru_cache
from typing import Any

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Message
from mlrun.tracking.database.session import Session

KEY_LENGTH = 250
PARAMETER_LENGTH = 6000
TAG_LENGTH = 8000
EXPERIMENT_TAG_LENGTH = 20000
EXPERIMENT_NAME_LENGTH = 500
LOCATION_LENGTH = 2048
METRICS_IN_BATCH = 1000
OTHERS_IN_BATCH = 100

_SHORT = 250
"""Characters that every column of every schema holds."""

_NAME = re.compile(r"[/\w.\- :]*")
_CHARACTERS = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), "
    "spaces ( ), colon(:) and slashes (/)."
)


def checked_name(message: Message, kind: str, shown_as: str = "key") -> str:
    """Return the field `key` of a metric, a parameter or a tag.

    Args:
        message: What it is in.
        kind: What MLflow calls it where it is too long: `Metric name`, `Param key`.
        shown_as: What MLflow calls the field in messages: `name` for a metric.

    Raises:
        ApiError: It is missing, too long, or cannot be a name.
    """
    name = message.needed_text("key")
    problem = _problem(name)
    if problem:
        raise invalid_value(f"{message.within}{shown_as}", name, problem)
    if len(name) > KEY_LENGTH:
        raise too_long(kind, KEY_LENGTH)
    return name


def is_name(text: str) -> bool:
    """Return whether a text can be the name of a metric, a parameter or a tag."""
    return len(text) <= KEY_LENGTH and not _problem(text)


@lru_cache(maxsize=4096)
def _problem(name: str) -> str:
    """Return why a text cannot be a name, empty if it can."""
    if _NAME.fullmatch(name) is None:
        return _CHARACTERS
    path = posixpath.normpath(name)
    if path != name or path == "." or path.startswith(("..", "/")):
        return (
            "Names may be treated as files in certain cases, and must not resolve to other "
            f"names when treated as such. This name would resolve to {path!r}"
        )
    return ""


def fitted(session: Session, table: str, value: str, longest: int, kind: str) -> str:
    """Return a value as it is stored: cut where it is longer than MLflow takes.

    Cutting is what MLflow does from 2.22 on, unless told otherwise. Servers of the older
    schemas, whose columns are shorter than that, refuse instead.

    Args:
        session: Where it is stored.
        table: Has it in its column `value`.
        value: As it came.
        longest: Characters that MLflow takes today.
        kind: What MLflow calls it: `Param value`.

    Raises:
        ApiError: The schema's column is too short for it.
    """
    if len(value) <= _SHORT:
        return value
    held = session.length(table, "value")
    if held is not None and held < longest and len(value) > held:
        raise too_long(kind, held)
    return value[:longest]


def invalid_value(path: str, value: Any, problem: str = "") -> ApiError:
    """Return the error for a value that breaks a rule.

    Args:
        path: Of the field: `metrics[3].name`.
        value: As it came.
        problem: A sentence that says why, if more is to be said.
    """
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"))
    ending = f": {problem}" if problem else "."
    return ApiError(INVALID, f"Invalid value {shown} for parameter '{path}' supplied{ending}")


def too_long(kind: str, longest: int) -> ApiError:
    """Return the error for a text with more characters than are taken."""
    return ApiError(INVALID, f"'{kind}' exceeds the maximum length of {longest} characters")


def check_batch(kind: str, count: int, most: int) -> None:
    """Make sure that a batch is not too large.

    Raises:
        ApiError: It is.
    """
    if count > most:
        raise ApiError(
            INVALID,
            f"A batch logging request can contain at most {most} {kind}. Got {count} {kind}. "
            f"Please split up {kind} across multiple requests and try again.",
        )
