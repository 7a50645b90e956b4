"""`conda.yaml`: channels, conda packages, the pip part, variables.

conda's format, with the author's meaning where conda would lose something: of two `pip:` lists
both count. https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from mlrun.errors import Edit, Location, ProjectError
from mlrun.near_miss import nearest_file
from mlrun.project.model import CondaEnv, CondaRequirement, CondaSpec
from mlrun.project.reading.keys import sort_keys
from mlrun.project.reading.nodes import (
    Document,
    Entry,
    describe,
    is_null,
    is_text,
    read_document,
    shown,
)

_KEYS = ("name", "channels", "dependencies", "variables", "prefix")
_PYTHON_KEYS = ("python", "build_dependencies")
_OWNER = "a conda environment"
_SHAPE = "write lists below `channels:` and `dependencies:`"
_NO_DEFAULTS = "nodefaults"
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CONDA_FORM = re.compile(r"(?P<name>\w[\w.-]*)\s*=\s*(?P<version>[^=\s]+)(?:=\S*)?")


def read_conda_env(env: CondaEnv) -> CondaSpec:
    """Read the file that a project names.

    Raises:
        ProjectError: It is missing or unreadable, or its form is wrong.
    """
    if not env.file.is_file():
        near = nearest_file(env.file)
        raise ProjectError(
            f"there is no environment file '{env.file}'",
            location=env.location,
            hint=f"did you mean '{near}'?" if near else "--env-manager local runs without it",
            rule="missing-environment-file",
        )
    document = read_document(env.file)
    if document.root is None:
        message = f"'{env.file}' is empty"
        raise ProjectError(message, location=env.location, hint=_SHAPE, rule="empty-file")
    return read_conda_document(document)


def read_conda_document(document: Document) -> CondaSpec:
    """Return what a conda environment file says that is read already.

    Raises:
        ProjectError: It is empty, or its form is wrong.
    """
    if document.root is None:
        place = Location(document.file)
        raise ProjectError("the file is empty", location=place, hint=_SHAPE, rule="empty-file")
    return _Reader(document).spec(document.root, document.file)


class _Reader:
    """Reads one file; what is suspicious in it goes into the document's lints."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._packages: list[tuple[str, yaml.Node]] = []
        self._pip: list[tuple[str, yaml.Node]] = []
        self._pip_lists: list[yaml.Node] = []

    def spec(self, root: yaml.Node, file: Path) -> CondaSpec:
        place = self._document.locate
        found = self._known_entries(root)
        channels: list[str] = []
        variables: dict[str, str] = {}
        with self._document.sparing():
            channels = self._channels(found.get("channels"))
        with self._document.sparing():
            for item in self._items(found.get("dependencies"), "`dependencies`"):
                with self._document.sparing():
                    self._dependency(item)
        with self._document.sparing():
            variables = self._variables(found.get("variables"))
        if self._document.is_spared:
            self._remark(found, file)
        return CondaSpec(
            channels=tuple(name for name in channels if name != _NO_DEFAULTS),
            defaults=_NO_DEFAULTS not in channels,
            packages=tuple(CondaRequirement(text, place(node)) for text, node in self._packages),
            pip=tuple(text for text, _ in self._pip),
            variables=variables,
            folder=file.parent,
            file=file,
            location=self._document.locate(root),
            lints=tuple(self._document.lints),
        )

    def _known_entries(self, root: yaml.Node) -> dict[str, Entry]:
        entries = self._document.entries(root, "the conda environment", _SHAPE)
        for key in _PYTHON_KEYS:
            if key in entries:
                raise self._document.error(
                    entries[key].key,
                    "this is a Python environment, not a conda one",
                    "name the file under `python_env`, or write a list below `dependencies:`",
                    rule="python-env-as-conda",
                )
        pip = entries.pop("pip", None)
        if pip is not None:
            self._document.refuse(
                pip.key,
                "`pip` is not a key of a conda environment",
                "write it as the last item of the list below `dependencies:`",
                rule="pip-outside-dependencies",
            )
        keys = sort_keys(self._document, entries, _KEYS, _OWNER)
        for meant, entry in keys.misspelt.items():
            raise self._document.error(
                entry.key,
                f"{shown(entry.key.value)} is not a key of {_OWNER}",
                f"did you mean `{meant}`?",
                rule="misspelt-key",
            )
        return dict(keys.found)

    def _remark(self, found: dict[str, Entry], file: Path) -> None:
        from mlrun.project.environments.conda_remarks import CondaLists, remark_on_conda_file

        lists = CondaLists(self._packages, self._pip, self._pip_lists, found.get("prefix"))
        remark_on_conda_file(self._document, lists, file.parent)

    def _items(self, entry: Entry | None, what: str) -> Iterator[yaml.Node]:
        """Yield the items of a list, without empty ones; a text stands for a list of it."""
        if entry is None or is_null(entry.value):
            return
        if isinstance(entry.value, yaml.MappingNode):
            raise self._document.error(
                entry.value,
                f"{what} must be a list, not a mapping",
                "begin each line with `- `",
                rule="wrong-shape",
            )
        one = isinstance(entry.value, yaml.ScalarNode)
        for node in [entry.value] if one else entry.value.value:
            if not is_null(node):
                yield node

    def _texts(self, node: yaml.Node, what: str, hint: str) -> list[str]:
        """Return the lines of a scalar.

        Raises:
            ProjectError: It is no text to YAML, so that conda would not take it for one.
        """
        if not isinstance(node, yaml.ScalarNode):
            message = f"{what} must be a text, not {describe(node)}"
            raise self._document.error(node, message, hint, rule="wrong-shape")
        if not is_text(node):
            raise self._document.error(
                node,
                f"{node.value} is not a text to YAML, and {what} must be one",
                hint,
                rule="number-as-package",
            )
        return [line.strip() for line in str(node.value).splitlines() if line.strip()]

    def _channels(self, entry: Entry | None) -> list[str]:
        hint = "write its name, its address or its path, in quotes"
        nodes = self._items(entry, "`channels`")
        return [line for node in nodes for line in self._texts(node, "a channel", hint)]

    def _dependency(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            for name, entry in self._document.entries(node, "a dependency").items():
                self._nested(name, entry)
            return
        hint = f"put it in quotes: '{node.value}'" if isinstance(node, yaml.ScalarNode) else _SHAPE
        if isinstance(node, yaml.ScalarNode) and re.match(r"\d", str(node.value)):
            hint = f"if a version is meant, write `python={node.value}`; else put it in quotes"
        self._packages += [(text, node) for text in self._texts(node, "a conda package", hint)]

    def _nested(self, name: str, entry: Entry) -> None:
        if name != "pip":
            raise self._no_package(name, entry)
        if self._pip_lists:
            first = self._document.locate(self._pip_lists[0]).line
            self._document.lint(
                entry.key,
                f"there is a second `pip` list, after the one on line {first}",
                "both are read; conda itself would take the last one alone",
                rule="second-pip-list",
            )
        self._pip_lists.append(entry.key)
        for node in self._items(entry, "`pip`"):
            with self._document.sparing():
                self._pip += [(line, node) for line in self._pip_lines(node)]

    def _pip_lines(self, node: yaml.Node) -> list[str]:
        lines = self._texts(node, "a requirement", "write, say, `- numpy==2.1.0`")
        for line in lines:
            conda = _CONDA_FORM.fullmatch(line)
            if conda:
                raise self._document.error(
                    node,
                    f"{shown(line)} is conda's form of a requirement, in the list for pip",
                    f"write `{conda['name']}=={conda['version']}`",
                    rule="conda-form",
                    edits=self._rewritten(node, f"{conda['name']}=={conda['version']}"),
                )
        return lines

    def _rewritten(self, node: yaml.Node, text: str) -> tuple[Edit, ...]:
        from mlrun.project.environments.remarks import rewritten

        return rewritten(node, text) if self._document.is_spared else ()

    def _variables(self, entry: Entry | None) -> dict[str, str]:
        if entry is None or is_null(entry.value):
            return {}
        hint = "write `NAME: value`"
        found: dict[str, str] = {}
        for name, one in self._document.entries(entry.value, "`variables`", hint).items():
            if _VARIABLE.fullmatch(name) is None:
                message = f"{shown(name)} cannot be the name of a variable"
                hint = "use letters, digits and `_`"
                raise self._document.error(one.key, message, hint, rule="bad-variable")
            text = self._document.python_text(one.value)
            if text is None or not isinstance(one.value, yaml.ScalarNode) or "\0" in text:
                message = f"the variable {name} must be a text, not {describe(one.value)}"
                hint = "write '' for an empty one"
                raise self._document.error(one.value, message, hint, rule="bad-variable")
            found[name] = text
        return found

    def _no_package(self, name: str, entry: Entry) -> ProjectError:
        """Return the error for a mapping among the dependencies that is not `pip`."""
        if not isinstance(entry.value, yaml.ScalarNode):
            from mlrun.near_miss import near_miss

            meant = near_miss(name, ["pip"])
            hint = "did you mean `pip`?" if meant else "only `pip` may have a list of its own"
            message = f"{shown(name)} is no list of packages that can be installed"
            return self._document.error(entry.key, message, hint, rule="unknown-package-list")
        version = str(entry.value.value).strip()
        sign = "" if not version or version[0] in "=<>!~" else "="
        edits: tuple[Edit, ...] = ()
        if self._document.is_spared:
            from mlrun.project.environments.remarks import joined

            edits = joined(entry.key, entry.value, sign)
        return self._document.error(
            entry.key,
            f"{shown(name)} is followed by a colon",
            f"write `- {name}{sign}{version}`",
            rule="package-with-colon",
            edits=edits,
        )
