"""Lines for pip that are no requirement: neither pip nor uv would take them."""

from __future__ import annotations

import re

import yaml

from mlrun.errors import Edit
from mlrun.project.reading.nodes import Document, is_text, shown

_VERSION = r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?"
_USUAL = re.compile(
    rf"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?(?:\[[\w,-]+\])?"
    rf"(?:\s*(?:[<>]=?|[=!~]=)\s*{_VERSION}(?:\s*,\s*(?:[<>]=?|[=!]=)\s*{_VERSION})*)?",
    re.ASCII,
)
_ELSEWHERE = re.compile(r"[-./~]|.*(?:[/\\$]|\.(?:whl|zip|tar\.gz)$)")
"""Options, paths, addresses, variables: what they mean does not show in the line."""

_ANOTHER_FORM = re.compile(r"[\w.-]+\s*=\s*[^=\s]")
_AFTER = re.compile(r"(?:^|\s)(?:#|--).*")
_LIST_FILE = re.compile(r"\w[\w.-]*\.(?:txt|in)")
_NO_SIGN = re.compile(rf"(?P<name>[A-Za-z][\w.-]*)(?:\s*:\s*|\s+)v?(?P<version>{_VERSION})")
_NO_VERSION = re.compile(r"[\w.-]+\s*(?:\[[^]]*\])?\s*[<>=!~]+")
_AFTER_NAME = re.compile(r"^([\w.-]+)\s+(?=[<>=!~])")
_NO_COMMA = re.compile(r"(?P<before>[\w.*])\s+(?P<after>[<>=!~]=?)")


def remark_on_requirement(document: Document, text: str, node: yaml.Node) -> None:
    """Say of a line that it is no requirement, and what was probably meant.

    Args:
        document: The environment file.
        text: The line.
        node: What it stands in.
    """
    if not isinstance(node, yaml.ScalarNode) or str(node.value).strip() != text:
        return  # It was put together from a key and its value, of which more is said.
    line = _AFTER.sub("", text).strip()
    if _is_fine(line):
        return
    meant = _meant(line)
    document.remark(
        node,
        f"{shown(line)} is no requirement that pip takes",
        f"write `{meant}`" if meant is not None else _shape(line),
        rule="bad-requirement",
        edits=_rewritten(node, meant),
    )


def _is_fine(line: str) -> bool:
    if _LIST_FILE.fullmatch(line):
        return False
    if not line or _USUAL.fullmatch(line) or _ELSEWHERE.match(line) or _ANOTHER_FORM.match(line):
        return True
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(line)
    except InvalidRequirement:
        return False
    return True


def _meant(line: str) -> str | None:
    if _LIST_FILE.fullmatch(line):
        return f"-r {line}"
    no_sign = _NO_SIGN.fullmatch(line)
    if no_sign is not None:
        return f"{no_sign['name']}=={no_sign['version']}"
    with_commas = _NO_COMMA.sub(r"\g<before>,\g<after>", _AFTER_NAME.sub(r"\1", line))
    return with_commas if with_commas != line and _is_fine(with_commas) else None


def _shape(line: str) -> str:
    if _NO_VERSION.fullmatch(line):
        return "write a version after the sign, or leave the sign out"
    return "write, say, `numpy==2.1.0` or `numpy>=2,<3`"


def _rewritten(node: yaml.Node, meant: str | None) -> tuple[Edit, ...]:
    if meant is None or not is_text(node):
        return ()
    from mlrun.project.environments.remarks import rewritten

    return rewritten(node, meant)
