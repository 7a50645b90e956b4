"""What a script takes whose dataclasses transformers' HfArgumentParser fills."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from mlrun.errors import Location, Problem
from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.annotations import Annotations, plain_annotation
from mlrun.scaffold.constants import Constants
from mlrun.scaffold.found import Argument, Reading, ScriptCommand
from mlrun.scaffold.syntax import called, in_order, keywords
from mlrun.scaffold.value_types import default_text, fitting, help_text, joined


def read_dataclasses(tree: ast.Module, file: Path) -> Reading | None:
    """Return the fields of the classes that an HfArgumentParser is given, None without one."""
    calls = [n for n in in_order(tree) if isinstance(n, ast.Call)]
    parser = next((call for call in calls if called(call) == "HfArgumentParser"), None)
    if parser is None or not parser.args:
        return None
    given = parser.args[0]
    items = given.elts if isinstance(given, (ast.Tuple, ast.List)) else [given]
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    fields = _Fields(tree)
    arguments, notes = [], []
    for item in items:
        name = called(item) or ""
        if name in classes:
            arguments += list(fields.arguments(classes[name]))
            continue
        place = Location(file, item.lineno, item.col_offset + 1)
        message = f"the fields of {ast.unparse(item)} are not read"
        notes.append(Problem(message, place, "-P NAME=VALUE gives one; declare those you use"))
    command = ScriptCommand(None, tuple(arguments))
    return Reading("HfArgumentParser", parser.lineno, (command,), tuple(notes))


class _Fields:
    def __init__(self, tree: ast.Module) -> None:
        self._constants = Constants(tree)
        self._annotations = Annotations(tree, self._constants)

    def arguments(self, cls: ast.ClassDef) -> Iterator[Argument]:
        for statement in cls.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                yield self._argument(statement, statement.target.id)

    def _argument(self, statement: ast.AnnAssign, name: str) -> Argument:
        node, given = statement.value, {}
        is_open = node is None
        if isinstance(node, ast.Call) and called(node) == "field":
            given = keywords(node)
            node = given.get("default")
            is_open = node is None and "default_factory" not in given
        annotation, _ = plain_annotation(statement.annotation)
        kind, choices, is_several = self._annotations.meaning(annotation, None)
        default = self._constants.value(node)
        text = joined(default) if is_several else default_text(default, kind, node)
        if isinstance(node, ast.Attribute) and choices:
            text = self._annotations.member(node, choices)
        if is_open and kind is ParameterType.BOOL:
            text, is_open = "False", False
        return Argument(
            name, statement.lineno, f"--{name}", kind, fitting(text, choices, kind),
            is_required=is_open, choices=choices, is_several=is_several,
            description=self._help(given.get("metadata")),
        )  # fmt: skip

    def _help(self, metadata: ast.expr | None) -> str | None:
        if not isinstance(metadata, ast.Dict):
            return None
        pairs = zip(metadata.keys, metadata.values, strict=True)
        texts = [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == "help"]
        return help_text(self._constants.text(texts[0])) if texts else None
