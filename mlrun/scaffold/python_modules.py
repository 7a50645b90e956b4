"""A folder's Python files: what each imports, and whether it is there to be run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlrun.errors import Location, Problem

_MOST_BYTES = 1 << 20
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_IDLE = (
    *(ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Try, ast.Assert, ast.Delete, ast.Pass),
)
_SETTING_UP = ("append", "insert", "filterwarnings", "simplefilter", "use", "basicConfig",
               "getLogger", "seed", "manual_seed", "extend", "update", "setdefault")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file.

    Attributes:
        path: Relative to the folder.
        source: Its bytes.
        tree: What they say.
        imports: Names of the modules that it imports, in full; relative ones with their dots.
        is_guarded: Whether something in it happens only where it is run, not imported.
        is_active: Whether something happens as soon as it is imported.
    """

    path: PurePosixPath
    source: bytes
    tree: ast.Module
    imports: tuple[str, ...]
    is_guarded: bool
    is_active: bool


def read_module(folder: Path, path: PurePosixPath) -> Module | Problem:
    """Return a Python file, or why it cannot be read."""
    file = folder / path
    try:
        data = file.read_bytes()
    except OSError as error:
        return Problem(f"this cannot be read: {error.strerror}", Location(file))
    if len(data) > _MOST_BYTES:
        return Problem("this is too large for a script, and was not read", Location(file))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except _UNREADABLE as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        return Problem(f"this is no Python 3: {reason}", Location(file, line))
    imports = tuple(dict.fromkeys(_imports(tree)))
    guarded = any(_is_guard(statement) for statement in tree.body)
    return Module(path, data, tree, imports, guarded, any(map(_is_active, tree.body)))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            joint = "" if base.endswith(".") else "."
            yield from (f"{base}{joint}{alias.name}" for alias in node.names)


def _is_guard(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.If):
        return False
    words = {node.id for node in ast.walk(statement.test) if isinstance(node, ast.Name)}
    texts = [node.value for node in ast.walk(statement.test) if isinstance(node, ast.Constant)]
    return "__name__" in words and "__main__" in texts


def _is_active(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        call = statement.value
        if not isinstance(call, ast.Call):
            return False
        return not isinstance(call.func, ast.Attribute) or call.func.attr not in _SETTING_UP
    if isinstance(statement, ast.If):
        return not _is_guard(statement) and any(map(_is_active, statement.body))
    return not isinstance(statement, _IDLE)
