"""Reads MLflow's filters: comparisons, all of which must hold."""

from __future__ import annotations

from dataclasses import dataclass

from mlrun.tracking.database.search.lists import read_list
from mlrun.tracking.database.search.names import Name, read_name
from mlrun.tracking.database.search.tokens import (
    NUMBER,
    OPERATOR,
    QUOTED,
    WORD,
    Token,
    check_readable,
    refusal,
    tokenize,
)
from mlrun.tracking.database.search.vocabulary import (
    LIST_OPERATORS,
    NULL_OPERATORS,
    Vocabulary,
)

Value = str | int | float | tuple[str | int, ...] | None

_LONGEST_INTEGER = 18  # digits that surely fit into 64 bits


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition of a filter.

    Attributes:
        entity: `metric`, `parameter`, `tag`, `attribute` or `dataset`.
        key: Its key; an attribute's by its proper name, not by an alias.
        operator: In upper case, such as `=`, `LIKE`, `NOT IN` or `IS NULL`.
        value: A text or a number; texts after `IN`; None after `IS NULL`.
        position: Where it begins in the filter, from 0.
    """

    entity: str
    key: str
    operator: str
    value: Value
    position: int


def parse_filter(text: str, vocabulary: Vocabulary) -> tuple[Comparison, ...]:
    """Read a filter.

    As in MLflow, `AND` may be written in any case, be left out, or stand at either end.

    Args:
        text: Such as `metrics.loss < 0.1 AND tags."my key" LIKE 'a%'`; empty for no condition.
        vocabulary: What it may speak of.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: it cannot be read; the message says where.
    """
    check_readable(text)
    return _Parser(text, vocabulary).comparisons()


class _Parser:
    """Reads the tokens of one filter from left to right."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._text = text
        self._vocabulary = vocabulary
        self._tokens = tokenize(text)
        self._next = 0

    def comparisons(self) -> tuple[Comparison, ...]:
        found = []
        while (token := self._peek()) is not None:
            if token.says("AND"):
                self._next += 1
            else:
                found.append(self._comparison(token))
        return tuple(found)

    def _comparison(self, first: Token) -> Comparison:
        self._refuse_no_name(first)
        name, self._next = read_name(self._text, self._tokens, self._next, self._vocabulary)
        operator = self._operator(name)
        value = None if operator in NULL_OPERATORS else self._value(name, operator)
        return Comparison(name.entity, name.key, operator, value, first.start)

    def _refuse_no_name(self, token: Token) -> None:
        if token.says("OR", "NOT") or token.text == "(":
            raise self._refusal(
                token,
                f"Invalid clause(s) in filter string: '{token.text}'. "
                "Comparisons are joined with AND, without parentheses around them",
            )
        is_value = token.kind == QUOTED and token.text[0] == "'"
        if token.kind not in (WORD, QUOTED) or is_value:
            raise self._refusal(
                token, f"Invalid comparison clause. Expected 'Identifier' found '{token.text}'"
            )

    def _operator(self, name: Name) -> str:
        allowed = self._vocabulary.operators(name.entity, name.key)
        token = self._peek()
        operator = self._read_operator()
        if operator in allowed:
            return operator
        if token is None or not operator:
            found = "the end" if token is None else f"'{token.text}'"
            raise self._refusal(
                token, f"Invalid comparison clause. Expected comparison found {found}"
            )
        if operator in NULL_OPERATORS:
            problem = f"{operator} is not supported for {name.entity} '{name.key}'"
        elif operator in LIST_OPERATORS:
            problem = f"{name.entity} '{name.key}' cannot be compared with a list of values"
        else:
            problem = f"Invalid comparator '{operator}'"
        raise self._refusal(token, f"{problem}, not one of {list(allowed)}")

    def _read_operator(self) -> str:
        """Return the next operator in upper case, and step over it; empty if there is none."""
        for words in (
            ("IS", "NOT", "NULL"),
            ("IS", "NULL"),
            ("NOT", "IN"),
            ("NOT", "LIKE"),
            ("NOT", "ILIKE"),
            ("IN",),
            ("LIKE",),
            ("ILIKE",),
            ("RLIKE",),
        ):
            ahead = self._tokens[self._next : self._next + len(words)]
            pairs = zip(ahead, words, strict=False)
            if len(ahead) == len(words) and all(token.says(word) for token, word in pairs):
                self._next += len(words)
                return " ".join(words)
        token = self._peek()
        if token is None or token.kind != OPERATOR:
            return ""
        self._next += 1
        return token.text

    def _value(self, name: Name, operator: str) -> Value:
        token = self._peek()
        numeric = self._vocabulary.is_numeric(name.entity, name.key)
        if token is not None and token.text == "(" and not numeric:
            texts, self._next = read_list(self._text, self._tokens, self._next)
            if operator not in LIST_OPERATORS:
                raise self._refusal(token, f"'{operator}' takes one value, not a list")
            return texts
        if operator in LIST_OPERATORS:
            raise self._refusal(token, f"{operator} takes a list such as ('a', 'b')")
        self._next += 1
        return self._number(token, name) if numeric else self._quoted(token, name)

    def _number(self, token: Token | None, name: Name) -> int | float:
        text = token.text if token is not None else ""
        is_number = token is not None and token.kind == NUMBER
        if token is not None and self._vocabulary.quoted_numbers and text[0] in "'\"":
            text = token.content
            is_number = text.isascii() and text.isdigit()
        if not is_number:
            raise self._refusal(
                token,
                f"Expected numeric value type for {name.entity} '{name.key}'. "
                f"Found {text or 'nothing'}",
            )
        is_whole = text.lstrip("+-").isdigit() and len(text) <= _LONGEST_INTEGER
        return int(text) if is_whole else float(text)

    def _quoted(self, token: Token | None, name: Name) -> str:
        if token is not None and token.kind == QUOTED and token.text[0] != "`":
            return token.content
        if token is not None and token.kind == NUMBER and self._vocabulary.bare_texts:
            return token.text
        raise self._refusal(
            token,
            f"Expected a quoted string value for {name.entity} '{name.key}' "
            f"(e.g. 'my-value'). Got value {token.text if token else 'nothing'}",
        )

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _refusal(self, token: Token | None, problem: str) -> Exception:
        return refusal(self._text, token.start if token else len(self._text), problem)
