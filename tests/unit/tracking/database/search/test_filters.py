from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.search.filters import Comparison, parse_filter
from mlrun.tracking.database.search.ordering import Order, parse_order
from mlrun.tracking.database.search.vocabulary import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    RUNS,
    TRACES,
    Vocabulary,
)

VOCABULARIES = [RUNS, EXPERIMENTS, MODEL_VERSIONS, LOGGED_MODELS, TRACES]
WORDS = "metrics params tags attributes status run_id start_time LIKE IN NOT IS NULL AND OR DESC"
MARKS = ". ' \" ` ( ) , = != < \\ ; -- 1 -2.5 1e3 'a' \"b\" `c` \u00e9 \ud800 \x00"
PIECES = st.sampled_from([*WORDS.split(" "), *MARKS.split(" ")])


def quoted(text: str, quotes: str) -> str | None:
    """Return the text in the first of the quotes that it doesn't have."""
    free = [quote for quote in quotes if quote not in text and not text.endswith("\\")]
    return f"{free[0]}{text}{free[0]}" if free else None


plain = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.sampled_from(["params", "tags"]), plain, plain, st.sampled_from(["=", "!=", "like"]))
def test_a_key_and_a_value_that_can_be_quoted_come_through(
    entity: str, key: str, value: str, operator: str
) -> None:
    shown_key, shown_value = quoted(key, '`"'), quoted(value, "'\"")
    if shown_key is None or shown_value is None:
        return
    text = f"{entity}.{shown_key} {operator} {shown_value}"
    (found,) = parse_filter(text, RUNS)
    assert (found.key, found.operator, found.value) == (key, operator.upper(), value)
    assert found.entity == {"params": "parameter", "tags": "tag"}[entity]


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["<", ">=", "="]))
def test_numbers_come_through(number: float, operator: str) -> None:
    (found,) = parse_filter(f"metrics.m {operator} {number!r}", RUNS)
    assert found.value == number


@given(st.lists(plain.filter(lambda text: "'" not in text and text[-1:] != "\\"), min_size=1))
def test_lists_come_through(values: list[str]) -> None:
    shown = ", ".join("'" + value.replace("\\", "\\\\") + "'" for value in values)
    (found,) = parse_filter(f"run_id IN ({shown})", RUNS)
    assert found.value == tuple(values)


@given(st.lists(PIECES).map(" ".join) | st.lists(PIECES).map("".join) | st.text())
def test_garbage_is_refused_and_nothing_worse(text: str) -> None:
    refused: list[ApiError] = []
    for vocabulary in VOCABULARIES:
        for read in (parse_filter, parse_order):
            try:
                read(text, vocabulary)
            except ApiError as error:
                refused.append(error)
    assert {one.code for one in refused} <= {"INVALID_PARAMETER_VALUE"}
    for one in refused:
        one.message.encode()


@given(st.lists(st.sampled_from(["metrics.a < 1", "tags.b = 'c'", "status IN ('x')"]), max_size=5))
def test_comparisons_are_joined_by_and_in_any_case(parts: list[str]) -> None:
    allowed = [part for part in parts if not part.startswith("status")]
    found = parse_filter(" And ".join(allowed), RUNS)
    assert len(found) == len(allowed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.a.b > 1", ("metric", "a.b", ">", 1, 0)),
        ("  attr.created <= 5", ("attribute", "start_time", "<=", 5, 2)),
        ("`run name` = 'x'", ("attribute", "run_name", "=", "x", 0)),
        ("params.x is not null", ("parameter", "x", "IS NOT NULL", None, 0)),
        ("dataset.name not in ('a', \"b\",)", ("dataset", "name", "NOT IN", ("a", "b"), 0)),
        ("params.x = 'a''b'", ("parameter", "x", "=", "a''b", 0)),
        ("params.x = 'a\\'b'", ("parameter", "x", "=", "a\\'b", 0)),
        ("run_id in ('a\\'\\x41\\n')", ("attribute", "run_id", "IN", ("a'A\n",), 0)),
    ],
)
def test_reads(text: str, expected: tuple[object, ...]) -> None:
    (found,) = parse_filter(text, RUNS)
    assert found == Comparison(*expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "vocabulary", "said", "position"),
    [
        ("status = 'a' OR status = 'b'", RUNS, "joined with AND", 14),
        ("statu = 'a'", RUNS, "Did you mean 'status'", 1),
        ("metrics.a-b > 1", RUNS, "stands in quotes", 10),
        ("params.x = 5", RUNS, "Expected a quoted string value", 12),
        ("metrics.x > 'a'", RUNS, "Expected numeric value type", 13),
        ("metrics.x", RUNS, "found the end", 10),
        ("params.x = 'a", RUNS, "the quote ' is not closed", 12),
        ("metrics.x = 1", EXPERIMENTS, "Invalid entity type 'metrics'", 1),
        ("status IN ('a')", RUNS, "cannot be compared with a list", 8),
        ("run_id IN ('a', b)", RUNS, "expected a quoted string value", 17),
    ],
)
def test_says_what_is_wrong_and_where(
    text: str, vocabulary: Vocabulary, said: str, position: int
) -> None:
    with pytest.raises(ApiError) as caught:
        parse_filter(text, vocabulary)
    assert said in caught.value.message
    assert f"(at character {position} of " in caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.loss DESC", Order("metric", "loss", ascending=False)),
        ("tags.`my key` asc", Order("tag", "my key")),
        ('params."a b"', Order("parameter", "a b")),
        ("Created", Order("attribute", "start_time")),
    ],
)
def test_reads_orders(text: str, expected: Order) -> None:
    assert parse_order(text, RUNS) == expected
