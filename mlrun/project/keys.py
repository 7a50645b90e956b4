"""The keys that a mapping is meant to have, told from those that it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlrun.project.yaml_nodes import Document, Entry, shown


@dataclass(frozen=True)
class Keys:
    """A mapping's entries, by what they were probably meant to be.

    Attributes:
        found: Under known keys.
        misspelt: Under keys that are nearly a known one which is absent, by the known one.
    """

    found: Mapping[str, Entry]
    misspelt: Mapping[str, Entry]


def sort_keys(
    document: Document,
    entries: Mapping[str, Entry],
    known: Iterable[str],
    owner: str,
    *,
    forgiving: bool = False,
) -> Keys:
    """Tell known keys from others. The others get a lint: MLflow ignores them.

    Args:
        document: What takes the lints.
        entries: All entries.
        known: What the mapping may have.
        owner: Names the mapping in messages.
        forgiving: Whether the caller reads misspelt keys as what they were meant to be.
    """
    found = {key: entry for key, entry in entries.items() if key in set(known)}
    misspelt: dict[str, Entry] = {}
    ignored: list[Entry] = []
    for key, entry in entries.items():
        if key in found:
            continue
        meant = _near_miss(key, [name for name in known if name not in found])
        if meant is None or meant in misspelt:
            ignored.append(entry)
            continue
        misspelt[meant] = entry
        message = f"{shown(key)} is not a key of {owner}"
        hint = f"it is read as `{meant}`" if forgiving else f"did you mean `{meant}`?"
        document.lint(entry.key, message, hint)
    if ignored:
        names = ", ".join(shown(entry.key.value) for entry in ignored)
        document.lint(ignored[0].key, f"ignored, as no key of {owner}: {names}")
    return Keys(found, misspelt)


def _near_miss(key: str, known: list[str]) -> str | None:
    from mlrun.near_miss import near_miss

    return near_miss(key, known)
