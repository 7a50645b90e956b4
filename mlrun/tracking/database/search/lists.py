"""Reads a list of quoted texts, `('a', "b")`: MLflow takes it for a tuple of Python's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlrun.tracking.database.search.tokens import QUOTED, Token, refusal

_LONGEST = 10_000
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4})"
    r"|([0-7]{1,3})|([\\'\"abfnrtv]))"
)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def read_list(text: str, tokens: Sequence[Token], index: int) -> tuple[tuple[str, ...], int]:
    """Read the list that begins at a token, and return it with the index of what follows.

    Args:
        text: The whole filter, for messages.
        tokens: Of that text.
        index: Of the opening parenthesis.

    Raises:
        ApiError: It is empty, not closed, or has something else than quoted texts.
    """
    values: list[str] = []
    opening = tokens[index]
    index += 1
    while index < len(tokens) and tokens[index].text != ")":
        values.append(_member(text, tokens[index]))
        index += 1
        if index < len(tokens) and tokens[index].text == ",":
            index += 1
        elif index < len(tokens) and tokens[index].text != ")":
            raise refusal(text, tokens[index].start, "Expected a comma in a list of values")
    if index == len(tokens):
        raise refusal(text, opening.start, "While parsing a list in the query: it is not closed")
    if not values or len(values) > _LONGEST:
        raise refusal(
            text,
            opening.start,
            f"While parsing a list in the query, expected 1 to {_LONGEST} quoted values, "
            f"got {len(values)}",
        )
    return tuple(values), index + 1


def _member(text: str, token: Token) -> str:
    if token.kind != QUOTED or token.text[0] == "`":
        raise refusal(
            text,
            token.start,
            "While parsing a list in the query, expected a quoted string value, "
            f"got '{token.text}'",
        )
    return _ESCAPE.sub(_unescaped, token.content)


def _unescaped(found: re.Match[str]) -> str:
    pair, four, eight, octal, letter = found.groups()
    if letter is not None:
        return _LETTERS.get(letter, letter)
    return chr(int(octal, 8) if octal is not None else int(pair or four or eight, 16))
