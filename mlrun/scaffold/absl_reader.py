"""What a script takes that defines flags of absl."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from mlrun.project.model import Flag
from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.constants import Constants
from mlrun.scaffold.found import Argument, Reading, ScriptCommand
from mlrun.scaffold.syntax import called, imports, in_order, keywords
from mlrun.scaffold.value_types import choice_texts, default_text, fitting, one_line

_KINDS = {
    "DEFINE_string": ParameterType.STRING,
    "DEFINE_float": ParameterType.FLOAT,
    "DEFINE_integer": ParameterType.INT,
    "DEFINE_bool": ParameterType.BOOL,
    "DEFINE_boolean": ParameterType.BOOL,
    "DEFINE_enum": ParameterType.STRING,
    "DEFINE_list": ParameterType.STRING,
}
_BOUNDS = (ParameterType.INT, ParameterType.FLOAT)


def read_absl(tree: ast.Module, file: Path) -> Reading | None:  # noqa: ARG001 - as the others
    """Return the flags that a script defines, None where it defines none."""
    if not imports(tree, "absl"):
        return None
    constants = Constants(tree)
    calls = [n for n in in_order(tree) if isinstance(n, ast.Call) and called(n) in _KINDS]
    required = set(_required(tree, constants))
    found = [a for a in (_flag(call, constants, required) for call in calls) if a is not None]
    if not found:
        return None
    return Reading("absl", found[0].line, (ScriptCommand(None, tuple(found)),))


def _required(tree: ast.Module, constants: Constants) -> Iterator[str]:
    """Yield the names that `flags.mark_flag_as_required` is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == "mark_flag_as_required" and node.args:
            name = constants.text(node.args[0])
            if name is not None:
                yield name


def _flag(call: ast.Call, constants: Constants, required: set[str]) -> Argument | None:
    function, given = called(call) or "", keywords(call)
    parts = ["name", "default", *(["enum_values"] if function == "DEFINE_enum" else []), "help"]
    nodes = {**dict(zip(parts, call.args, strict=False)), **given}
    name = constants.text(nodes.get("name"))
    if name is None:
        return None
    kind, default_node = _KINDS[function], nodes.get("default")
    choices = choice_texts(constants.value(nodes.get("enum_values")), kind)
    default = fitting(
        default_text(constants.value(default_node), kind, default_node), choices, kind
    )
    bounds = [constants.value(nodes.get(key)) for key in ("lower_bound", "upper_bound")]
    numbers = [str(b) if isinstance(b, (int, float)) and kind in _BOUNDS else None for b in bounds]
    return Argument(
        name, call.lineno, f"--{name}", kind, default,
        is_required=name in required or constants.value(nodes.get("required")) is True,
        flag=Flag(f"--{name}", f"--no{name}") if kind is ParameterType.BOOL else None,
        choices=choices, minimum=numbers[0], maximum=numbers[1],
        description=one_line(constants.text(nodes.get("help"))),
    )  # fmt: skip
