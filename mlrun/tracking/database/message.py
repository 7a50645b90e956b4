"""The fields of a request of MLflow's REST API, read as the types that they must have.

Clients differ: numbers come as numbers or as text (1.20 sends time stamps and steps as text),
a list with one member in a query comes as that member alone, an absent field as null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mlrun.tracking.database.api_error import INVALID, ApiError

Json = dict[str, Any]

_LARGEST = 2**63


class Message:
    """One request, or a part of one.

    Args:
        fields: From the JSON body, the query and the path.
        within: Where the part stands, for messages of errors: `metrics[3].`.
    """

    __slots__ = ("fields", "within")

    def __init__(self, fields: Mapping[str, Any], within: str = "") -> None:
        self.fields = fields
        self.within = within

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Return a text; `default` if the field is absent.

        Raises:
            ApiError: It is no text.
        """
        value = self.fields.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            if not value.isascii() and not _is_writable(value):
                raise self.invalid(name, "a text")
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        raise self.invalid(name, "a text")

    def needed_text(self, name: str) -> str:
        """Return a text that must be there, and not empty.

        Raises:
            ApiError: It is absent, empty, or no text.
        """
        value = self.text(name)
        if not value:
            raise missing(f"{self.within}{name}")
        return value

    def integer(self, name: str, default: int = 0) -> int:
        """Return an integer of 64 bits; `default` if the field is absent.

        Raises:
            ApiError: It is none.
        """
        value = self.fields.get(name)
        if value is None or value == "":
            return default
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            raise self.invalid(name, "an integer") from None
        is_whole = not isinstance(value, bool) and not (isinstance(value, float) and value % 1)
        if not is_whole or not -_LARGEST <= number < _LARGEST:
            raise self.invalid(name, "an integer of 64 bits")
        return number

    def number(self, name: str) -> float:
        """Return a number that must be there: a JSON number, or `NaN`, `Infinity` as text.

        Raises:
            ApiError: It is none.
        """
        value = self.fields.get(name)
        if isinstance(value, bool) or value is None:
            raise self.invalid(name, "a number")
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
        except (TypeError, ValueError):
            raise self.invalid(name, "a number") from None

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a truth value; `default` if the field is absent.

        Raises:
            ApiError: It is none.
        """
        value = self.fields.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise self.invalid(name, "true or false")

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; a single text counts as a list of it.

        Raises:
            ApiError: It is none.
        """
        members = self._members(name)
        if not all(isinstance(member, (str, int)) for member in members):
            raise self.invalid(name, "a list of texts")
        return [str(member) for member in members]

    def messages(self, name: str) -> list[Message]:
        """Return a list of parts.

        Raises:
            ApiError: It is none.
        """
        members = self._members(name)
        if not all(isinstance(member, dict) for member in members):
            raise self.invalid(name, "a list of objects")
        return [Message(m, f"{self.within}{name}[{i}].") for i, m in enumerate(members)]

    def message(self, name: str) -> Message:
        """Return a part; an empty one if it is absent.

        Raises:
            ApiError: It is no object.
        """
        value = self.fields.get(name)
        if value is None:
            return Message({}, f"{self.within}{name}.")
        if not isinstance(value, dict):
            raise self.invalid(name, "an object")
        return Message(value, f"{self.within}{name}.")

    def invalid(self, name: str, wanted: str) -> ApiError:
        """Return the error that says that a field is not what it must be."""
        value = str(self.fields.get(name))[:80]
        return ApiError(
            INVALID,
            f"Invalid value {value!r} for parameter '{self.within}{name}' supplied: "
            f"it must be {wanted}.",
        )

    def _members(self, name: str) -> list[Any]:
        value = self.fields.get(name)
        if value is None:
            return []
        return list(value) if isinstance(value, (list, tuple)) else [value]


def _is_writable(text: str) -> bool:
    """Return whether a text has no half of a character, which JSON can hold and a file cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def missing(name: str) -> ApiError:
    """Return the error that says that a field must be there."""
    return ApiError(
        INVALID,
        f"Missing value for required parameter '{name}'. "
        "See the API docs for more information about request parameters.",
    )
