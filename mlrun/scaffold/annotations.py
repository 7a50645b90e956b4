"""What the annotation of a function's parameter or of a field says of its values."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.constants import Constants
from mlrun.scaffold.syntax import called
from mlrun.scaffold.value_types import choice_texts, kind_of_default, value_type

_LISTS = ("list", "List", "tuple", "Tuple", "set", "Set", "Sequence")

Meaning = tuple[ParameterType, tuple[str, ...], bool]
"""The type, the choices, and whether there are several values."""


class Annotations:
    """Reads the annotations of a script.

    Args:
        tree: The script.
        constants: The values of its expressions.
    """

    def __init__(self, tree: ast.Module, constants: Constants) -> None:
        self._constants = constants
        self._enums = dict(_enums(tree, constants))

    def meaning(self, annotation: ast.expr | None, default: object) -> Meaning:
        """Return what values there can be.

        Args:
            annotation: Plain, as `plain_annotation` gives it; None where there is none.
            default: The value that tells the type then.
        """
        if annotation is None:
            return kind_of_default(default), (), False
        if isinstance(annotation, ast.Subscript):
            name = called(annotation.value)
            if name in _LISTS:
                return ParameterType.STRING, (), True
            if name == "Literal":
                return ParameterType.STRING, self._literals(annotation), False
        name = called(annotation)
        if name in self._enums:
            return ParameterType.STRING, tuple(self._enums[name].values()), False
        if name == "bool":
            return ParameterType.BOOL, (), False
        if name in _LISTS:
            return ParameterType.STRING, (), True
        return value_type(annotation).kind, (), False

    def member(self, node: ast.Attribute, choices: tuple[str, ...]) -> str | None:
        """Return the value of `Model.small`, None where it is none of these."""
        found = self._enums.get(ast.unparse(node.value), {}).get(node.attr)
        return found if found in choices else None

    def _literals(self, annotation: ast.Subscript) -> tuple[str, ...]:
        values = self._constants.value(annotation.slice)
        items = values if isinstance(values, list) else [values]
        return choice_texts(items, ParameterType.STRING)


def plain_annotation(node: ast.expr | None) -> tuple[ast.expr | None, ast.Call | None]:
    """Return the plain type of an annotation, and what `Annotated` says besides."""
    information = None
    is_annotated = isinstance(node, ast.Subscript) and called(node.value) == "Annotated"
    if is_annotated and isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        calls = [item for item in node.slice.elts[1:] if isinstance(item, ast.Call)]
        information = calls[0] if calls else None
        node = node.slice.elts[0]
    if isinstance(node, ast.Subscript) and called(node.value) == "Optional":
        node = node.slice
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        is_none = isinstance(node.left, ast.Constant) and node.left.value is None
        node = node.right if is_none else node.left
    return node, information


def _enums(tree: ast.Module, constants: Constants) -> Iterator[tuple[str, dict[str, str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(b) for b in node.bases):
            members = {
                ast.unparse(statement.targets[0]): constants.value(statement.value)
                for statement in node.body
                if isinstance(statement, ast.Assign)
            }
            texts = {name: text for name, text in members.items() if isinstance(text, str)}
            if texts:
                yield node.name, texts
