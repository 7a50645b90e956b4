"""Pages of results: a token says how many came before, as MLflow's own does."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Json, Message

_LARGEST = 2**62

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Page:
    """Which results are asked for.

    Attributes:
        offset: How many come before them.
        size: How many there may be at most.
    """

    offset: int
    size: int

    def values(self) -> tuple[int, int]:
        """Return what `LIMIT ? OFFSET ?` takes: one more result says that there is another page."""
        return self.size + 1, self.offset

    def cut(self, results: Sequence[Result]) -> tuple[Sequence[Result], Json]:
        """Return the results of this page, and the fields that tell of the next."""
        if len(results) <= self.size:
            return results, {}
        return results[: self.size], {
            "next_page_token": encode({"offset": self.offset + self.size})
        }


def read_page(message: Message, default: int, largest: int) -> Page:
    """Read `max_results` and `page_token`.

    Args:
        message: The request.
        default: Results when it doesn't say how many.
        largest: Results at most.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: one of them has no such value.
    """
    size = message.integer("max_results", default)
    if size < 1 or size > largest:
        limit = "a positive integer" if size < 1 else f"at most {largest}"
        raise ApiError(
            INVALID,
            f"Invalid value {size} for parameter 'max_results' supplied. It must be {limit}",
        )
    token = message.text("page_token")
    return Page(read_offset(decode(token)) if token else 0, size)


def encode(content: Json) -> str:
    """Return a token that holds this."""
    return base64.b64encode(json.dumps(content).encode()).decode()


def decode(token: str) -> Json:
    """Return what a token holds.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: it is none.
    """
    try:
        content = json.loads(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise ApiError(INVALID, f"Invalid page token: {token[:80]!r}") from None
    if not isinstance(content, dict):
        raise ApiError(INVALID, f"Invalid page token: {token[:80]!r}")
    return content


def read_offset(content: Json) -> int:
    """Return how many results came before a token.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: the token says no such number.
    """
    offset = content.get("offset")
    if isinstance(offset, str) and offset.isascii() and offset.isdigit() and len(offset) < 20:
        offset = int(offset)
    if type(offset) is not int or not 0 < offset < _LARGEST:
        raise ApiError(INVALID, f"Invalid page token, parsed value={str(content)[:80]}")
    return offset
