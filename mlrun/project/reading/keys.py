"""The keys that a mapping is meant to have, told from those that it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import yaml

from mlrun.errors import Edit
from mlrun.light_dataclass import dataclass
from mlrun.project.reading.nodes import Document, Entry, shown


@dataclass(frozen=True)
class Keys:
    """A mapping's entries, by what they were probably meant to be.

    Attributes:
        found: Under known keys.
        misspelt: Under keys that are nearly a known one which is absent, by the known one.
            Where a document is read on after errors these are among `found` instead, so that
            what stands below them is read as well.
    """

    found: Mapping[str, Entry]
    misspelt: Mapping[str, Entry]


def sort_keys(
    document: Document,
    entries: Mapping[str, Entry],
    known: Iterable[str],
    owner: str,
    *,
    forgiving: Collection[str] = (),
) -> Keys:
    """Tell known keys from others. The others get a lint: MLflow ignores them.

    Args:
        document: What takes the lints.
        entries: All entries.
        known: What the mapping may have.
        owner: Names the mapping in messages.
        forgiving: The keys that the caller also reads where they are misspelt.
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
        _lint_misspelt(document, entry.key, meant, owner, is_read=meant in forgiving)
    _lint_ignored(document, ignored, owner)
    if document.is_spared:
        # The lint is there; what stands below is to be read as well.
        return Keys({**misspelt, **found}, {})
    return Keys(found, misspelt)


def _lint_misspelt(
    document: Document, key: yaml.ScalarNode, meant: str, owner: str, *, is_read: bool
) -> None:
    as_meant = f"write `{meant}`, as which mlrun reads it; MLflow ignores it"
    document.lint(
        key,
        f"{shown(str(key.value))} is not a key of {owner}",
        as_meant if is_read else f"did you mean `{meant}`?",
        rule="misspelt-key",
        edits=renaming(document, key, meant),
    )


def _lint_ignored(document: Document, ignored: list[Entry], owner: str) -> None:
    if not ignored:
        return
    together = [ignored] if not document.is_spared else [[entry] for entry in ignored]
    for entries in together:
        names = ", ".join(shown(entry.key.value) for entry in entries)
        document.lint(
            entries[0].key,
            f"ignored, as no key of {owner}: {names}",
            _what_to_do(document, entries[0]) if document.is_spared else None,
            rule="unknown-key",
        )


def _what_to_do(document: Document, entry: Entry) -> str:
    if isinstance(entry.value, yaml.MappingNode) and _has_command(entry.value):
        return "indent it below `entry_points:`, if it is an entry point"
    if entry.key.value in ("command", "parameters"):
        return f"write `{entry.key.value}:` below the name of an entry point"
    after = document.text[entry.key.end_mark.index :].lstrip()
    if after.startswith((",", "}")):
        return "a comma ends a value in {...}: put a text with one in quotes, write 0.5 for 0,5"
    return "remove it; where another tool reads it, `# mlrun: ignore[unknown-key]` says so"


def _has_command(node: yaml.MappingNode) -> bool:
    return any(isinstance(k, yaml.ScalarNode) and k.value == "command" for k, _ in node.value)


def renaming(document: Document, key: yaml.ScalarNode, name: str) -> tuple[Edit, ...]:
    """Return the edit that gives a key another name, none where more than that stands there."""
    start, end = key.start_mark.index, key.end_mark.index
    written = document.text[start:end]
    if written == key.value:
        return (Edit(start, end, name),)
    # Quotes stay: a file that is JSON, too, needs them.
    is_quoted = written in (f"'{key.value}'", f'"{key.value}"')
    return (Edit(start + 1, end - 1, name),) if is_quoted else ()


def _near_miss(key: str, known: list[str]) -> str | None:
    from mlrun.near_miss import near_miss

    return near_miss(key, known)
