"""What an expression of a script is worth, where that can be seen without running it."""

from __future__ import annotations

import ast
import operator
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum

from mlrun.scaffold.syntax import called


class Unknown(Enum):
    """The value of what cannot be seen."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN

_LONGEST = 10_000
_OPERATORS: dict[type[ast.operator], Callable[[object, object], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_SAFE_POWER = 64
_REFUSED = (TypeError, ValueError, ArithmeticError)


class Constants:
    """The values of a script's expressions.

    A name has a value where the whole file binds it once.

    Args:
        tree: The script.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._assigned = dict(_assigned(tree))
        self._open: set[str] = set()

    def node(self, node: ast.expr) -> ast.expr:
        """Return what a name stands for, other nodes as they are."""
        if isinstance(node, ast.Name):
            return self._assigned.get(node.id, node)
        return node

    def value(self, node: ast.expr | None) -> object:
        """Return a value, `UNKNOWN` where it cannot be seen. An absent node is None."""
        if node is None:
            return None
        try:
            found = self._value(node)
        except (*_REFUSED, RecursionError):
            return UNKNOWN
        is_long = isinstance(found, (str, bytes, list, tuple)) and len(found) > _LONGEST
        is_other = isinstance(found, (bytes, complex)) or (
            isinstance(found, str) and not _is_passable(found)
        )
        return UNKNOWN if is_long or is_other else found

    def text(self, node: ast.expr | None) -> str | None:
        """Return the value of a text, None where it is none or cannot be seen."""
        found = self.value(node)
        return found if isinstance(found, str) else None

    def _value(self, node: ast.expr) -> object:
        if isinstance(node, ast.Constant):
            return UNKNOWN if node.value is ... else node.value
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            items = [self._value(item) for item in node.elts]
            return UNKNOWN if any(item is UNKNOWN for item in items) else items
        if isinstance(node, ast.Dict):
            keys = [self._value(key) if key is not None else UNKNOWN for key in node.keys]
            return UNKNOWN if any(key is UNKNOWN for key in keys) else keys
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            operand = self._value(node.operand)
            if not isinstance(operand, (int, float)):
                return UNKNOWN
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        return self._call(node) if isinstance(node, ast.Call) else UNKNOWN

    def _named(self, name: str) -> object:
        if name not in self._assigned or name in self._open:
            return UNKNOWN
        self._open.add(name)
        try:
            return self._value(self._assigned[name])
        finally:
            self._open.discard(name)

    def _operation(self, node: ast.BinOp) -> object:
        left, right = self._value(node.left), self._value(node.right)
        if left is UNKNOWN or right is UNKNOWN:
            return UNKNOWN
        if isinstance(node.op, ast.Div) and isinstance(left, str) and isinstance(right, str):
            # Of texts only paths are divided, and these are texts here.
            return posixpath.join(left, right)
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            if isinstance(node.op, ast.Pow):
                is_small = abs(left) <= _LONGEST and abs(right) <= _SAFE_POWER
                return left**right if is_small else UNKNOWN
        elif not (
            isinstance(left, str) and isinstance(right, str) and isinstance(node.op, ast.Add)
        ):
            return UNKNOWN
        operation = _OPERATORS.get(type(node.op))
        return operation(left, right) if operation is not None else UNKNOWN

    def _call(self, node: ast.Call) -> object:
        name = called(node)
        given = [self._value(argument) for argument in node.args]
        if name == "keys" and isinstance(node.func, ast.Attribute):
            return self._value(node.func.value)
        if node.keywords or any(value is UNKNOWN for value in given):
            return UNKNOWN
        texts = [value for value in given if isinstance(value, str)]
        if name == "join" and ast.unparse(node.func) in ("os.path.join", "path.join", "join"):
            return posixpath.join(*texts) if texts and len(texts) == len(given) else UNKNOWN
        if name in ("Path", "PurePath") and texts and len(texts) == len(given):
            return posixpath.join(*texts)
        if name in ("list", "tuple", "sorted", "str", "set", "range"):
            return _built_in(name, given)
        return UNKNOWN


def _is_passable(text: str) -> bool:
    """Return whether an argument of a process can be this text."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _built_in(name: str, given: list[object]) -> object:
    if name == "range":
        bounds = [value for value in given if isinstance(value, int)]
        return range(*bounds) if bounds and len(bounds) == len(given) else UNKNOWN
    if len(given) != 1:
        return UNKNOWN
    value = given[0]
    if name == "str":
        return str(value) if isinstance(value, (str, int, float)) else UNKNOWN
    if not isinstance(value, list):
        return UNKNOWN
    return sorted(value) if name == "sorted" else value


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    bound: Counter[str] = Counter()
    values: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound[node.id] += 1
        elif isinstance(node, ast.arg):
            bound[node.arg] += 1
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            values[node.target.id] = node.value
    return ((name, value) for name, value in values.items() if bound[name] == 1)
