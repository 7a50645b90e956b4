"""Whether a value that has its type is one that the parameter allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from mlrun.project.model import Parameter
from mlrun.project.parameters.matching import PATIENCE, Match, SlowPatternError, matches
from mlrun.project.parameters.types import ParameterType
from mlrun.project.reading.nodes import shown

_MOST_SHOWN = 8
"""Choices that a message names."""


def violation(parameter: Parameter, text: str, match: Match = matches) -> str | None:
    """Return how a value breaks what its parameter allows, None if it does not.

    Args:
        parameter: With its choices, limits and pattern; for a list, they hold for each item.
        text: A value of the parameter's type.
        match: Tells whether a text matches a pattern.
    """
    if parameter.type is not ParameterType.LIST:
        return _wrong(parameter, text, match)
    for item in list_items(text):
        wrong = _wrong(parameter, item, match)
        if wrong is not None:
            return f"has the item {shown(item)}, which {wrong}"
    return None


def list_items(text: str) -> tuple[str, ...]:
    """Return the items of a `list`, each as the text that it would be alone.

    Numbers of JSON's form stay as they are written.
    """
    if not text.startswith(("[", "(", "{")):
        return tuple(text.split(","))
    return tuple(item if isinstance(item, str) else str(item) for item in _parsed(text))


def _parsed(text: str) -> Sequence[object]:
    import json

    try:
        found = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        from mlrun.project.parameters.values import literal

        found = literal(text)
    return found if isinstance(found, (list, tuple)) else ()


def _wrong(parameter: Parameter, text: str, match: Match) -> str | None:
    return next(_violations(parameter, text, match), None)


def _violations(parameter: Parameter, text: str, match: Match) -> Iterator[str]:
    if parameter.choices and not _is_among(parameter, text):
        yield _none_of(parameter, text)
    if parameter.minimum is not None or parameter.maximum is not None:
        yield from _out_of_range(parameter, text)
    if parameter.pattern is None:
        return
    try:
        is_match = match(parameter.pattern, text)
    except SlowPatternError:
        yield f"is not matched with the pattern {parameter.pattern} in {PATIENCE:g} s"
    else:
        if not is_match:
            yield f"does not match the pattern {parameter.pattern}"


def _is_among(parameter: Parameter, text: str) -> bool:
    if text in parameter.choices:
        return True
    if parameter.type in (ParameterType.STRING, ParameterType.PATH, ParameterType.URI):
        return False
    number = _number(text)
    return number is not None and number in map(_number, parameter.choices)


def _number(text: str) -> float | None:
    """Return an int where it is one: a float would round it."""
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        return float(text)
    return None


def _out_of_range(parameter: Parameter, text: str) -> Iterator[str]:
    low, high = parameter.minimum, parameter.maximum
    number = _number(text)
    if number is None:
        yield "is no number"
        return
    # What is no number (nan) is neither.
    is_low = low is not None and not number >= (_number(low) or 0)
    is_high = high is not None and not number <= (_number(high) or 0)
    if not is_low and not is_high:
        return
    if low is not None and high is not None:
        yield f"must be from {low} to {high}"
    else:
        yield f"must be at least {low}" if low is not None else f"must be at most {high}"


def _none_of(parameter: Parameter, text: str) -> str:
    from mlrun.near_miss import near_miss

    near = near_miss(text, parameter.choices)
    meant = f"; did you mean {_plain(near)}?" if near is not None else ""
    return f"is none of: {_listed(parameter.choices)}{meant}"


def _listed(choices: Sequence[str]) -> str:
    more = len(choices) - _MOST_SHOWN
    named: Iterable[str] = choices if more <= 1 else choices[:_MOST_SHOWN]
    return ", ".join(map(_plain, named)) + (f" and {more} more" if more > 1 else "")


def _plain(text: str) -> str:
    """Return a text as it is where that is clear; else in quotes."""
    return text if re.fullmatch(r"[\w./:+\-]+", text) else shown(text)
