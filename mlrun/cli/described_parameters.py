"""What `mlrun describe` says of an entry point's parameters."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import Any

from mlrun.cli.wording import aligned
from mlrun.project.model import Parameter
from mlrun.project.parameters.types import ParameterType

_MOST_CHOICES = 60
"""Characters of choices that a line shows."""

_INDENTATION = " " * 4
_WIDTH = 100
_NARROWEST = 30


def parameter_lines(parameters: Iterable[Parameter]) -> list[str]:
    """Return a line for each parameter, in columns; a long description goes on below."""
    found = list(parameters)
    if not found:
        return []
    rows = [(p.name, p.type.value, _need(p), _constraints(p)) for p in found]
    lines = aligned([(*row, "|") for row in rows])
    described = zip(lines, found, strict=True)
    return [line for row, parameter in described for line in _with_description(row, parameter)]


def parameter_document(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter as `describe.schema.json` has it."""
    return {
        "type": parameter.type.value,
        "default": parameter.default,
        "description": parameter.description,
        "required": is_required(parameter),
        "optional": parameter.optional,
        "flag": None if parameter.flag is None else list(filter(None, parameter.flag)),
        "secret": parameter.secret,
        "exists": parameter.exists if parameter.type is ParameterType.PATH else None,
        "choices": list(parameter.choices) or None,
        "min": parameter.minimum,
        "max": parameter.maximum,
        "pattern": parameter.pattern,
    }


def is_required(parameter: Parameter) -> bool:
    """Return whether a value has to be given."""
    return parameter.default is None and not parameter.optional


def _need(parameter: Parameter) -> str:
    if parameter.default is not None:
        return f"default {_shown(parameter.default)}"
    return "optional" if parameter.optional else "required"


def _shown(text: str) -> str:
    """Return a text as it is, in quotes where its ends would not be seen."""
    return repr(text) if text != text.strip() or not text or "\n" in text else text


def _constraints(parameter: Parameter) -> str:
    """Return what a value has to keep to, beyond its type, and how it stands in the command."""
    words = [_choices(parameter.choices), _limits(parameter)]
    if parameter.pattern is not None:
        words.append(f"matches {parameter.pattern}")
    if parameter.flag is not None:
        words.append(f"{parameter.flag.on} or {parameter.flag.off or 'nothing'}")
    if parameter.secret:
        words.append("secret: @FILE or env:NAME")
    if not parameter.exists:
        words.append("need not exist")
    return ", ".join(filter(None, words))


def _choices(choices: tuple[str, ...]) -> str:
    text = ""
    for number, choice in enumerate(choices):
        further = f"{' | ' * bool(text)}{choice}"
        if text and len(text) + len(further) > _MOST_CHOICES:
            return f"{text} | ... ({len(choices) - number} more)"
        text += further
    return text


def _limits(parameter: Parameter) -> str:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None:
        return f"at least {low}"
    return f"at most {high}" if high is not None else ""


def _with_description(row: str, parameter: Parameter) -> list[str]:
    line = f"{_INDENTATION}{row[:-1].rstrip()}"
    if not parameter.description:
        return [line]
    text = " ".join(parameter.description.split())
    column = len(_INDENTATION) + len(row) - 1
    room = _WIDTH - column
    if len(text) <= room:
        return [f"{line:{column}}{text}"]
    if room >= _NARROWEST:
        first, *others = wrap(text, room)
        return [f"{line:{column}}{first}", *(" " * column + other for other in others)]
    return [line, *(f"{_INDENTATION * 2}{part}" for part in wrap(text, _WIDTH - 8))]
