"""How two trees of JSON differ, said so that a person finds the place."""

from __future__ import annotations

from typing import Any


def differences(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Return a line for each place where the two differ, none if they are equal."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for key in sorted(ours.keys() | theirs.keys()):
            found += _member(ours, theirs, key, f"{where} / {key}")
        return found
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        found = []
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            found += differences(one, other, f"{where} [{number}]")
        return found
    return [] if ours == theirs else [f"{where}: {_short(ours)} instead of {_short(theirs)}"]


def _member(ours: dict[str, Any], theirs: dict[str, Any], key: str, where: str) -> list[str]:
    if key not in ours:
        return [f"{where}: missing, there should be {_short(theirs[key])}"]
    if key not in theirs:
        return [f"{where}: should not be there: {_short(ours[key])}"]
    return differences(ours[key], theirs[key], where)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:200]} ... {text[-80:]}"
