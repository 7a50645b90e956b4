"""What the project at hand has to offer.

Its file is read here once more, and not by `mlrun.project.load`: that takes three times as long to
import, and gives nothing where a file has a mistake, as one that is being written often has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import yaml

from mlrun.completion.document import read_document
from mlrun.completion.vocabulary import Candidate
from mlrun.project.parameters.types import ParameterType, parse_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAMES = ("mlproject", "mlproject.yaml", "mlproject.yml")
_SCRIPTS = (".py", ".sh", ".R")
_NULLS = ("", "~", "null", "Null", "NULL")


def entry_points(uri: str, current: str) -> Iterator[Candidate]:
    """Yield the entry points of a project, and then its scripts.

    Args:
        uri: The project; nothing is known of one that is not a folder.
        current: What is typed already.
    """
    folder = _folder(uri)
    declared = _entry_points(folder)
    for name, found in declared.items():
        if name.startswith(current):
            about = _text(found.get("description")) or _text(found.get("command"))
            yield Candidate("word", name, " ".join(about.split()))
    for name in _listed(folder):
        if name.endswith(_SCRIPTS) and name.startswith(current) and name not in declared:
            yield Candidate("word", name, "a script of the project")


def parameters(
    uri: str, entry_point: str, given: Sequence[str], current: str
) -> Iterator[Candidate]:
    """Yield the parameters of an entry point, or the values that one of them can have.

    Args:
        uri: The project.
        entry_point: Name of the entry point.
        given: What was given already, as `NAME=VALUE`.
        current: What is typed already.
    """
    declared = _mapping(_entry_points(_folder(uri)).get(entry_point, {}).get("parameters"))
    name, sign, begun = current.partition("=")
    if sign:
        if name in declared:
            yield from _values(name, _details(declared[name]), begun)
        return
    taken = {word.partition("=")[0] for word in given}
    for known, details in declared.items():
        if known.startswith(name) and known not in taken:
            yield Candidate("open", f"{known}=", _about(_details(details)))


def _values(name: str, details: Mapping[str, Any], begun: str) -> Iterator[Candidate]:
    default = _default(details)
    if _is_secret(details):
        if not begun:
            yield Candidate("open", f"{name}=env:", "a variable that holds it")
            yield Candidate("open", f"{name}=@", "a file that holds it")
        return
    words = _words(details)
    if not words and _type(details) is ParameterType.PATH:
        yield Candidate("files", f"{name}={begun}")
    for word in words or ([] if default is None else [default]):
        if word.startswith(begun):
            about = "the default" if word == default else ""
            yield Candidate("word", f"{name}={word}", about)


def _words(details: Mapping[str, Any]) -> list[str]:
    choices = details.get("choices")
    if isinstance(choices, list):
        return [choice for choice in choices if isinstance(choice, str)]
    return ["true", "false"] if _type(details) is ParameterType.BOOL else []


def _about(details: Mapping[str, Any]) -> str:
    words = [_text(details.get("type")) or "string"]
    default = _default(details)
    if default is not None and not _is_secret(details):
        words.append(f"default {default}")
    about = ", ".join(words)
    description = _text(details.get("description"))
    return f"{about}: {description}" if description else about


def _default(details: Mapping[str, Any]) -> str | None:
    default = details.get("default")
    return default if isinstance(default, str) and default not in _NULLS else None


def _is_secret(details: Mapping[str, Any]) -> bool:
    return _text(details.get("secret")).lower() in ("true", "yes", "on")


def _type(details: Mapping[str, Any]) -> ParameterType | None:
    return parse_type(_text(details.get("type")) or "string")


def _text(value: Any) -> str:
    """Return a text, empty for anything else: what aliases repeat may be endless as a text."""
    return value if isinstance(value, str) else ""


def _details(declared: Any) -> Mapping[str, Any]:
    """Return what is said of a parameter, in its long form."""
    return {"type": declared} if isinstance(declared, str) else _mapping(declared)


def _mapping(value: Any) -> dict[str, Any]:
    """Return a mapping with what is merged into it, an empty one for anything else."""
    if not isinstance(value, dict):
        return {}
    merged = value.get("<<")
    found: dict[str, Any] = {}
    for source in merged if isinstance(merged, list) else [merged]:
        found = {**(source if isinstance(source, dict) else {}), **found}
    return {
        **found,
        **{key: one for key, one in value.items() if key != "<<" and isinstance(key, str)},
    }


def _entry_points(folder: str) -> dict[str, dict[str, Any]]:
    """Return what the project file declares, nothing where it cannot be read."""
    named = [name for name in _listed(folder) if name.lower() in _NAMES]
    name = min(named, key=_rank, default=None)
    if name is None:
        return {}
    try:
        document = _mapping(read_document(f"{folder}/{name}"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    declared = _mapping(document.get("entry_points"))
    return {
        name: {"command": one} if isinstance(one, str) else _mapping(one)
        for name, one in declared.items()
    }


def _rank(name: str) -> tuple[bool, bool, str]:
    return name.lower() != _NAMES[0], name != "MLproject", name


def _folder(uri: str) -> str:
    folder, _, below = uri.partition("#")
    return f"{os.path.expanduser(folder or '.')}/{below}"  # noqa: PTH111 - spares an import


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
