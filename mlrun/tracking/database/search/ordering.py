"""Reads what results are ordered by: `metrics.loss DESC`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.search.names import read_name
from mlrun.tracking.database.search.tokens import QUOTED, WORD, check_readable, refusal, tokenize
from mlrun.tracking.database.search.vocabulary import DATASET, Vocabulary


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to order by.

    Attributes:
        entity: `metric`, `parameter`, `tag` or `attribute`.
        key: Its key; an attribute's by its proper name, not by an alias.
        ascending: Smallest first.
    """

    entity: str
    key: str
    ascending: bool = True

    @property
    def direction(self) -> str:
        """The word in SQL."""
        return "ASC" if self.ascending else "DESC"


def parse_orders(texts: Iterable[str], vocabulary: Vocabulary) -> tuple[Order, ...]:
    """Read the members of `order_by`.

    Args:
        texts: Each one name, followed or not by `ASC` or `DESC` in any case.
        vocabulary: What may be named.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: one cannot be read, or two name the same.
    """
    orders: list[Order] = []
    for text in texts:
        order = parse_order(text, vocabulary)
        if any((order.entity, order.key) == (other.entity, other.key) for other in orders):
            raise ApiError(INVALID, f"`order_by` contains duplicate fields: {text!r}")
        orders.append(order)
    return tuple(orders)


def parse_order(text: str, vocabulary: Vocabulary) -> Order:
    """Read one member of `order_by`.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: it cannot be read.
    """
    check_readable(text)
    tokens = tokenize(text)
    if not tokens or tokens[0].kind not in (WORD, QUOTED):
        raise refusal(text, 0, f"Invalid order_by clause '{text}'. Could not be parsed")
    name, index = read_name(text, tokens, 0, vocabulary)
    if name.entity == DATASET:
        raise refusal(text, 0, f"Invalid order_by entity: {name.entity}")
    rest = tokens[index:]
    if not rest:
        return Order(name.entity, name.key)
    if len(rest) > 1 or not rest[0].says("ASC", "DESC"):
        raise refusal(
            text,
            rest[0].start,
            f"Invalid ordering key in order_by clause '{text}'. Expected ASC or DESC",
        )
    return Order(name.entity, name.key, rest[0].says("ASC"))
