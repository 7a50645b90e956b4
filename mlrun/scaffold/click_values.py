"""What click makes of one option or argument."""

from __future__ import annotations

import ast

from mlrun.project.model import Flag
from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.constants import UNKNOWN, Constants
from mlrun.scaffold.found import Argument
from mlrun.scaffold.syntax import called, keywords
from mlrun.scaffold.value_types import (
    choice_texts,
    default_text,
    fitting,
    is_writing,
    kind_of_default,
    number_text,
    one_line,
    value_type,
)

Habit = tuple[str, str]
"""What is only half understood, and what was made of it."""

_RANGES = {"IntRange": ParameterType.INT, "FloatRange": ParameterType.FLOAT}


class ClickValues:
    """Reads the calls of `click.option` and `click.argument`.

    Args:
        constants: The values of the script's expressions.
    """

    def __init__(self, constants: Constants) -> None:
        self._constants = constants

    def option(self, call: ast.Call, names: list[str]) -> tuple[Argument | None, Habit | None]:
        """Return an option, and what is to be said of it; None for what stops the program.

        Args:
            call: Of `click.option`.
            names: Its names: spellings, and the variable's.
        """
        given = keywords(call)
        spellings = [name for name in names if name.startswith("-")]
        if not spellings:
            return None, None
        long = next((name for name in spellings if name.startswith("--")), spellings[0])
        on, _, off = (part.strip() for part in long.partition("/"))
        named = [name for name in names if name.isidentifier()]
        name = on.lstrip("-") if len(on) > 2 else (named or [on.lstrip("-")])[0]
        if self._is_flag(given, off):
            return self._flag(call, name, Flag(on, off or None), given), None
        if self._is_true(given.get("count")):
            counted = (f"{on} counts how often it is given", "here it is given once, or not at all")
            return self._flag(call, name, Flag(on), {}), counted
        many = self._is_true(given.get("multiple"))
        argument = self._valued(call, name, on, given, is_many=many)
        is_several = self._constants.value(given.get("nargs")) not in (None, 1)
        habit = (f"{on} may be given several times", "here it is given once") if many else None
        return (
            _several(argument, required=argument.is_required) if is_several else argument,
            habit,
        )

    def positional(self, call: ast.Call, names: list[str]) -> tuple[Argument | None, Habit | None]:
        """Return an argument that has its place.

        Args:
            call: Of `click.argument`.
            names: Its name.
        """
        given = keywords(call)
        argument = self._valued(call, names[0], None, given, is_many=False)
        count = self._constants.value(given.get("nargs"))
        if count not in (None, 1):
            required = count != -1 or self._is_true(given.get("required"))
            return _several(argument, required=required), None
        return argument, None

    def _is_true(self, node: ast.expr | None) -> bool:
        return self._constants.value(node) is True

    def _is_flag(self, given: dict[str, ast.expr], off: str) -> bool:
        return bool(off) or self._is_true(given.get("is_flag")) or "flag_value" in given

    def _flag(self, call: ast.Call, name: str, flag: Flag, given: dict[str, ast.expr]) -> Argument:
        default = self._constants.value(given.get("default"))
        # A flag without a word for off is off where it is left out, whatever its default is.
        known = default if isinstance(default, bool) and flag.off else False
        is_open = flag.off is not None and default is UNKNOWN
        return Argument(
            name, call.lineno, flag.on, ParameterType.BOOL,
            None if is_open else str(known), flag=flag, description=self._help(given),
        )  # fmt: skip

    def _valued(
        self,
        call: ast.Call,
        name: str,
        option: str | None,
        given: dict[str, ast.expr],
        *,
        is_many: bool,
    ) -> Argument:
        node = given.get("default")
        value = self._constants.value(node)
        kind, exists = self._kind(given.get("type"), value)
        choices = self._choices(given.get("type"))
        default = None if is_many else fitting(default_text(value, kind, node), choices, kind)
        low, high = self._bounds(given.get("type"))
        if kind is ParameterType.PATH and default == "-":
            kind = ParameterType.STRING
        asks = "prompt" in given and self._constants.value(given["prompt"]) is not False
        required = self._constants.value(given.get("required"))
        is_required = required is True or (option is None and required is not False) or asks
        has_other = ("default" in given and value is not None) or "envvar" in given
        return Argument(
            name, call.lineno, option, kind, default,
            is_required=is_required and not has_other and default is None,
            choices=choices, minimum=low, maximum=high,
            description=self._help(given), exists=exists,
        )  # fmt: skip

    def _help(self, given: dict[str, ast.expr]) -> str | None:
        return one_line(self._constants.text(given.get("help")))

    def _kind(self, node: ast.expr | None, default: object) -> tuple[ParameterType, bool | None]:
        if node is None:
            return kind_of_default(default), None
        name = called(node)
        if isinstance(node, ast.Call):
            if name == "Path":
                return ParameterType.PATH, self._is_true(keywords(node).get("exists"))
            if name == "File":
                return ParameterType.PATH, not is_writing(node)
            return _RANGES.get(name or "", ParameterType.STRING), None
        if name == "bool":
            return ParameterType.BOOL, None
        if name == "Path" and ast.unparse(node) == "click.Path":
            return ParameterType.PATH, False
        found = value_type(node)
        return found.kind, found.exists

    def _choices(self, node: ast.expr | None) -> tuple[str, ...]:
        if not isinstance(node, ast.Call) or called(node) != "Choice" or not node.args:
            return ()
        if "case_sensitive" in keywords(node):
            return ()
        return choice_texts(self._constants.value(node.args[0]), ParameterType.STRING)

    def _bounds(self, node: ast.expr | None) -> tuple[str | None, str | None]:
        if not isinstance(node, ast.Call) or called(node) not in _RANGES:
            return None, None
        given = keywords(node)
        if "clamp" in given:
            return None, None
        nodes = {**dict(zip(("min", "max"), node.args, strict=False)), **given}
        low, high = (
            self._constants.value(nodes.get(key)) if f"{key}_open" not in given else None
            for key in ("min", "max")
        )
        return number_text(low), number_text(high)


def _several(argument: Argument, *, required: bool) -> Argument:
    return Argument(
        argument.name, argument.line, argument.option, is_required=required,
        description=argument.description, is_several=True,
    )  # fmt: skip
