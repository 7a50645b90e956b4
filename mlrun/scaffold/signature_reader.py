"""What a script takes whose functions' own signatures say it: typer and Fire."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from mlrun.project.model import Flag
from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.annotations import Annotations, plain_annotation
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
from mlrun.scaffold.value_types import default_text, fitting, number_text, one_line

_SKIPPED = ("Context", "CallbackParam")


def read_typer(tree: ast.Module, file: Path) -> Reading | None:  # noqa: ARG001 - as the others
    """Return what a script's typer commands take, None where it has none."""
    if not imports(tree, "typer"):
        return None
    functions = [node for node in in_order(tree) if isinstance(node, Function)]
    commands = [(f, d) for f in functions for d in f.decorator_list if called(d) == "command"]
    run = [f for f in functions if f.name in _handed_to(tree, "typer.run", "run")]
    if not commands and not run:
        return None
    has_callback = any(called(d) == "callback" for f in functions for d in f.decorator_list)
    reader = _Signatures(tree)
    if not commands or (len(commands) == 1 and not has_callback):
        function = commands[0][0] if commands else run[-1]
        found = [ScriptCommand(None, tuple(reader.typer(function)), _described(function))]
    else:
        named = [(reader.name(function, decorator), function) for function, decorator in commands]
        found = [
            ScriptCommand(name, (name, *reader.typer(function)), _described(function))
            for name, function in named
        ]
    line = commands[0][1].lineno if commands else run[-1].lineno
    return Reading("typer", line, tuple(found))


def read_fire(tree: ast.Module, file: Path) -> Reading | None:  # noqa: ARG001 - as the others
    """Return what the function takes that a script hands to Fire, None where there is none."""
    if not imports(tree, "fire"):
        return None
    handed = _handed_to(tree, "fire.Fire", "Fire")
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    function = next((functions[name] for name in handed if name in functions), None)
    if function is None:
        return None
    reader = _Signatures(tree)
    command = ScriptCommand(None, tuple(reader.fire(function)), _described(function))
    return Reading("Fire", function.lineno, (command,))


def _handed_to(tree: ast.Module, *functions: str) -> list[str]:
    return [
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.args
        and isinstance(node.args[0], ast.Name)
        and ast.unparse(node.func) in functions
    ]


def _described(function: Function) -> str | None:
    text = ast.get_docstring(function)
    return one_line(text.split("\n\n")[0]) if text else None


class _Signatures:
    def __init__(self, tree: ast.Module) -> None:
        self._constants = Constants(tree)
        self._annotations = Annotations(tree, self._constants)

    def name(self, function: Function, decorator: ast.expr) -> str:
        name = self._constants.text(name_given(decorator))
        return name if name is not None else command_name(function)

    def typer(self, function: Function) -> Iterator[Argument]:
        for parameter, default in _parameters(function):
            annotation, information = plain_annotation(parameter.annotation)
            if isinstance(default, ast.Call) and called(default) in ("Option", "Argument"):
                information, default = default, _first(default)
            name = parameter.arg.lower().replace("_", "-")
            if annotation is not None and called(annotation) in _SKIPPED:
                continue
            is_positional = default is None or (
                information is not None and called(information) == "Argument"
            )
            if information is not None and called(information) == "Option":
                is_positional = False
            option = None if is_positional else self._option(information, f"--{name}")
            yield self._argument(parameter, annotation, default, option, information)

    def fire(self, function: Function) -> Iterator[Argument]:
        for parameter, default in _parameters(function):
            annotation, _ = plain_annotation(parameter.annotation)
            argument = self._argument(parameter, annotation, default, f"--{parameter.arg}", None)
            # Fire reads the value as Python does: True, not a flag with a word for off.
            yield Argument(
                argument.name, argument.line, argument.option, argument.kind, argument.default,
                is_required=default is None,
            )  # fmt: skip

    def _option(self, information: ast.Call | None, usual: str) -> str:
        words = [self._constants.text(word) for word in information.args] if information else []
        spelt = [word for word in words if word is not None and word.startswith("-")]
        return next((word for word in spelt if word.startswith("--")), (spelt or [usual])[0])

    def _argument(
        self,
        parameter: ast.arg,
        annotation: ast.expr | None,
        default: ast.expr | None,
        option: str | None,
        information: ast.Call | None,
    ) -> Argument:
        value = self._constants.value(default)
        given = keywords(information) if information is not None else {}
        kind, choices, is_several = self._annotations.meaning(annotation, value)
        is_number = kind in (ParameterType.INT, ParameterType.FLOAT)
        is_flag = kind is ParameterType.BOOL and option is not None
        choices_text = fitting(default_text(value, kind, default), choices, kind)
        if isinstance(default, ast.Attribute) and choices:
            choices_text = self._annotations.member(default, choices)
        on, _, off = (option or "").partition("/")
        flag = Flag(on, off or f"--no-{on.lstrip('-')}") if is_flag else None
        return Argument(
            parameter.arg,
            parameter.lineno,
            on or None,
            ParameterType.STRING if is_several else kind,
            None if is_several else choices_text,
            is_required=default is None and not is_several,
            flag=flag,
            choices=choices,
            minimum=number_text(self._constants.value(given.get("min"))) if is_number else None,
            maximum=number_text(self._constants.value(given.get("max"))) if is_number else None,
            description=one_line(self._constants.text(given.get("help"))),
            exists=self._exists(given) if kind is ParameterType.PATH else None,
            is_several=is_several and option is None,
        )

    def _exists(self, given: dict[str, ast.expr]) -> bool | None:
        return True if self._constants.value(given.get("exists")) is True else None


def _first(call: ast.Call) -> ast.expr | None:
    """Return the default that `typer.Option(0.1, "--lr")` gives, None for `...`."""
    node = call.args[0] if call.args else keywords(call).get("default")
    is_open = isinstance(node, ast.Constant) and node.value is ...
    return None if is_open else node


def _parameters(function: Function) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    missing = [None] * (len(positional) - len(given.defaults))
    yield from zip(positional, [*missing, *given.defaults], strict=True)
    yield from zip(given.kwonlyargs, given.kw_defaults, strict=True)
