"""Environments as `mlrun env` shows them."""

from __future__ import annotations

from typing import Any

from mlrun.ages import age
from mlrun.cli.wording import aligned, counted, when
from mlrun.environments.contents import count_packages
from mlrun.environments.store.entries import Entry
from mlrun.sizes import size_in_words

DOCUMENT_VERSION = 1


def state_of(entry: Entry) -> str:
    """Return `complete`, `building`, or `left`: by a build that failed or was killed."""
    if entry.is_complete:
        return "complete"
    return "left" if entry.is_left else "building"


def row_of(entry: Entry, key: str, size: int) -> tuple[str, ...]:
    """Return what a list shows of an environment.

    Args:
        entry: The environment.
        key: As much of its key as names it.
        size: Bytes.
    """
    return (
        key,
        str(entry.facts.get("manager") or "?"),
        str(entry.facts.get("python_version") or "-"),
        size_in_words(size),
        f"{age(entry.last_used)} ago",
        _mark(entry),
        _projects(entry),
    )


def lines_of(entry: Entry) -> list[str]:
    """Return all that is known of an environment, for a person."""
    more = facts_of_entry(entry)
    rows = [
        ("key", entry.key),
        ("state", _mark(entry) or "complete"),
        ("manager", str(entry.facts.get("manager") or "?")),
        ("python", str(entry.facts.get("python_version") or "-")),
        ("packages", "?" if more["packages"] is None else str(more["packages"])),
        ("size", size_in_words(entry.size())),
        ("built", when(_milliseconds(entry.facts.get("created")))),
        ("last used", when(_milliseconds(entry.last_used))),
        *(("for", project) for project in entry.projects),
        ("folder", str(entry.folder or entry.home)),
        ("log", more["log"] or "-"),
        ("lock", more["lock"] or "-"),
    ]
    return aligned(rows)


def document_of(entry: Entry, size: int) -> dict[str, Any]:
    """Return an environment as `env.schema.json` describes it.

    Args:
        entry: The environment.
        size: Bytes.
    """
    return {
        "key": entry.key,
        "state": state_of(entry),
        "manager": entry.facts.get("manager"),
        "python": entry.facts.get("python_version"),
        "bytes": size,
        "created": _milliseconds(entry.facts.get("created")),
        "last_used": _milliseconds(entry.last_used),
        "in_use": entry.is_in_use(),
        "projects": list(entry.projects),
        "folder": str(entry.folder) if entry.folder is not None else None,
    }


def facts_of_entry(entry: Entry) -> dict[str, Any]:
    """Return what only `mlrun env show` says of an environment."""
    return {
        "packages": count_packages(entry.folder) if entry.folder is not None else None,
        "log": str(entry.log) if entry.log.is_file() else None,
        "lock": str(entry.lock) if entry.lock is not None else None,
        "facts": {name: value for name, value in entry.facts.items() if name != "attempt"},
    }


def _mark(entry: Entry) -> str:
    if entry.builder is not None:
        return f"being built by process {entry.builder.pid}"
    if not entry.is_complete:
        return "incomplete: its build failed or was killed"
    return "in use" if entry.is_in_use() else ""


def _projects(entry: Entry) -> str:
    if entry.builder is not None and entry.builder.project:
        return entry.builder.project
    first, *others = entry.projects or ("",)
    return f"{first} and {counted(len(others), 'other')}" if others else first


def _milliseconds(seconds: object) -> int | None:
    return int(seconds * 1000) if isinstance(seconds, (int, float)) else None
