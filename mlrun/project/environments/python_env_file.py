"""`python_env.yaml`: the Python, and what to install, as pip and uv understand it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml

from mlrun.errors import Edit, Location, ProjectError
from mlrun.near_miss import nearest_file
from mlrun.project.model import PythonEnv, PythonEnvFile
from mlrun.project.reading.keys import sort_keys
from mlrun.project.reading.nodes import (
    Document,
    Entry,
    describe,
    is_null,
    is_text,
    read_document,
    scalar,
    shown,
)

PACKAGING_SUFFIXES = (".toml", ".txt", ".in")
"""Of files below `python_env` that are no YAML: a `pyproject.toml`, or a list of requirements."""

_KEYS = ("python", "build_dependencies", "dependencies")
_SHAPE = "write `python: '3.11'`, and lists below `build_dependencies:` and `dependencies:`"
_CONDA_HINT = "name it under `conda_env`, or write its requirements as pip takes them"
_VERSION = r"\d+(?:\.\d+){0,2}(?:(?:a|b|rc)\d+)?"
_EXACT = re.compile(rf"(?:=|==|===)?(?P<version>{_VERSION})(?:\.\*|=[\w.]*)?")
_RANGE = r"(?:[<>]=?|~=|!=|==)\d[\w.*]*(?:,(?:[<>]=?|~=|!=|==)\d[\w.*]*)*"
_PYTHON_REQUIREMENT = re.compile(r"python\s*(?P<rest>[=<>~!].*)?", re.IGNORECASE)
_CONDA_REQUIREMENT = re.compile(r"(?P<name>\w[\w.-]*)\s*=\s*(?P<version>[^=\s]+)(?:=\S*)?")
_OPERATORS = tuple("=<>~!")

Requirement = tuple[str, yaml.Node]
"""A line, and the node that it stands in."""


def read_python_env(spec: PythonEnvFile | PythonEnv) -> PythonEnv:
    """Return the Python environment that a project asks for, reading its file if it has one.

    Raises:
        ProjectError: The file is missing or unreadable, or its form is wrong.
    """
    if isinstance(spec, PythonEnv):
        return spec
    if not spec.file.is_file():
        near = nearest_file(spec.file)
        raise ProjectError(
            f"there is no environment file '{spec.file}'",
            location=spec.location,
            hint=f"did you mean '{near}'?" if near else "--env-manager local runs without it",
            rule="missing-environment-file",
        )
    if spec.file.suffix.lower() in PACKAGING_SUFFIXES:
        from mlrun.project.environments.packaging_files import read_packaging_file

        return read_packaging_file(spec)
    document = read_document(spec.file)
    if document.root is None:
        message = f"'{spec.file}' is empty"
        raise ProjectError(message, location=spec.location, hint=_SHAPE, rule="empty-file")
    return read_python_document(document)


def read_python_document(document: Document) -> PythonEnv:
    """Return what a `python_env.yaml` says that is read already.

    Raises:
        ProjectError: It is empty, or its form is wrong.
    """
    if document.root is None:
        place = Location(document.file)
        raise ProjectError("the file is empty", location=place, hint=_SHAPE, rule="empty-file")
    return python_env_from(document, document.root, document.file.parent, document.file)


def python_env_from(
    document: Document, node: yaml.Node, folder: Path, file: Path | None
) -> PythonEnv:
    """Return the environment that a node describes.

    Args:
        document: Where the node is from.
        node: The mapping.
        folder: What relative paths in it are relative to.
        file: The environment file, None where the project file holds it all.

    Raises:
        ProjectError: Its form is wrong, or it is a conda environment.
    """
    already = len(document.lints)
    found = _known(document, node)
    build = _requirements(document, found.get("build_dependencies"))
    wanted = _requirements(document, found.get("dependencies"))
    python = None
    with document.sparing():
        python = _python(document, found.get("python"))
    for text, source in [*build, *wanted]:
        with document.sparing():
            _refuse_conda_form(document, text, source)
            python = _python_among(document, text, source, python) or python
    if document.is_spared:
        _remark(document, node, found, (build, wanted), folder, python)
    return PythonEnv(
        python=python,
        build_dependencies=_without_python(build),
        dependencies=_without_python(wanted),
        folder=folder,
        file=file,
        location=document.locate(node),
        lints=tuple(document.lints[already:]) if file is not None else (),
    )


def _known(document: Document, node: yaml.Node) -> Mapping[str, Entry]:
    """Return the entries of the mapping that an environment knows."""
    entries = document.entries(node, "the Python environment", _SHAPE)
    if "channels" in entries:
        raise document.error(
            entries["channels"].key,
            "this is a conda environment, not a Python one",
            _CONDA_HINT,
            rule="conda-as-python-env",
        )
    owner = "a Python environment"
    keys = sort_keys(document, entries, _KEYS, owner)
    for meant, entry in keys.misspelt.items():
        raise document.error(
            entry.key,
            f"{shown(entry.key.value)} is not a key of {owner}",
            f"did you mean `{meant}`?",
            rule="misspelt-key",
        )
    return keys.found


def _remark(
    document: Document,
    node: yaml.Node,
    found: Mapping[str, Entry],
    lists: Iterable[list[Requirement]],
    folder: Path,
    python: str | None,
) -> None:
    from mlrun.project.environments.python_env_remarks import remark_on_form
    from mlrun.project.environments.remarks import remark_on_pip_lines

    remark_on_form(document, node, found, python)
    for requirements in lists:
        remark_on_pip_lines(document, requirements, folder)


def _python(document: Document, entry: Entry | None) -> str | None:
    if entry is None or is_null(entry.value):
        return None
    # As written: to YAML, an unquoted 3.10 is the number 3.1.
    text = scalar(entry.value)
    if text is None:
        message = f"`python` must be a version, not {describe(entry.value)}"
        raise document.error(entry.value, message, _SHAPE, rule="bad-python-version")
    return python_version(document, text, entry.value)


def python_version(document: Document, text: str, node: yaml.Node) -> str:
    """Return the version that a text asks for: `3.8` for `python == 3.8`, or a range.

    Raises:
        ProjectError: It asks for no version.
    """
    plain = re.sub(r"\s+|^\s*c?python-?", "", text.strip(), flags=re.IGNORECASE)
    exact = _EXACT.fullmatch(plain)
    if exact:
        return exact["version"]
    if re.fullmatch(_RANGE, plain):
        return plain
    raise document.error(
        node,
        f"{shown(text)} is no version of Python",
        "write, say, '3.11' or '>=3.9,<3.13'",
        rule="bad-python-version",
    )


def _requirements(document: Document, entry: Entry | None) -> list[Requirement]:
    if entry is None or is_null(entry.value):
        return []
    if isinstance(entry.value, yaml.ScalarNode):
        lines = [line.strip() for line in str(entry.value.value).splitlines()]
        return [(line, entry.value) for line in lines if line]
    return list(_lines(document, entry.value))


def _lines(document: Document, node: yaml.Node) -> Iterator[Requirement]:
    """Yield requirements from a list, from `pip:` lists in it, and from `name: version`."""
    if isinstance(node, yaml.ScalarNode):
        if not is_null(node) and str(node.value).strip():
            yield str(node.value).strip(), node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            with document.sparing():
                yield from _lines(document, item)
    else:
        for name, entry in document.entries(node, "a list of requirements").items():
            yield from _pair(document, name, entry)


def _pair(document: Document, name: str, entry: Entry) -> Iterator[Requirement]:
    if isinstance(entry.value, yaml.SequenceNode) and name == "pip":
        yield from _lines(document, entry.value)
    elif isinstance(entry.value, yaml.ScalarNode):
        version = scalar(entry.value) or ""
        sign = "" if not version or version.startswith(_OPERATORS) else "=="
        yield f"{name}{sign}{version}", entry.key
    else:
        raise document.error(
            entry.key,
            f"{shown(name)} is no requirement",
            "write, say, `- numpy==2.1.0`",
            rule="bad-requirement",
        )


def _python_among(document: Document, text: str, node: yaml.Node, known: str | None) -> str | None:
    """Return the version where conda's habit put Python among the requirements.

    Where the version is known already, that one holds.
    """
    python = _PYTHON_REQUIREMENT.fullmatch(text)
    if python is None:
        return None
    message = f"{shown(text)} asks for Python itself"
    if known is not None:
        message, hint = f"{message}, and {known} is taken", "remove it"
    else:
        hint = "write it as `python: VERSION`"
    document.lint(node, message, hint, rule="python-as-requirement")
    is_wanted = known is None and python["rest"]
    return python_version(document, python["rest"], node) if is_wanted else None


def _refuse_conda_form(document: Document, text: str, node: yaml.Node) -> None:
    conda = _CONDA_REQUIREMENT.fullmatch(text)
    if conda and conda["name"].lower() != "python":
        meant = f"{conda['name']}=={conda['version']}"
        raise document.error(
            node,
            f"{shown(text)} is conda's form of a requirement",
            f"write `{meant}`",
            rule="conda-form",
            edits=_rewritten(document, node, meant),
        )


def _rewritten(document: Document, node: yaml.Node, text: str) -> tuple[Edit, ...]:
    from mlrun.project.environments.remarks import rewritten

    return rewritten(node, text) if document.is_spared and is_text(node) else ()


def _without_python(requirements: list[Requirement]) -> tuple[str, ...]:
    return tuple(text for text, _ in requirements if not _PYTHON_REQUIREMENT.fullmatch(text))
