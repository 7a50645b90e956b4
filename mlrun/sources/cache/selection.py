"""Which entries of the cache are meant: those long unused, or those of some names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from mlrun.errors import MlrunError, UsageError
from mlrun.execution.redact import mask_url
from mlrun.near_miss import near_miss
from mlrun.sources.cache.entries import Entry, Kind

_SHORTEST_KEY = 4
"""Characters of a key that are enough to name an entry."""


def unused_since(entries: Iterable[Entry], moment: float) -> list[Entry]:
    """Return what nobody needs: unused since then, left behind, or never filled.

    Args:
        entries: All.
        moment: Seconds since the epoch.
    """
    return [
        entry
        for entry in entries
        if entry.kind is Kind.LEFT
        or (entry.is_fetched and (entry.last_used < moment or _is_useless(entry)))
    ]


def _is_useless(entry: Entry) -> bool:
    return entry.is_empty and not entry.in_use


def named(entries: Sequence[Entry], names: Iterable[str], cwd: Path) -> list[Entry]:
    """Return the entries that are meant by names.

    Args:
        entries: All.
        names: Each a URI as `mlrun run` takes it, a folder in the cache, or the beginning of
            a key.
        cwd: What a relative path is relative to.

    Raises:
        UsageError: One means nothing that is there.
    """
    found: list[Entry] = []
    for name in names:
        meanings = _meanings(name, cwd)
        path = Path(os.path.abspath(cwd / name))
        meant = [
            entry
            for entry in entries
            if _is_meant(entry, name, meanings) or entry.folder in (path, *path.parents)
        ]
        if not meant:
            raise UsageError(
                f"nothing in the cache is named '{mask_url(name)}'", hint=_hint(entries, name)
            )
        found += [entry for entry in meant if entry not in found]
    return found


def _is_meant(entry: Entry, name: str, meanings: frozenset[str]) -> bool:
    if entry.key in meanings or _plain(entry.uri) in meanings:
        return True
    return len(name) >= _SHORTEST_KEY and entry.key.startswith(name)


def _meanings(name: str, cwd: Path) -> frozenset[str]:
    """Return the keys and URIs that a name may stand for."""
    from mlrun.sources.addresses.address import ArchiveAddress, FolderAddress, parse_address

    try:
        address = parse_address(name, cwd)
    except MlrunError:
        return frozenset((_plain(mask_url(name)),))
    if isinstance(address, FolderAddress):
        return frozenset((_plain(address.folder.as_uri()),))
    if isinstance(address, ArchiveAddress):
        return frozenset((_plain(address.uri),))
    return frozenset((address.url.key, _plain(address.url.address), _plain(mask_url(name))))


def _plain(uri: str) -> str:
    return uri.partition("#")[0].rstrip("/").removesuffix(".git")


def _hint(entries: Iterable[Entry], name: str) -> str:
    known = {text for entry in entries for text in (entry.uri, entry.key) if text}
    near = near_miss(name, known, cutoff=0.6)
    return f"did you mean '{near}'?" if near else "mlrun cache list shows what is there"
