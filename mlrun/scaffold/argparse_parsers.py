"""Which parsers of argparse a script makes, and what is added to each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from mlrun.scaffold.constants import Constants
from mlrun.scaffold.syntax import called, in_order, keywords

_ADDING = "add_argument"
_GROUPING = ("add_argument_group", "add_mutually_exclusive_group")
_METHODS = (_ADDING, "add_subparsers", "add_parser", "set_defaults", *_GROUPING)


@dataclass(slots=True)
class Parser:
    """One parser.

    Attributes:
        call: What makes it; None for one that the script is given.
        name: Of the subcommand that it is for.
        over: The parser whose subcommand that is.
        arguments: Calls of `add_argument`, in order.
        parents: Parsers whose arguments it takes over.
        defaults: Values that `set_defaults` gives.
    """

    call: ast.Call | None
    name: str | None = None
    over: Parser | None = None
    arguments: list[ast.Call] = field(default_factory=list)
    parents: list[Parser] = field(default_factory=list)
    defaults: dict[str, ast.expr] = field(default_factory=dict)

    def all_arguments(self) -> Iterator[ast.Call]:
        """Yield its arguments, those of its parents first."""
        for parent in self.parents:
            if parent is not self:
                yield from parent.all_arguments()
        yield from self.arguments


class Parsers:
    """The parsers of a script, found in the order of its text.

    A name stands for what was last assigned to it above; a parser that a function is given
    stands for the script's first one.

    Attributes:
        roots: Those that are no subcommand's.
        subparsers: Those that are one's, in order.
        unnamed: Calls of `add_parser` whose name cannot be seen.
    """

    def __init__(self, tree: ast.Module, constants: Constants) -> None:
        self.roots: list[Parser] = []
        self.subparsers: list[Parser] = []
        self.unnamed: list[ast.Call] = []
        self._constants = constants
        self._given = Parser(None)
        self._named: dict[str, Parser] = {}
        self._made: dict[ast.Call, Parser | None] = {}
        for node in in_order(tree):
            self._take(node)
        self._settle()

    def _take(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            self._assign(node.targets[0], node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._assign(node.target, node.value)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._assign(node.optional_vars, node.context_expr)
        elif isinstance(node, ast.Call):
            self._parser_of(node)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        parser = self._parser_of(value) if isinstance(value, ast.Call) else None
        if parser is not None:
            self._named[ast.unparse(target)] = parser

    def _parser_of(self, node: ast.expr) -> Parser | None:
        """Return the parser that an expression is, or that its group belongs to."""
        if not isinstance(node, ast.Call):
            if not isinstance(node, (ast.Name, ast.Attribute)):
                return None
            return self._named.get(ast.unparse(node), self._given)
        if node not in self._made:
            self._made[node] = None
            self._made[node] = self._made_by(node)
        return self._made[node]

    def _made_by(self, call: ast.Call) -> Parser | None:
        name = called(call) or ""
        if name.endswith("ArgumentParser") and not name.startswith("Hf"):
            parser = Parser(call, parents=self._parents(call))
            self.roots.append(parser)
            return parser
        if name not in _METHODS or not isinstance(call.func, ast.Attribute):
            return None
        owner = self._parser_of(call.func.value)
        if owner is None:
            return None
        if name == _ADDING:
            owner.arguments.append(call)
            return None
        if name == "add_parser":
            return self._subparser(call, owner)
        if name == "set_defaults":
            owner.defaults.update(keywords(call))
        return owner

    def _subparser(self, call: ast.Call, over: Parser) -> Parser | None:
        name = self._constants.text(call.args[0]) if call.args else None
        if name is None:
            self.unnamed.append(call)
            return None
        parser = Parser(call, name, over, parents=self._parents(call))
        self.subparsers.append(parser)
        return parser

    def _parents(self, call: ast.Call) -> list[Parser]:
        node = keywords(call).get("parents")
        if not isinstance(node, (ast.List, ast.Tuple)):
            return []
        found = [self._parser_of(item) for item in node.elts]
        return [parser for parser in found if parser is not None and parser is not self._given]

    def _settle(self) -> None:
        """Take parsers for parents only from the roots; give the first what functions add."""
        every = [*self.roots, *self.subparsers]
        parents = {id(parent) for parser in every for parent in parser.parents}
        self.roots = [root for root in self.roots if id(root) not in parents]
        if self.roots:
            self.roots[0].arguments[:0] = self._given.arguments
            for parser in self.subparsers:
                parser.over = self.roots[0] if parser.over is self._given else parser.over
        elif self._given.arguments or self.subparsers:
            self.roots = [self._given]
