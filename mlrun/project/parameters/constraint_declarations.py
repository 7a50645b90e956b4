"""What a declared parameter says of its values beyond their type; read only where it does."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import yaml

from mlrun.errors import Edit, ProjectError
from mlrun.project.model import Flag, Parameter
from mlrun.project.parameters.secrets import is_reference, refusal_of, variable_of
from mlrun.project.parameters.types import ParameterType, parse_type
from mlrun.project.parameters.values import misfit
from mlrun.project.reading.nodes import Document, Entry, describe, is_null, is_text, scalar, shown

_TYPES = frozenset(ParameterType)
_NUMBERS = frozenset({ParameterType.INT, ParameterType.FLOAT, ParameterType.LIST})
_MEANINGFUL = {
    "choices": _TYPES - {ParameterType.BOOL, ParameterType.JSON},
    "min": _NUMBERS,
    "max": _NUMBERS,
    "pattern": _TYPES - {ParameterType.BOOL},
    "flag": frozenset({ParameterType.BOOL}),
    "exists": frozenset({ParameterType.PATH}),
    "optional": _TYPES,
    "secret": _TYPES,
}
_NOT_OF_SECRETS = frozenset({"choices", "min", "max", "flag"})
"""What a message could not say of a value without telling too much of it."""

_FLAG = re.compile(r"(?P<on>-[^\s/]\S*?)(?:/(?P<off>-\S+))?")
_FLAG_SHAPE = "write `true`, or an option such as `--shuffle`, or two: `--shuffle/--no-shuffle`"


def constrained(
    document: Document, parameter: Parameter, entries: Mapping[str, Entry]
) -> Parameter:
    """Return a parameter with all that its mapping says of its values.

    Args:
        document: What takes the lints.
        parameter: What is known from its type and default.
        entries: Its keys.

    Raises:
        ProjectError: A constraint is malformed.
    """
    is_known = _is_known(entries.get("type"))
    for key, read in _READERS.items():
        entry = entries.get(key)
        if entry is None or is_null(entry.value):
            continue
        if not is_known and parameter.type not in _MEANINGFUL[key]:
            continue  # It may well have a meaning for the type that was meant.
        if not _has_meaning(document, parameter, key, entry):
            continue
        with document.sparing():
            parameter = replace(parameter, **read(document, parameter, entry.value))
    with document.sparing():
        _check_limits(document, parameter, entries)
    return parameter


def refuse_shared_variables(
    document: Document, parameters: Mapping[str, Parameter], entries: Mapping[str, Entry]
) -> None:
    """Refuse two secrets that the command would find in one variable.

    Raises:
        ProjectError: There are two.
    """
    owners: dict[str, str] = {}
    for name, parameter in parameters.items():
        if not parameter.secret:
            continue
        other = owners.setdefault(variable_of(name), name)
        if other != name:
            with document.sparing():
                raise document.error(
                    entries[name].key,
                    f"the secrets {shown(other)} and {shown(name)} would be the same variable, "
                    f"{variable_of(name)}",
                    "rename one of the two",
                    rule="secret-name",
                )


def _is_known(kind: Entry | None) -> bool:
    if kind is None or is_null(kind.value):
        return True
    text = scalar(kind.value)
    return text is not None and parse_type(text) is not None


def _has_meaning(document: Document, parameter: Parameter, key: str, entry: Entry) -> bool:
    if parameter.secret and key in _NOT_OF_SECRETS:
        reason, hint = "a secret", "remove it; a secret can have a `pattern`"
    elif parameter.type in _MEANINGFUL[key]:
        return True
    else:
        reason = f"the type {parameter.type.value}"
        kinds = sorted(kind.value for kind in _MEANINGFUL[key])
        hint = (
            f"remove it, or let the type be {' or '.join(kinds)}" if len(kinds) < 4 else "remove it"
        )
    message = f"`{key}` has no meaning for {reason}, and is ignored"
    document.lint(entry.key, message, hint, rule="meaningless-constraint")
    return False


def _switch(field: str) -> Callable[[Document, Parameter, yaml.Node], dict[str, Any]]:
    def read(document: Document, _: Parameter, node: yaml.Node) -> dict[str, Any]:
        return {field: _truth(document, node, field)}

    return read


def _truth(document: Document, node: yaml.Node, key: str) -> bool:
    text = document.python_text(node)
    if is_text(node) or text not in ("True", "False"):
        message = f"`{key}` is true or false, not {describe(node)}"
        edits = _lowered(node) if is_text(node) else ()
        hint = "write it without quotes" if edits else "write `true` or `false`, without quotes"
        raise document.error(node, message, hint, rule="bad-switch", edits=edits)
    return text == "True"


def _lowered(node: yaml.Node) -> tuple[Edit, ...]:
    text = str(node.value).strip().lower()
    if text not in ("true", "false"):
        return ()
    return (Edit(node.start_mark.index, node.end_mark.index, text),)


def _secret(document: Document, parameter: Parameter, node: yaml.Node) -> dict[str, Any]:
    if not _truth(document, node, "secret"):
        return {}
    if parameter.type is ParameterType.PATH:
        raise document.error(
            node,
            f"{shown(parameter.name)} is a path, and a path is no secret",
            "leave `secret` out; or let the type be string, for what a file holds",
            rule="secret-path",
        )
    refusal = refusal_of(parameter.name)
    if refusal is not None:
        raise ProjectError(
            f"the secret {shown(parameter.name)} cannot have this name: {refusal}",
            location=parameter.location,
            hint="the command gets it as the variable of its name in upper case; rename it",
            rule="secret-name",
        )
    with document.sparing():
        _refuse_literal_default(parameter)
    return {"secret": True}


def _refuse_literal_default(parameter: Parameter) -> None:
    if parameter.default is None or is_reference(parameter.default):
        return
    place = parameter.default_location or parameter.location
    raise ProjectError(
        f"the default of the secret {shown(parameter.name)} stands in the file, for all to read",
        # The line is not shown, which may hold the secret.
        location=replace(place, source_line=""),
        hint="name where it is: `@FILE`, or `env:NAME` for what the variable NAME holds",
        rule="literal-secret",
    )


def _choices(document: Document, parameter: Parameter, node: yaml.Node) -> dict[str, Any]:
    hint = "write a list, such as `choices: [adam, sgd]`"
    if not isinstance(node, yaml.SequenceNode):
        message = f"`choices` must be a list, not {describe(node)}"
        raise document.error(node, message, hint, rule="bad-choices")
    if not node.value:
        raise document.error(node, "`choices` leaves no choice", hint, rule="bad-choices")
    texts = [_choice(document, parameter, item) for item in node.value]
    return {"choices": tuple(dict.fromkeys(texts))}


def _choice(document: Document, parameter: Parameter, node: yaml.Node) -> str:
    text = document.python_text(node) if isinstance(node, yaml.ScalarNode) else None
    if text is None:
        message = f"a choice is a text or a number, not {describe(node)}"
        raise document.error(node, message, "put it in quotes", rule="bad-choices")
    kind = parameter.type
    wrong = misfit(kind, text) if kind is not ParameterType.LIST else None
    if wrong is not None:
        message = f"the choice {shown(text)} {wrong}"
        raise document.error(node, message, "write values of the type", rule="bad-choices")
    if text in ("True", "False") and text.lower() != str(node.value).lower():
        document.lint(
            node,
            f"{shown(str(node.value))} is a truth value to YAML, so the choice is {shown(text)}",
            "put it in quotes",
            rule="unquoted-choice",
            edits=(Edit(node.start_mark.index, node.end_mark.index, f'"{node.value}"'),),
        )
    return text


def _limit(field: str, key: str) -> Callable[[Document, Parameter, yaml.Node], dict[str, Any]]:
    def read(document: Document, _: Parameter, node: yaml.Node) -> dict[str, Any]:
        text = document.python_text(node) if isinstance(node, yaml.ScalarNode) else None
        if text is None or misfit(ParameterType.FLOAT, text) or math.isnan(float(text)):
            message = f"`{key}` must be a number, not {describe(node)}"
            raise document.error(node, message, f"write `{key}: 0`, say", rule="bad-limit")
        return {field: text}

    return read


def _check_limits(document: Document, parameter: Parameter, entries: Mapping[str, Entry]) -> None:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None and float(low) > float(high):
        message = f"`min` ({low}) is more than `max` ({high}), so no value fits"
        raise document.error(entries["min"].value, message, "exchange the two", rule="bad-limit")


def _pattern(document: Document, _: Parameter, node: yaml.Node) -> dict[str, Any]:
    text = scalar(node)
    if text is None:
        message = f"`pattern` must be one text, not {describe(node)}"
        raise document.error(node, message, "put it in quotes", rule="bad-pattern")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise document.error(
            node,
            f"`pattern` is no regular expression: {error}",
            "a backslash before a character takes its meaning away",
            rule="bad-pattern",
        ) from None
    return {"pattern": text}


def _flag(document: Document, parameter: Parameter, node: yaml.Node) -> dict[str, Any]:
    if not is_text(node) and document.python_text(node) in ("True", "False"):
        is_flag = document.python_text(node) == "True"
        return {"flag": Flag(f"--{parameter.name}") if is_flag else None}
    found = _FLAG.fullmatch(str(scalar(node)).strip()) if is_text(node) else None
    if found is None:
        message = f"`flag` cannot be {describe(node)}"
        raise document.error(node, message, _FLAG_SHAPE, rule="bad-flag")
    return {"flag": Flag(found["on"], found["off"])}


_READERS: Mapping[str, Callable[[Document, Parameter, yaml.Node], dict[str, Any]]] = {
    "secret": _secret,
    "optional": _switch("optional"),
    "exists": _switch("exists"),
    "choices": _choices,
    "min": _limit("minimum", "min"),
    "max": _limit("maximum", "max"),
    "pattern": _pattern,
    "flag": _flag,
}
