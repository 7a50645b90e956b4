"""Turns comparisons into SQL; every value is bound, none is written into the statement."""

# ruff: noqa: S608 - tables and columns come from this package alone, values are bound

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mlrun.tracking.database.search.filters import Comparison, Value

_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL.

    Attributes:
        sql: With a question mark for each value.
        values: To bind, in order.
    """

    sql: str
    values: tuple[Any, ...] = ()


NEVER = Condition("0")
ALWAYS = Condition("1")


@dataclass(slots=True)
class Query:
    """A statement as it grows: its conditions, joins and order, each with its values."""

    conditions: list[Condition] = field(default_factory=list)
    joins: list[Condition] = field(default_factory=list)
    orders: list[Condition] = field(default_factory=list)

    def statement(self, selection: str, table: str) -> Condition:
        """Return the whole statement; it ends with `LIMIT ? OFFSET ?`, whose values it lacks."""
        where = together(self.conditions)
        joins = "".join(f" {join.sql}" for join in self.joins)
        order = ", ".join(order.sql for order in self.orders)
        values = [value for part in (*self.joins, where, *self.orders) for value in part.values]
        return Condition(
            f"SELECT {selection} FROM {table}{joins} WHERE {where.sql} "
            f"ORDER BY {order} LIMIT ? OFFSET ?",
            tuple(values),
        )


def together(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that all of these hold."""
    members = list(conditions)
    if not members:
        return ALWAYS
    sql = " AND ".join(f"({member.sql})" for member in members)
    return Condition(sql, tuple(value for member in members for value in member.values))


def compare(column: str, operator: str, value: Value) -> Condition:
    """Return the condition that a column stands to a value as an operator says.

    `LIKE` tells upper case from lower case, as on MLflow's own connections, whatever this one
    is set to; `ILIKE` doesn't, for ASCII letters. A column that is NULL never stands so.

    Args:
        column: SQL of it.
        operator: Of a comparison, but not `IS NULL` or `IS NOT NULL`.
        value: A text or a number; texts for `IN` and `NOT IN`.
    """
    if isinstance(value, tuple):
        return Condition(f"{column} {operator} ({', '.join('?' * len(value))})", value)
    if operator == "LIKE":
        return Condition(f"{column} GLOB ?", (str(value).translate(_GLOB),))
    if operator == "ILIKE":
        return Condition(f"lower({column}) LIKE lower(?)", (value,))
    return Condition(f"{column} {operator} ?", (value,))


def compare_entry(
    table: str, owner: str, comparison: Comparison, *, key: str = "key", value: str = "value"
) -> Condition:
    """Return the condition that a thing has an entry (a parameter, a tag) that compares so.

    Args:
        table: Of the entries.
        owner: The condition in SQL that ties an entry to its thing.
        comparison: What is asked of the entry, or whether there is one.
        key: Column of the key.
        value: Column of the value.
    """
    found = f"SELECT 1 FROM {table} WHERE {owner} AND {table}.{key} = ?"
    if comparison.operator == "IS NULL":
        return Condition(f"NOT EXISTS ({found})", (comparison.key,))
    if comparison.operator == "IS NOT NULL":
        return Condition(f"EXISTS ({found})", (comparison.key,))
    asked = compare(f"{table}.{value}", comparison.operator, comparison.value)
    return Condition(f"EXISTS ({found} AND {asked.sql})", (comparison.key, *asked.values))


def within(column: str, numbers: Iterable[int]) -> Condition:
    """Return the condition that a column is one of these integers, however many there are."""
    import json

    return Condition(f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(list(numbers)),))
