"""What the model registry takes as names, versions, stages, aliases and tags.

Source of the rules and of their texts: mlflow.utils.validation of MLflow 3.17.
"""

from __future__ import annotations

import posixpath
import re

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Message
from mlrun.tracking.database.rules import invalid_value, too_long

STAGES = ("None", "Staging", "Production", "Archived")
ACTIVE_STAGES = ("Staging", "Production")
ARCHIVED = "Archived"
DELETED = "Deleted_Internal"
"""Stage of a version that was deleted: its number is never given again."""

PROMPT_TAG = "mlflow.prompt.is_prompt"
"""Marks a registered model, and each of its versions, as a prompt."""

_LARGEST = 2**63
_LONGEST_KEY = 250
_LONGEST_VALUE = 100_000
_LONGEST_ALIAS = 255
_TAG_NAME = re.compile(r"[/\w.\- :]*")
_ALIAS = re.compile(r"[\w\-]+")
_VERSION_ALIAS = re.compile(r"[vV]\d+")


def model_name(message: Message, field: str = "name") -> str:
    """Return a registered model's name from a request.

    Raises:
        ApiError: It is absent, or no such name is allowed.
    """
    name = message.needed_text(field)
    if not name.strip():
        raise ApiError(INVALID, f"Missing value for required parameter '{field}'.")
    if "/" in name or ":" in name:
        raise ApiError(INVALID, f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    _check_path("name", name)
    return name


def version_number(message: Message, field: str = "version") -> int:
    """Return a version's number from a request.

    Raises:
        ApiError: It is absent, or no integer.
    """
    return read_version(message.needed_text(field))


def read_version(text: str) -> int:
    """Return a version's number.

    Raises:
        ApiError: It is no integer that a database can hold.
    """
    try:
        number = int(text)
    except ValueError:
        number = _LARGEST
    if abs(number) >= _LARGEST:
        raise ApiError(INVALID, f"Parameter 'version' must be an integer, got '{text[:80]}'.")
    return number


def stage(text: str) -> str:
    """Return a stage as it is stored, whatever its case.

    Raises:
        ApiError: There is none of that name.
    """
    for known in STAGES:
        if known.lower() == text.lower():
            return known
    names = ", ".join(STAGES)
    raise ApiError(INVALID, f"Invalid Model Version stage: {text}. Value must be one of {names}.")


def alias(message: Message) -> str:
    """Return an alias from a request.

    Raises:
        ApiError: It is absent, too long, or has other than letters, digits, `_` and `-`.
    """
    name = message.needed_text("alias")
    if not _ALIAS.fullmatch(name):
        raise ApiError(
            INVALID,
            f"Invalid alias name: '{name}'. Names may only contain alphanumerics, "
            "underscores (_), and dashes (-).",
        )
    _check_length("Registered model alias name", name, _LONGEST_ALIAS)
    return name


def new_alias(message: Message) -> str:
    """Return an alias that a version may be given.

    Raises:
        ApiError: As `alias`, and it is `latest`, or looks like a version (`v1`).
    """
    name = alias(message)
    if name.lower() == "latest":
        raise ApiError(INVALID, "'latest' alias name (case insensitive) is reserved.")
    if _VERSION_ALIAS.fullmatch(name):
        raise ApiError(INVALID, f"Version alias name '{name}' is reserved.")
    return name


def tag(message: Message) -> tuple[str, str]:
    """Return key and value of a tag.

    Raises:
        ApiError: No such key is allowed, or one of them is too long.
    """
    key, value = message.text("key"), message.text("value")
    check_tag_key(key)
    _check_length("key", key, _LONGEST_KEY)
    _check_length("value", value, _LONGEST_VALUE)
    return key, value


def tags(message: Message) -> dict[str, str]:
    """Return the tags of a request; of two with the same key the last one counts.

    Raises:
        ApiError: As `tag`.
    """
    return dict(tag(part) for part in message.messages("tags"))


def check_tag_key(key: str) -> None:
    """Refuse a key that is not allowed.

    Raises:
        ApiError: It is not.
    """
    if not _TAG_NAME.fullmatch(key):
        raise invalid_value(
            "key",
            key,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), "
            "spaces ( ), colon(:) and slashes (/).",
        )
    _check_path("key", key)


def _check_path(field: str, name: str) -> None:
    """Refuse a name that, as a path, would be another one."""
    plain = posixpath.normpath(name)
    if plain == name and name != "." and not name.startswith(("..", "/")):
        return
    raise invalid_value(
        field,
        name,
        "Names may be treated as files in certain cases, and must not resolve to other names when "
        f"treated as such. This name would resolve to {plain!r}",
    )


def _check_length(what: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise too_long(what, longest)
