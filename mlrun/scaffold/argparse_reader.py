"""What a script takes that parses its arguments with argparse."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from mlrun.errors import Location, Problem
from mlrun.project.model import Flag
from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.argparse_parsers import Parser, Parsers
from mlrun.scaffold.constants import UNKNOWN, Constants
from mlrun.scaffold.found import Argument, Reading, ScriptCommand
from mlrun.scaffold.syntax import called, keywords
from mlrun.scaffold.value_types import (
    ValueType,
    choice_texts,
    default_text,
    fitting,
    help_text,
    joined,
    value_type,
)

_SILENT = ("help", "version")
_SWITCHES = ("store_true", "store_false", "store_const", "append_const", "count")


def read_argparse(tree: ast.Module, file: Path) -> Reading | None:
    """Return what a script's parsers take, None where it has none.

    Args:
        tree: The script.
        file: Where it is, for notes.
    """
    return _Reader(tree, file).reading()


class _Reader:
    def __init__(self, tree: ast.Module, file: Path) -> None:
        self._constants = Constants(tree)
        self._parsers = Parsers(tree, self._constants)
        self._file = file
        self._notes: list[Problem] = []

    def reading(self) -> Reading | None:
        roots, subparsers = self._parsers.roots, self._parsers.subparsers
        calls = [call for parser in (*roots, *subparsers) for call in _places(parser)]
        if not calls:
            return None
        for call in self._parsers.unnamed:
            self._note(call, "the name of this subcommand is not written out", "it is left out")
        leaves = [parser for parser in subparsers if not any(s.over is parser for s in subparsers)]
        commands = [self._subcommand(leaf) for leaf in leaves] or [self._command(roots)]
        notes = tuple(dict.fromkeys(self._notes))
        return Reading("argparse", min(call.lineno for call in calls), tuple(commands), notes)

    def _note(self, node: ast.expr, message: str, hint: str | None = None) -> None:
        place = Location(self._file, node.lineno, node.col_offset + 1)
        self._notes.append(Problem(message, place, hint))

    def _command(self, roots: list[Parser]) -> ScriptCommand:
        words = [argument for root in roots for argument in self._arguments(root)]
        return ScriptCommand(None, tuple(words), self._described(roots[0], "description"))

    def _subcommand(self, parser: Parser) -> ScriptCommand:
        words: list[str | Argument] = []
        names: list[str] = []
        step: Parser | None = parser
        while step is not None:
            own = list(self._arguments(step))
            words = [*([step.name] if step.name is not None else []), *own, *words]
            names = [*([step.name] if step.name is not None else []), *names]
            step = step.over
        description = self._described(parser, "help") or self._described(parser, "description")
        return ScriptCommand("-".join(names), tuple(words), description)

    def _described(self, parser: Parser, key: str) -> str | None:
        if parser.call is None:
            return None
        return help_text(self._constants.text(keywords(parser.call).get(key)))

    def _arguments(self, parser: Parser) -> Iterator[Argument]:
        seen: set[str] = set()
        for call in parser.all_arguments():
            argument = self._argument(call, parser)
            # What stands in two branches is one argument.
            if argument is not None and (argument.option or argument.name) not in seen:
                seen.add(argument.option or argument.name)
                yield argument

    def _argument(self, call: ast.Call, parser: Parser) -> Argument | None:
        names = [self._constants.text(name) for name in call.args]
        given = keywords(call)
        spellings = [name for name in names if name is not None]
        if len(spellings) < len(names) or not (spellings or "dest" in given):
            self._note(call, "the name of this argument is not written out", "it is left out")
            return None
        options = [name for name in spellings if name.startswith("-")]
        option = next((o for o in options if o.startswith("--")), options[0] if options else None)
        dest = self._constants.text(given.get("dest"))
        name = option.lstrip("-") if option is not None else (spellings or [dest or ""])[0]
        if option is not None and len(name) == 1 and dest:
            name = dest
        key = dest or name.replace("-", "_")
        default = parser.defaults.get(key, given.get("default"))
        return self._with_action(call, name, option, {**given, "default": default})

    def _with_action(
        self, call: ast.Call, name: str, option: str | None, given: dict[str, ast.expr | None]
    ) -> Argument | None:
        node = given.get("action")
        constant = self._constants.value(node)
        action = constant if isinstance(constant, str) else called(node) if node else None
        text = help_text(self._constants.text(given.get("help")))
        if action in _SILENT or (action is not None and not option):
            return None
        if action in (*_SWITCHES, "BooleanOptionalAction") and set(option or "") & set("/ \t\n"):
            self._note(call, f"{option!r} cannot stand for a flag", "it is left out")
            return None
        if action == "BooleanOptionalAction" and option is not None:
            off = f"--no-{option[2:]}"
            default = self._constants.value(given["default"])
            return Argument(
                name, call.lineno, option, ParameterType.BOOL, description=text,
                default=str(default) if isinstance(default, bool) else None,
                is_required=self._is_true(given.get("required")), flag=Flag(option, off),
            )  # fmt: skip
        if action in _SWITCHES and option is not None:
            if action == "count":
                self._note(call, f"{option} counts how often it is given",
                           "here it is given once, or not at all")  # fmt: skip
            return Argument(name, call.lineno, option, ParameterType.BOOL, "False",
                            flag=Flag(option), description=text)  # fmt: skip
        if action in ("append", "extend"):
            self._note(call, f"{option} may be given several times", "here it is given once")
        return self._with_value(call, name, option, given, text)

    def _with_value(
        self,
        call: ast.Call,
        name: str,
        option: str | None,
        given: dict[str, ast.expr | None],
        description: str | None,
    ) -> Argument:
        kind, default_node = value_type(given.get("type")), given["default"]
        count = self._constants.value(given.get("nargs"))
        if kind.is_truth_of_text:
            self._note(call, f"type=bool takes any text but an empty one for true ({name})",
                       "use action=argparse.BooleanOptionalAction")  # fmt: skip
        is_several = count not in (None, "?", 1)
        default = self._default(default_node, kind, is_several=is_several)
        scalar = ParameterType.STRING if default == "-" else kind.kind
        choices, low, high = self._choices(given.get("choices"), scalar)
        is_optional = count in ("?", "*") or (option is not None) or default is not None
        return Argument(
            name,
            call.lineno,
            option,
            ParameterType.STRING if is_several else scalar,
            default if is_several else fitting(default, choices, scalar),
            is_required=self._is_true(given.get("required")) or not is_optional,
            choices=() if is_several else choices,
            minimum=None if is_several else low,
            maximum=None if is_several else high,
            description=description,
            exists=kind.exists,
            is_several=is_several,
        )

    def _is_true(self, node: ast.expr | None) -> bool:
        return self._constants.value(node) is True

    def _default(self, node: ast.expr | None, kind: ValueType, *, is_several: bool) -> str | None:
        value = self._constants.value(node)
        if is_several:
            return joined(value)
        if kind.is_truth_of_text:
            return None
        return default_text(value, kind.kind, node)

    def _choices(
        self, node: ast.expr | None, kind: ParameterType
    ) -> tuple[tuple[str, ...], str | None, str | None]:
        value = self._constants.value(node)
        if isinstance(value, range) and value and kind is ParameterType.INT:
            if abs(value.step) == 1:
                return (), str(min(value)), str(max(value))
            value = list(value) if len(value) <= 20 else UNKNOWN
        return choice_texts(value, kind), None, None


def _places(parser: Parser) -> Iterator[ast.Call]:
    if parser.call is not None:
        yield parser.call
    yield from parser.arguments
