"""What a script takes that reads `sys.argv` itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mlrun.errors import Location, Problem
from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.constants import UNKNOWN, Constants
from mlrun.scaffold.found import Argument, Reading, ScriptCommand
from mlrun.scaffold.syntax import called, in_order
from mlrun.scaffold.value_types import default_text, value_type

_MOST = 50
_CONVERTING = ("int", "float", "Path", "str")


def read_argv(tree: ast.Module, file: Path) -> Reading | None:
    """Return the arguments that a script takes by their number, None where it takes none."""
    reader = _Reader(tree)
    found = reader.arguments()
    if not reader.places:
        return None
    first = reader.places[0]
    notes = []
    if not found or reader.is_open:
        place = Location(file, first.lineno, first.col_offset + 1)
        message = "what is taken from sys.argv here is not read by its number"
        notes.append(Problem(message, place, "declare what is missing"))
    return Reading("sys.argv", first.lineno, (ScriptCommand(None, tuple(found)),), tuple(notes))


class _Reader:
    """Finds each use of an argument, and what is around it.

    Attributes:
        places: All uses of `sys.argv` but its length, in order.
        is_open: Whether some use takes words without a number.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._constants = Constants(tree)
        self._parents = {
            child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
        }
        self.places = [n for n in in_order(tree) if isinstance(n, ast.expr) and self._counts(n)]
        self.is_open = False

    def arguments(self) -> list[Argument]:
        found: dict[int, Argument] = {}
        for node in self.places:
            for number, argument in self._used(node):
                if number not in found:
                    found[number] = argument
        highest = max(found, default=0)
        gaps = {n: Argument(f"arg{n}", self.places[0].lineno, is_required=True)
                for n in range(1, min(highest, _MOST) + 1)}  # fmt: skip
        return [argument for _, argument in sorted({**gaps, **found}.items())]

    def _counts(self, node: ast.expr) -> bool:
        if not _is_argv(node):
            return False
        around = self._parents.get(node)
        return not (isinstance(around, ast.Call) and called(around) == "len")

    def _used(self, node: ast.expr) -> Iterator[tuple[int, Argument]]:
        around = self._parents.get(node)
        if isinstance(around, ast.Subscript) and around.value is node:
            number = self._constants.value(around.slice)
            if isinstance(number, int) and 0 < number <= _MOST:
                yield number, self._argument(around, number)
                return
            if number == 0:
                return
            if isinstance(around.slice, ast.Slice):
                yield from self._unpacked(around, self._constants.value(around.slice.lower))
                return
        else:
            yield from self._unpacked(node, 0)
            return
        self.is_open = True

    def _unpacked(self, node: ast.expr, start: object) -> Iterator[tuple[int, Argument]]:
        """`script, source, target = sys.argv`, `a, b = map(float, sys.argv[1:3])`."""
        around = self._parents.get(node)
        kind = ParameterType.STRING
        if isinstance(around, ast.Call) and called(around) == "map" and node in around.args[1:]:
            kind = value_type(around.args[0]).kind
            around = self._parents.get(around)
        target = around.targets[0] if isinstance(around, ast.Assign) else None
        first = 0 if start is None else start
        if not isinstance(target, ast.Tuple) or not isinstance(first, int) or first < 0:
            self.is_open = True
            return
        for number, item in enumerate(target.elts, first):
            if number > 0 and isinstance(item, ast.Name):
                yield number, Argument(item.id, node.lineno, kind=kind, is_required=True)

    def _argument(self, node: ast.expr, number: int) -> Argument:
        argument = Argument(f"arg{number}", node.lineno, is_required=True)
        inner: ast.AST = node
        for around in self._around(node):
            if isinstance(around, ast.Call) and inner in around.args:
                if called(around) not in _CONVERTING:
                    return argument
                argument = replace(argument, kind=value_type(around.func).kind)
            elif isinstance(around, ast.IfExp) and inner is around.body:
                argument = self._with_default(argument, around.orelse)
            elif isinstance(around, ast.keyword) and around.arg:
                return replace(argument, name=around.arg)
            elif isinstance(around, (ast.Assign, ast.AnnAssign)):
                return self._named(argument, around)
            elif isinstance(around, ast.stmt):
                return argument
            inner = around
        return argument

    def _around(self, node: ast.AST) -> Iterator[ast.AST]:
        while (around := self._parents.get(node)) is not None:
            yield around
            node = around

    def _with_default(self, argument: Argument, node: ast.expr) -> Argument:
        value = self._constants.value(node)
        kind = argument.kind
        text = None if value is UNKNOWN else default_text(value, kind, node)
        if text is None and kind is ParameterType.STRING and isinstance(value, (int, float)):
            text = str(value)
        return replace(argument, default=text, is_required=False)

    def _named(self, argument: Argument, statement: ast.Assign | ast.AnnAssign) -> Argument:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        name = called(target)
        default = self._assigned_before(statement, name)
        if default is not None and argument.is_required:
            argument = self._with_default(argument, default)
        return replace(argument, name=name) if name else argument

    def _assigned_before(self, statement: ast.stmt, name: str | None) -> ast.expr | None:
        """`alpha = 0.5`, in front of `if len(sys.argv) > 1: alpha = float(sys.argv[1])`."""
        branch = self._parents.get(statement)
        if not isinstance(branch, ast.If) or "argv" not in ast.unparse(branch.test):
            return None
        block = getattr(self._parents.get(branch), "body", [])
        others = [*branch.orelse, *(block[: block.index(branch)] if branch in block else [])]
        for other in others:
            if isinstance(other, ast.Assign) and called(other.targets[0]) == name:
                return other.value
        return None


def _is_argv(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "argv" and isinstance(node.value, ast.Name) and node.value.id == "sys"
    return isinstance(node, ast.Name) and node.id == "argv" and isinstance(node.ctx, ast.Load)
