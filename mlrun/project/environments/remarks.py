"""What is told of requirements where all that is wrong is to be found, and not before every run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import yaml

from mlrun.errors import Edit
from mlrun.project.reading.nodes import Document, is_null, is_text, shown

Requirement = tuple[str, yaml.Node]
"""A line, and the node that it stands in."""

_PIP_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?=\s*(?:\[|[=<>~!]=?|===|$))")
_CONDA_NAME = re.compile(r"(?:[\w./:-]+::)?(?P<name>[A-Za-z0-9_][\w.-]*)")
_NAMED_FILE = re.compile(
    r"(?:-r|-c|--requirement|--constraint)(?:\s*=\s*|\s+|(?<=^-[rc]))(?P<file>[^\s#-].*?)(?:\s+#.*)?$"
)
_BUILD = re.compile(r"(?P<kept>[\w.:/-]+==?[^=\s,|]+)=[^=\s*]+")
_EXACT_MINOR = re.compile(r"python\s*==\s*(?P<version>\d+\.\d+)", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.][\w.=<>~!-]*", re.ASCII)


def rewritten(node: yaml.Node, text: str) -> tuple[Edit, ...]:
    """Return the edit that gives a text another content, none where it needs more than that.

    Args:
        node: A scalar that stands on one line.
        text: Letters, digits and signs of versions, which mean nothing to YAML.
    """
    start, end = node.start_mark, node.end_mark
    style = getattr(node, "style", None) or ""
    if start.line != end.line or style not in ("", "'", '"') or not _PLAIN.fullmatch(text):
        return ()
    quote = style or ("'" if re.fullmatch(r"[\d._]+", text) else "")
    return (Edit(start.index, end.index, f"{quote}{text}{quote}"),)


def joined(key: yaml.Node, value: yaml.Node, sign: str) -> tuple[Edit, ...]:
    """Return the edit that makes `numpy==1.2` of `numpy: "1.2"`, none where more stands there.

    Args:
        key: The name.
        value: The version, which may begin with a sign of its own; null or empty for none.
        sign: What comes between the two.
    """
    if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
        return ()
    version = "" if is_null(value) else str(value.value)
    text, is_one_line = f"{key.value}{sign}{version}", key.start_mark.line == value.end_mark.line
    if not _PLAIN.fullmatch(text) or not is_one_line or value.style in ("|", ">"):
        return ()
    end = value.end_mark.index if version else key.end_mark.index + 1
    return (Edit(key.start_mark.index, end, text),)


def remark_on_pip_lines(
    document: Document, requirements: Iterable[Requirement], folder: Path
) -> None:
    """Look for what pip does not take, files that are not there, and packages named twice."""
    from mlrun.project.environments.requirement_lines import remark_on_requirement

    listed = list(requirements)
    for text, node in listed:
        remark_on_requirement(document, text, node)
        _remark_on_file(document, text, node, folder)
    _remark_on_duplicates(document, listed, _pip_name)


def remark_on_conda_packages(document: Document, requirements: Iterable[Requirement]) -> None:
    """Look for builds, for the oldest Python of its kind, and for packages named twice."""
    listed = list(requirements)
    _remark_on_duplicates(document, listed, _conda_name)
    _remark_on_builds(document, listed)
    for text, node in listed:
        exact = _EXACT_MINOR.fullmatch(text)
        if exact is not None:
            document.remark(
                node,
                f"{shown(text)} asks conda for Python {exact['version']}.0 exactly",
                f"write `python={exact['version']}` for the newest {exact['version']}",
                rule="exact-minor-python",
            )


def _remark_on_file(document: Document, text: str, node: yaml.Node, folder: Path) -> None:
    found = _NAMED_FILE.match(text)
    if found is None:
        return
    name = found["file"].strip("'\"")
    if "://" in name or "$" in name or "\0" in name or (folder / name).is_file():
        return
    from mlrun.near_miss import nearest_file

    near = nearest_file(folder / name)
    hint = f"did you mean '{near}'?" if near else "paths are relative to the file that names them"
    document.remark(node, f"there is no file {shown(name)}", hint, rule="missing-requirements-file")


def _remark_on_duplicates(
    document: Document, requirements: list[Requirement], name_of: Callable[[str], str | None]
) -> None:
    first: dict[str, Requirement] = {}
    for text, node in requirements:
        name = name_of(text)
        if name is None:
            continue
        before = first.setdefault(name, (text, node))
        if before[1] is node:
            continue
        line = document.locate(before[1]).line
        is_same = before[0] == text
        document.remark(
            node,
            f"{shown(name)} is named a second time, after line {line}",
            "remove one of the two",
            rule="duplicate-requirement",
            edits=_without_item(document, node) if is_same else (),
        )


def _remark_on_builds(document: Document, requirements: list[Requirement]) -> None:
    """An export names the build of each package: that is one habit, and one remark."""
    built = [(node, found) for text, node in requirements if (found := _BUILD.fullmatch(text))]
    if not built:
        return
    node, found = built[0]
    others = f" (and {len(built) - 1} more below)" if len(built) > 1 else ""
    document.remark(
        node,
        f"{shown(found.group())} names a build, which only one platform has{others}",
        f"write `{found['kept']}`, or export with `conda env export --no-builds`",
        rule="conda-build",
    )


def _pip_name(text: str) -> str | None:
    """Return a requirement's name; None for options, addresses, paths and what has a marker."""
    found = _PIP_NAME.match(text)
    if found is None or ";" in text:
        return None
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def _conda_name(text: str) -> str | None:
    found = _CONDA_NAME.match(text)
    return found["name"].lower() if found is not None else None


def _without_item(document: Document, node: yaml.Node) -> tuple[Edit, ...]:
    """Return the edit that takes an item out of a list, none where more stands on its line."""
    text, start = document.text, node.start_mark.index
    begin, end = start - node.start_mark.column, text.find("\n", start)
    line = text[begin : end if end >= 0 else len(text)]
    if end < 0 or not is_text(node) or re.fullmatch(r"\s*-\s+[^\s#]+\s*", line) is None:
        return ()
    return (Edit(begin, end + 1, ""),)
