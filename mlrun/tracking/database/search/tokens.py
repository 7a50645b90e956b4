"""Cuts the text of a filter or of an order into tokens.

The rules for quotes, names and numbers are those of MLflow's own reader, which takes a filter
for a piece of SQL. Nothing inside quotes is unescaped: a value ends at the last quote that
leaves the text readable, and a doubled quote or one after a backslash stays as it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlrun.tracking.database.api_error import INVALID, ApiError

WORD = "word"
NUMBER = "number"
QUOTED = "quoted"
OPERATOR = "operator"
MARK = "mark"

_PATTERN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<quoted>'(?:''|\\'|[^'])*' | "(?:""|\\"|[^"])*" | `(?:``|[^`])*`)
    | (?P<afterdot>(?<=\.)\w[\w$\#]*)
    | (?P<number>[-+]?(?:\d+(?:\.\d*)?|(?<![\w'\"`])\.\d+)(?:[eE][-+]?\d+)?(?!\w))
    | (?P<word>\w[\w$\#]*)
    | (?P<operator>[<>=~!]+)
    | (?P<mark>[().,*])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text.

    Attributes:
        kind: `word`, `number`, `quoted`, `operator` or `mark` (one of `().,*`).
        text: As it is written, with its quotes.
        start: Where it begins in the text, from 0.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.start + len(self.text)

    @property
    def content(self) -> str:
        """The text without the quotes around it."""
        return self.text[1:-1] if self.kind == QUOTED else self.text

    def says(self, *words: str) -> bool:
        """Return whether it is one of these words, in whatever case."""
        return self.kind == WORD and self.text.upper() in words


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a text, without the white space between them.

    Raises:
        ApiError: A quote is not closed, or a character has no meaning here.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        found = _PATTERN.match(text, position)
        if found is None:
            raise _unreadable(text, position)
        kind = found.lastgroup or ""
        if kind != "space":
            kind = WORD if kind == "afterdot" else kind
            tokens.append(Token(kind, found.group(), position))
        position = found.end()
    return tokens


def refusal(text: str, position: int, problem: str) -> ApiError:
    """Return the error that says what is wrong, and where.

    Args:
        text: The whole filter or order.
        position: Where in it, from 0.
        problem: A sentence without a full stop.
    """
    excerpt = text[max(0, position - 30) : position + 30]
    before = "..." if position > 30 else ""
    after = "..." if position + 30 < len(text) else ""
    return ApiError(
        INVALID, f"{problem} (at character {position + 1} of {before + excerpt + after!r})"
    )


def check_readable(text: str) -> None:
    """Refuse a text that no database can hold.

    Raises:
        ApiError: It has half a surrogate pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise refusal(
            text.encode(errors="replace").decode(),
            error.start,
            "Invalid clause(s) in filter string: half of a surrogate pair",
        ) from None


def _unreadable(text: str, position: int) -> ApiError:
    character = text[position]
    if character in "'\"`":
        problem = f"Invalid clause(s) in filter string: the quote {character} is not closed"
    else:
        problem = (
            f"Invalid clause(s) in filter string: '{character}' has no meaning here; "
            "a key that has it stands in quotes, such as metrics.`a-b`"
        )
    return refusal(text, position, problem)
