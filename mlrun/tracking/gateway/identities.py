"""The ids that a run had before its server knew it, and those that the server gave it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlrun.tracking.gateway.durable import write_json
from mlrun.tracking.gateway.records import Entry

_FILE = "ids.json"


class Identities:
    """Provisional ids and real ones, durably in a journal's folder.

    Provisional ids are random and long, so that they can be replaced wherever they stand.

    Args:
        folder: The journal's.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        try:
            self.known: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

    def add(self, found: Mapping[str, str]) -> None:
        """Keep the real ids of some provisional ones.

        Raises:
            OSError: They cannot be kept.
        """
        known = {**self.known, **found}
        write_json(self._path, known)
        self.known = known

    def real(self, identifier: str) -> str:
        """Return the real id, the same one where it is real already."""
        return self.known.get(identifier, identifier)

    def translate(self, entry: Entry) -> Entry:
        """Return an entry with real ids."""
        target, body = entry.target, entry.body
        for provisional, real in self.known.items():
            target = target.replace(provisional, real)
            body = body.replace(provisional.encode(), real.encode())
        return replace(entry, target=target, body=body) if self.known else entry
