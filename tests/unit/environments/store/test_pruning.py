"""Which environments are meant: unused ones, those beyond a limit, those of a name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.environments.store.builder import Builder
from mlrun.environments.store.entries import Entry
from mlrun.environments.store.pruning import beyond, left_behind, named, unused_since
from mlrun.errors import UsageError

NOWHERE = Path("/nowhere")
SIZES = st.lists(st.integers(0, 1000), max_size=8)


def entry(key: str, last_used: float = 0.0, size: int = 10, *, complete: bool = True) -> Entry:
    facts = {"attempt": "a", "size": size} if complete else {}
    return Entry(key, NOWHERE / key, facts, last_used)


@given(sizes=SIZES, limit=st.integers(0, 5000))
def test_the_least_used_go_and_no_more_than_must(sizes: list[int], limit: int) -> None:
    found = [entry(f"k{number}", float(number), size) for number, size in enumerate(sizes)]
    going = beyond(found, limit)
    staying = found[len(going) :]
    assert going == found[: len(going)]
    assert sum(one.size() for one in staying) <= limit
    if going:
        assert sum(one.size() for one in [going[-1], *staying]) > limit


def test_what_is_being_built_never_goes() -> None:
    builder = Builder(1, "host", 0.0, None)
    built = Entry("built", NOWHERE, {"attempt": "a", "size": 10}, 0.0, builder=builder)
    assert beyond([built, entry("other", 1.0)], 0) == [entry("other", 1.0)]


def test_unused_and_left() -> None:
    found = [entry("new", 30.0), entry("left", 1.0, complete=False), entry("b", 20.0), entry("a")]
    assert [one.key for one in unused_since(found, 25.0)] == ["a", "b"]
    assert [one.key for one in left_behind(found)] == ["left"]


FOUND = [entry("0123456789abcdef"), entry("0123456789ffffff"), entry("fedcba9876543210")]


@pytest.mark.parametrize("name", ["fedcba9876543210", "fedc", "FEDCBA"])
def test_a_beginning_names_one(name: str) -> None:
    assert named(FOUND, [name]) == [FOUND[2]]


def test_each_is_meant_once() -> None:
    assert named(FOUND, ["fedc", "0123456789a", "fedcba"]) == [FOUND[2], FOUND[0]]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("0123", "several environments begin with '0123'", "more of the key"),
        ("fed", "too short", "fedcba9876543210"),
        ("fedx", "no environment 'fedx'", "fedcba9876543210"),
        ("fedcba9876543211", "no environment", "fedcba9876543210"),
        ("zzzz", "no environment", "mlrun env list"),
        ("", "no environment ''", "mlrun env list"),
    ],
)
def test_other_names_are_refused(name: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        named(FOUND, [name])
    assert hint in (caught.value.hint or "")
