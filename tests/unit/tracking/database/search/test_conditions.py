from __future__ import annotations

import re
import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.database.search.conditions import compare, within

texts = st.text("aAbB%_*?[]^-\\.é\n", max_size=8)


def holds(value: object, operator: str, other: object) -> bool:
    condition = compare("?1", operator, other)  # type: ignore[arg-type]
    statement = f"SELECT {condition.sql}".replace("?1", "(SELECT v FROM t)")
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE TABLE t (v)")
        connection.execute("INSERT INTO t VALUES (?)", (value,))
        return bool(connection.execute(statement, condition.values).fetchone()[0])
    finally:
        connection.close()


def matches(text: str, pattern: str, flags: int) -> bool:
    parts = {"%": ".*", "_": "."}
    regex = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(regex, text, flags | re.DOTALL | re.ASCII) is not None


@given(texts, texts)
def test_like_tells_cases_apart_and_ilike_does_not(text: str, pattern: str) -> None:
    assert holds(text, "LIKE", pattern) == matches(text, pattern, 0)
    assert holds(text, "ILIKE", pattern) == matches(text, pattern, re.IGNORECASE)


@given(texts, st.lists(texts, min_size=1, max_size=4))
def test_lists(text: str, others: list[str]) -> None:
    assert holds(text, "IN", tuple(others)) == (text in others)
    assert holds(text, "NOT IN", tuple(others)) == (text not in others)


@given(st.integers(0, 9), st.lists(st.integers(0, 9)))
def test_within(number: int, numbers: list[int]) -> None:
    condition = within(str(number), numbers)
    connection = sqlite3.connect(":memory:")
    (found,) = connection.execute(f"SELECT {condition.sql}", condition.values).fetchone()
    connection.close()
    assert bool(found) == (number in numbers)


def test_values_are_bound() -> None:
    assert "DROP" not in compare("v", "=", "'; DROP TABLE runs --").sql
