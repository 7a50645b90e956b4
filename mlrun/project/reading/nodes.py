"""YAML files as nodes that know their place, within limits that no honest file meets.

Nothing is ever constructed from a tag, and every limit holds before memory or time is spent:
the size of the file, the number of nodes after aliases are followed, and the depth.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mlrun.errors import Edit, Location, MlrunError, Problem, ProjectError

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
MAX_DEPTH = 40

_FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_NULL, _TEXT, _MERGE = f"{_TAG}null", f"{_TAG}str", f"{_TAG}merge"
_SAFE_TAGS = frozenset(
    _TAG + name
    for name in (
        *("null", "bool", "int", "float", "binary", "timestamp", "str", "seq", "map"),
        *("omap", "pairs", "set", "merge", "value"),
    )
)
_KIND: dict[type[yaml.Node], str] = {yaml.SequenceNode: "seq", yaml.MappingNode: "map"}
# PyYAML's own, compiled when it was imported: a second one would cost 3 ms at every start.
_NOT_YAML = yaml.reader.Reader.NON_PRINTABLE
_REFUSED_BY_CONSTRUCTOR = (
    yaml.YAMLError, ValueError, LookupError, ArithmeticError, AttributeError, TypeError,
)  # fmt: skip


class Entry(NamedTuple):
    """One key of a mapping, with its value."""

    key: yaml.ScalarNode
    value: yaml.Node


class Document:
    """One YAML file: its nodes, and what turned out to be suspicious in it.

    Attributes:
        file: The file, as messages name it.
        text: All of it.
        root: The top node, None where the file is empty.
        lints: Grows as the file is read.
        errors: What could not be read, where `sparing` let the reading go on.
        is_spared: Whether reading goes on after an error, to find all that is wrong.
    """

    def __init__(self, file: Path, text: str, *, is_spared: bool = False) -> None:
        self.file = file
        self.text = text
        self.lints: list[Problem] = []
        self.errors: list[Problem] = []
        self.root = compose(text, file, self.errors if is_spared else None)
        self.is_spared = is_spared

    def locate(self, node: yaml.Node) -> Location:
        """Return where a node stands."""
        start, end = node.start_mark, node.end_mark
        end_column = end.column + 1 if end.line == start.line else None
        return Location(self.file, start.line + 1, start.column + 1, end_column=end_column)

    def error(
        self,
        node: yaml.Node,
        message: str,
        hint: str | None = None,
        *,
        rule: str | None = None,
        edits: tuple[Edit, ...] = (),
    ) -> ProjectError:
        """Return an error about a node, to be raised."""
        return ProjectError(message, location=self.locate(node), hint=hint, rule=rule, edits=edits)

    def refuse(
        self, node: yaml.Node, message: str, hint: str | None = None, *, rule: str | None = None
    ) -> None:
        """Raise an error about a node; where all that is wrong is to be found, only note it.

        Raises:
            ProjectError: Always, but where `is_spared`.
        """
        error = self.error(node, message, hint, rule=rule)
        if not self.is_spared:
            raise error
        self.errors.extend(error.problems)

    def lint(
        self,
        node: yaml.Node,
        message: str,
        hint: str | None = None,
        *,
        rule: str | None = None,
        edits: tuple[Edit, ...] = (),
    ) -> None:
        """Note that something loads, but is suspicious."""
        self.lints.append(Problem(message, self.locate(node), hint, rule, edits))

    def remark(
        self,
        node: yaml.Node,
        message: str,
        hint: str | None = None,
        *,
        rule: str,
        edits: tuple[Edit, ...] = (),
    ) -> None:
        """Note what is told where all that is wrong is to be found, and not before every run."""
        if self.is_spared:
            self.lint(node, message, hint, rule=rule, edits=edits)

    @contextmanager
    def sparing(self) -> Iterator[None]:
        """Let an error that is raised within end only what is within.

        It does so where all that is wrong is to be found (`is_spared`), and is noted in
        `errors`. Elsewhere, on the way to a run, it is raised as ever.
        """
        try:
            yield
        except MlrunError as error:
            if not self.is_spared:
                raise
            self.errors.extend(error.problems)

    def entries(self, node: yaml.Node, what: str, hint: str | None = None) -> dict[str, Entry]:
        """Return a mapping's entries by key, each key as the text that was written.

        Args:
            node: What must be a mapping.
            what: Names it in messages.
            hint: How it should look, for the message that it is no mapping.

        Raises:
            ProjectError: It is no mapping, a key is given twice, or a key is not plain text.
        """
        if not isinstance(node, yaml.MappingNode):
            # A file that is one text is none of this kind, and may be anybody's password.
            is_all = node is self.root and isinstance(node, yaml.ScalarNode) and not is_null(node)
            message = f"{what} must be a mapping, not {'one text' if is_all else describe(node)}"
            raise self.error(node, message, hint, rule="wrong-shape")
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for name, entry in self._merged(value, what):
                    merged.setdefault(name, entry)
            else:
                self._add(own, key, value)
        return {**merged, **own}

    def _merged(self, node: yaml.Node, what: str) -> Iterator[tuple[str, Entry]]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            yield from self.entries(source, f"what is merged into {what}").items()

    def _add(self, entries: dict[str, Entry], key: yaml.Node, value: yaml.Node) -> None:
        if not isinstance(key, yaml.ScalarNode):
            self.refuse(
                key,
                f"a key must be plain text, not {describe(key)}",
                "put it in quotes if braces or brackets are part of the text",
                rule="wrong-shape",
            )
        elif key.value in entries:
            first = self.locate(entries[key.value].key)
            self.refuse(
                key,
                f"the key {shown(key.value)} is given twice, first on line {first.line}",
                "remove or rename one of the two",
                rule="duplicate-key",
            )
        else:
            entries[key.value] = Entry(key, value)

    def python_text(self, node: yaml.Node) -> str | None:
        """Return the text that MLflow would pass: `str()` of what `yaml.safe_load` gives.

        A scalar that looks like a date or a number and is none (`2024-02-31`) is the text
        that was written. None stands for null.

        Raises:
            ProjectError: A list or mapping holds what Python cannot.
        """
        if node.tag in (_NULL, _TEXT) and isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL else str(node.value)
        try:
            return str(yaml.constructor.SafeConstructor().construct_object(node, deep=True))
        except _REFUSED_BY_CONSTRUCTOR as refused:
            if isinstance(node, yaml.ScalarNode):
                return str(node.value)
            message, hint = "this value cannot be read", "put it in quotes"
            raise self.error(node, message, hint, rule="wrong-shape") from refused


def read_document(file: Path, *, is_spared: bool = False) -> Document:
    """Read a YAML file.

    Args:
        file: The file.
        is_spared: Whether what is read from it goes on after an error; see `Document.sparing`.

    Raises:
        ProjectError: It cannot be read, is too large, is not UTF-8, is not YAML, or uses what
            no project file needs (tags, aliases that multiply, great depth).
    """
    return Document(file, read_text(file), is_spared=is_spared)


def read_text(file: Path) -> str:
    """Return the text of a UTF-8 file of at most `MAX_BYTES`, without a byte order mark.

    Raises:
        ProjectError: It cannot be read, is too large, or is not UTF-8.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"the file cannot be read: {reason}"
        raise ProjectError(message, location=Location(file), rule="unreadable") from error
    if len(data) > MAX_BYTES:
        raise ProjectError(
            f"the file is larger than {MAX_BYTES >> 20} MiB, which no project file is",
            location=Location(file),
            rule="too-large",
        )
    return _decode(data, file)


def _decode(data: bytes, file: Path) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        raise ProjectError(
            "the file is UTF-16 or UTF-32 text",
            location=Location(file),
            hint="save it as UTF-8",
            rule="unreadable",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        raise ProjectError(
            f"the byte 0x{data[error.start]:02x} is not UTF-8",
            location=location_at(file, before, len(before)),
            hint="save the file as UTF-8",
            rule="unreadable",
        ) from None


def compose(text: str, file: Path, unsafe_tags: list[Problem] | None = None) -> yaml.Node | None:
    """Return the top node of a YAML text, None for an empty one.

    Args:
        text: What to read.
        file: Where it is from.
        unsafe_tags: Takes what would be raised about a tag, which is then as if it were not
            there; None to have it raised.

    Raises:
        ProjectError: It is not YAML, or exceeds a limit.
    """
    bad = _NOT_YAML.search(text)
    if bad:
        raise ProjectError(
            f"the control character U+{ord(bad.group()):04X} is not allowed in YAML",
            location=location_at(file, text, bad.start()),
            hint="remove it, or write it as an escape in double quotes",
            rule="unreadable",
        )
    root = _compose(text, file)
    if root is not None:
        _Walk(file, unsafe_tags).measure(root, 0)
        if not text.isascii():
            from mlrun.project.reading.hidden_blanks import refuse_hidden_blanks

            refuse_hidden_blanks(root, text, file)
    return root


def _compose(text: str, file: Path) -> yaml.Node | None:
    # The two parsers differ at the edges; MLflow uses the slow one, so it has the last word.
    try:
        return _compose_with(_FAST_LOADER, text, file)
    except yaml.YAMLError:
        pass
    try:
        return _compose_with(yaml.SafeLoader, text, file)
    except yaml.YAMLError as error:
        from mlrun.project.reading.yaml_errors import explain

        raise explain(error, text, file) from None


def _compose_with(loader: Any, text: str, file: Path) -> yaml.Node | None:
    depth = count = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        count += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH or count > MAX_NODES:
            mark = event.start_mark
            raise _too_much(Location(file, mark.line + 1 if mark else None))
    root: yaml.Node | None = yaml.compose(text, Loader=loader)
    return root


def _too_much(location: Location) -> ProjectError:
    return ProjectError(
        f"the file nests deeper than {MAX_DEPTH} levels or holds more than {MAX_NODES} values,"
        " counting what its aliases repeat",
        location=location,
        rule="too-large",
    )


class _Walk:
    """Measures nodes as if every alias were written out, each node once."""

    def __init__(self, file: Path, unsafe_tags: list[Problem] | None) -> None:
        self._file = file
        self._unsafe_tags = unsafe_tags
        self._measured: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def measure(self, node: yaml.Node, level: int) -> tuple[int, int]:
        """Return how many nodes and how many levels a node stands for."""
        known = self._measured.get(id(node))
        if known is None:
            self._enter(node, level)
            parts = [self.measure(child, level + 1) for child in _children(node)]
            self._open.discard(id(node))
            known = (1 + sum(n for n, _ in parts), 1 + max((d for _, d in parts), default=0))
            self._measured[id(node)] = known
        if known[0] > MAX_NODES or level + known[1] > MAX_DEPTH + 1:
            raise _too_much(self._place(node))
        return known

    def _enter(self, node: yaml.Node, level: int) -> None:
        if id(node) in self._open:
            message = "this value contains itself"
            raise ProjectError(message, location=self._place(node), rule="too-large")
        if level > MAX_DEPTH:
            raise _too_much(self._place(node))
        if node.tag not in _SAFE_TAGS:
            self._refuse_tag(node)
        self._open.add(id(node))

    def _refuse_tag(self, node: yaml.Node) -> None:
        error = ProjectError(
            f"the tag {shown(node.tag)} is not one that a project file may use",
            location=self._place(node),
            hint="put the value in quotes if the exclamation mark is part of the text",
            rule="unsafe-tag",
        )
        if self._unsafe_tags is None:
            raise error
        self._unsafe_tags.extend(error.problems)
        node.tag = _TAG + _KIND.get(type(node), "str")

    def _place(self, node: yaml.Node) -> Location:
        return Location(self._file, node.start_mark.line + 1, node.start_mark.column + 1)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value


def is_null(node: yaml.Node) -> bool:
    """Return whether a node is YAML's null: nothing, `~` or `null`."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


def is_text(node: yaml.Node) -> bool:
    """Return whether a node is a string to YAML (not a number, a date, a boolean)."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _TEXT


def scalar(node: yaml.Node) -> str | None:
    """Return a scalar as it was written (`3.10`, not `3.1`), None for null and collections."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) and node.tag != _NULL else None


def describe(node: yaml.Node) -> str:
    """Return what a node is, in words."""
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "empty" if is_null(node) else shown(str(node.value))


def shown(text: str, limit: int = 60) -> str:
    """Return a user's text in quotes, short, and with nothing a terminal would act on."""
    return repr(text if len(text) <= limit else text[: limit - 3] + "...")


def location_at(file: Path, text: str, index: int) -> Location:
    """Return the place of a character in a text."""
    before = text[:index].splitlines(keepends=True)
    if not before or before[-1].endswith(("\n", "\r")):
        return Location(file, len(before) + 1, 1)
    return Location(file, len(before), len(before[-1]) + 1)
