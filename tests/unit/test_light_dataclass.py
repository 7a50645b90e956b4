"""Classes with shared methods are what `dataclasses` would make of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.light_dataclass import dataclass


@dataclass(frozen=True)
class Light:
    """One value of each kind."""

    first: int
    second: str = "two"
    unseen: str = field(default="", compare=False, repr=False)
    many: list[int] = field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Heavy:
    """The same."""

    first: int
    second: str = "two"
    unseen: str = field(default="", compare=False, repr=False)
    many: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Hashable:
    """Can be a key."""

    name: str
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Bare:
    """Has nothing."""


def outcome(make: Callable[..., Any], values: list[Any], named: dict[str, Any]) -> object:
    try:
        made = make(*values, **named)
    except TypeError:
        return TypeError
    return dataclasses.asdict(made), repr(made).partition("(")[2]


@dataclass(frozen=True)
class Discreet:
    """Says itself how it is shown, compared and kept."""

    secret: str

    def __repr__(self) -> str:
        return "Discreet(***)"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 7


def test_what_a_class_says_itself_holds() -> None:
    assert repr(Discreet("hush")) == "Discreet(***)"
    assert Discreet("a") == Discreet("b")
    assert hash(Discreet("a")) == 7


NAMES = st.sampled_from(["first", "second", "unseen", "many", "other"])


@given(st.lists(st.integers(), max_size=5), st.dictionaries(NAMES, st.integers()))
def test_takes_and_refuses_what_a_dataclass_does(values: list[int], named: dict[str, int]) -> None:
    assert outcome(Light, values, named) == outcome(Heavy, values, named)


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        ((), {}, "Light() lacks first"),
        ((1, "", "", [], 5), {}, "Light() takes 4 values, not 5"),
        ((1,), {"other": 1}, "Light() has no other"),
        ((1,), {"first": 1}, "Light() got two values for first"),
    ],
)
def test_says_what_is_wrong(values: tuple[Any, ...], named: dict[str, Any], message: str) -> None:
    make: Callable[..., Light] = Light
    with pytest.raises(TypeError) as raised:
        make(*values, **named)
    assert str(raised.value) == message


def test_equal_by_the_fields_that_count() -> None:
    assert Light(1, unseen="a") == Light(1, "two", "b", [])
    assert Light(1) != Light(2)
    other: object = Heavy(1)
    assert Light(1) != other
    assert {Hashable("a", 1), Hashable("a", 2), Hashable("b")} == {Hashable("b"), Hashable("a")}
    with pytest.raises(TypeError, match="unhashable"):
        hash(Light(1))
    assert Bare() == Bare()


def test_default_is_made_anew() -> None:
    assert Light(1).many is not Light(1).many


@pytest.mark.parametrize("name", ["first", "other"])
def test_cannot_be_changed(name: str) -> None:
    light = Light(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(light, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(light, name)
    assert light == Light(1)


def test_is_a_dataclass_to_all_who_look() -> None:
    light = Light(1, many=[2])
    assert dataclasses.is_dataclass(Light)
    assert [f.name for f in dataclasses.fields(light)] == ["first", "second", "unseen", "many"]
    assert dataclasses.replace(light, second="b") == Light(1, "b", many=[2])
    assert copy.deepcopy(light) == pickle.loads(pickle.dumps(light)) == light
    match light:
        case Light(first, second):
            assert (first, second) == (1, "two")
