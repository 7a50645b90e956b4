"""What a script takes whose functions are commands of click."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mlrun.errors import Location, Problem
from mlrun.scaffold.click_values import ClickValues
from mlrun.scaffold.constants import Constants
from mlrun.scaffold.found import Argument, Reading, ScriptCommand
from mlrun.scaffold.syntax import (
    Function,
    called,
    command_name,
    imports,
    in_order,
    keywords,
    name_given,
)
from mlrun.scaffold.value_types import one_line


@dataclass(slots=True)
class _Command:
    """A function that is a command, or a group of them."""

    function: Function
    decorator: ast.expr
    is_group: bool
    over: str | None
    inside: list[str] = field(default_factory=list)


def read_click(tree: ast.Module, file: Path) -> Reading | None:
    """Return what a script's commands take, None where it has none.

    Args:
        tree: The script.
        file: Where it is, for notes.
    """
    if not imports(tree, "click", "rich_click"):
        return None
    return _Reader(tree, file).reading()


class _Reader:
    def __init__(self, tree: ast.Module, file: Path) -> None:
        self._constants = Constants(tree)
        self._file = file
        self._notes: list[Problem] = []
        self._commands = dict(_commands(tree))
        for node in in_order(tree):
            self._take_addition(node)
        for name, command in self._commands.items():
            if command.over in self._commands:
                self._commands[command.over].inside.append(name)

    def reading(self) -> Reading | None:
        inside = {name for command in self._commands.values() for name in command.inside}
        tops = [name for name in self._commands if name not in inside]
        # A script runs one of them; the last is the one that stands over the others' parts.
        groups = [name for name in tops if self._commands[name].is_group]
        found = [one for top in (groups or tops[-1:]) for one in self._below(top, (), ())]
        if not found:
            return None
        line = self._commands[(groups or tops[-1:])[0]].decorator.lineno
        return Reading("click", line, tuple(found), tuple(dict.fromkeys(self._notes)))

    def _take_addition(self, node: ast.AST) -> None:
        """`group.add_command(train)`."""
        if not isinstance(node, ast.Call) or called(node) != "add_command" or not node.args:
            return
        command, owner = node.args[0], node.func
        known = self._commands.get(command.id) if isinstance(command, ast.Name) else None
        if known is not None and isinstance(owner, ast.Attribute):
            known.over = ast.unparse(owner.value)

    def _below(
        self, name: str, names: tuple[str, ...], words: tuple[str | Argument, ...]
    ) -> Iterator[ScriptCommand]:
        command = self._commands[name]
        words = (*words, *self._arguments(command.function))
        if not command.is_group:
            yield ScriptCommand("-".join(names) or None, words, self._description(command))
        for inner in command.inside:
            called_so = self._name(self._commands[inner])
            yield from self._below(inner, (*names, called_so), (*words, called_so))

    def _name(self, command: _Command) -> str:
        name = self._constants.text(name_given(command.decorator))
        return name if name is not None else command_name(command.function)

    def _description(self, command: _Command) -> str | None:
        decorator = command.decorator
        text = ast.get_docstring(command.function)
        if isinstance(decorator, ast.Call):
            text = self._constants.text(keywords(decorator).get("help")) or text
        return one_line(text.split("\n\n")[0].replace("\b", "")) if text else None

    def _arguments(self, function: Function) -> Iterator[Argument]:
        values = ClickValues(self._constants)
        for decorator in function.decorator_list:
            node = self._constants.node(decorator)
            if not isinstance(node, ast.Call) or called(node) not in ("option", "argument"):
                continue
            names = [self._constants.text(name) for name in node.args]
            spellings = [name for name in names if name is not None]
            if len(spellings) < len(names) or not spellings:
                self._note(node, "the name of this argument is not written out", "it is left out")
                continue
            is_option = called(node) == "option"
            argument, habit = (values.option if is_option else values.positional)(node, spellings)
            if habit is not None:
                self._note(node, *habit)
            if argument is not None:
                yield argument

    def _note(self, node: ast.expr, message: str, hint: str) -> None:
        place = Location(self._file, node.lineno, node.col_offset + 1)
        self._notes.append(Problem(message, place, hint))


def _commands(tree: ast.Module) -> Iterator[tuple[str, _Command]]:
    for node in in_order(tree):
        if not isinstance(node, Function):
            continue
        for decorator in node.decorator_list:
            kind = called(decorator)
            if kind in ("command", "group"):
                function = decorator.func if isinstance(decorator, ast.Call) else decorator
                over = ast.unparse(function.value) if isinstance(function, ast.Attribute) else None
                yield node.name, _Command(node, decorator, kind == "group", over)
