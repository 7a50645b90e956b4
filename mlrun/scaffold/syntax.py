"""What the nodes of a script's syntax say by themselves."""

from __future__ import annotations

import ast

Function = ast.FunctionDef | ast.AsyncFunctionDef


def called(node: ast.expr) -> str | None:
    """Return the last name of what is called, or of what a decorator is: `option`."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def keywords(call: ast.Call) -> dict[str, ast.expr]:
    """Return the arguments of a call that are given by name."""
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}


def in_order(tree: ast.AST) -> list[ast.stmt | ast.expr]:
    """Return all statements and expressions, in the order of the text; outer ones first."""
    placed = [node for node in ast.walk(tree) if isinstance(node, (ast.stmt, ast.expr))]
    return sorted(placed, key=lambda node: (node.lineno, node.col_offset))


def imports(tree: ast.Module, *modules: str) -> bool:
    """Return whether a script imports one of these modules, by its first name."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        if any(name.split(".")[0] in modules for name in names):
            return True
    return False


def name_given(decorator: ast.expr) -> ast.expr | None:
    """Return what `command("train")` names a command, None where it names none."""
    if not isinstance(decorator, ast.Call):
        return None
    return decorator.args[0] if decorator.args else keywords(decorator).get("name")


def command_name(function: Function) -> str:
    """Return what click and typer call the command of a function that no decorator names."""
    return function.name.lower().replace("_", "-")
