"""Which environments of the store are meant: named ones, unused ones, those beyond a limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Thread

from mlrun.disk import discard
from mlrun.environments.base import Report
from mlrun.environments.store.entries import Entry, entries, leftovers, take_away
from mlrun.errors import UsageError
from mlrun.near_miss import near_miss
from mlrun.sizes import size_in_words

_SHORTEST_KEY = 4
"""Characters of a key that are enough to name it, if it is the only one that begins so."""


def unused_since(found: Iterable[Entry], moment: float) -> list[Entry]:
    """Return what was last used before a moment, the least used first."""
    unused = [entry for entry in found if entry.is_complete and entry.last_used < moment]
    return sorted(unused, key=lambda entry: entry.last_used)


def left_behind(found: Iterable[Entry]) -> list[Entry]:
    """Return what builds that failed, or were killed, have left."""
    return [entry for entry in found if entry.is_left]


def beyond(found: Iterable[Entry], limit: int) -> list[Entry]:
    """Return what is to go so that the rest is within a limit, the least used first.

    What is in use counts, and stays.

    Args:
        found: All entries.
        limit: Bytes.
    """
    sizes = {entry.key: entry.size() for entry in found}
    total = sum(sizes.values())
    going: list[Entry] = []
    for entry in sorted(found, key=lambda entry: entry.last_used):
        if total <= limit:
            break
        if entry.builder is None and not entry.is_in_use():
            going.append(entry)
            total -= sizes[entry.key]
    return going


def keep_within(folder: Path, limit: int, report: Report) -> list[Thread]:
    """Take the least used environments away until the store is within its limit.

    They are out of the way when this returns. Their files are removed beside.

    Args:
        folder: The store's.
        limit: Bytes.
        report: Takes a line if any was taken away.

    Returns:
        The thread that removes files, if there are any.
    """
    going = beyond(entries(folder), limit)
    taken = [(entry, gone) for entry in going if isinstance(gone := take_away(entry), Path)]
    if not taken:
        return []
    size = size_in_words(sum(entry.size() for entry, _ in taken if entry.is_complete))
    number = "1 environment" if len(taken) == 1 else f"{len(taken)} environments"
    report(f"removing {number} ({size}), the least used, to stay within {size_in_words(limit)}")
    folders = (*leftovers(folder), *(gone for _, gone in taken))
    thread = Thread(target=_discard_all, args=(folders,), daemon=True)
    thread.start()
    return [thread]


def named(found: Sequence[Entry], names: Iterable[str]) -> list[Entry]:
    """Return the entries of some names: keys, or beginnings of a key that no other one has.

    Raises:
        UsageError: Nothing has such a name, or several have.
    """
    return list({(entry := _named(found, name)).key: entry for name in names}.values())


def _named(found: Sequence[Entry], name: str) -> Entry:
    exact = [entry for entry in found if entry.key == name]
    if exact:
        return exact[0]
    given = name.lower()
    fitting = [entry for entry in found if given and entry.key.startswith(given)]
    if len(fitting) > 1:
        keys = ", ".join(entry.key for entry in fitting[:4])
        more = ", ..." if len(fitting) > 4 else ""
        raise UsageError(
            f"several environments begin with '{name}': {keys}{more}",
            hint="give more of the key",
        )
    if fitting and len(given) >= _SHORTEST_KEY:
        return fitting[0]
    if fitting:
        raise UsageError(
            f"'{name}' is too short to name an environment",
            hint=f"did you mean {fitting[0].key}?",
        )
    near = _near(found, given)
    raise UsageError(
        f"there is no environment '{name}'",
        hint=f"did you mean {near}?" if near else "`mlrun env list` shows what is there",
    )


def _near(found: Sequence[Entry], name: str) -> str | None:
    """Return the key that a mistyped one, or the beginning of one, is most like."""
    beginnings = {entry.key[: len(name)]: entry.key for entry in found} if name else {}
    near = near_miss(name, beginnings)
    return beginnings[near] if near is not None else None


def _discard_all(folders: Iterable[Path]) -> None:
    for folder in folders:
        discard(folder)
