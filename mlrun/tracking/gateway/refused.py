"""What a server refused when it was delivered: kept with the server's answer, for a person."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlrun.tracking.gateway.durable import move
from mlrun.tracking.gateway.records import Entry

_FILE = "refused.jsonl"
_BODIES = "refused"
_LONGEST_ANSWER = 2000


class Refused:
    """The list of what was refused, in a journal's folder.

    Args:
        folder: The journal's.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / _FILE

    def add(self, entry: Entry, status: int, answer: bytes) -> None:
        """Keep an entry and what the server said.

        Raises:
            OSError: It cannot be kept; then it stays in the journal.
        """
        line = {
            "number": entry.number,
            "time": entry.time,
            "method": entry.method,
            "target": entry.target,
            "status": status,
            "answer": answer.decode("utf-8", "replace")[:_LONGEST_ANSWER],
            "body": entry.body.decode("utf-8", "backslashreplace"),
            "body_file": self._keep_file(entry.body_file),
        }
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        with open(descriptor, "ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(descriptor)

    def list(self) -> list[dict[str, Any]]:
        """Return what was refused; a line that was cut off is left out."""
        found: list[dict[str, Any]] = []
        with suppress(FileNotFoundError):
            for line in self.path.read_bytes().splitlines():
                with suppress(ValueError):
                    found.append(json.loads(line))
        return found

    def _keep_file(self, body: Path | None) -> str | None:
        if body is None or not body.exists():
            return None
        folder = self.path.parent / _BODIES
        folder.mkdir(mode=0o700, exist_ok=True)
        move(body, folder / body.name)
        return f"{_BODIES}/{body.name}"
