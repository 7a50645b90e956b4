"""Data as another part of mlrun gives it, with files and mishaps that a test chooses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mlrun.inputs.base import RemoteFile


@dataclass
class Folder:
    """A folder.

    Attributes:
        contents: By path.
        read_paths: What was read.
        broken: The path of the file that cannot be read.
        changes: What it holds from the first read on.
    """

    contents: dict[str, bytes]
    read_paths: list[str] = field(default_factory=list)
    broken: str = ""
    changes: dict[str, bytes] = field(default_factory=dict)
    name: str = "set"
    key: str = "runs:/1/set"
    shown: str = "runs:/1/set"

    def files(self) -> tuple[RemoteFile, ...]:
        """Return what is there now."""
        return tuple(
            RemoteFile(path, len(content), hashlib.sha256(content).hexdigest())
            for path, content in self.contents.items()
        )

    @contextmanager
    def read(self, file: RemoteFile, offset: int) -> Iterator[Iterator[bytes]]:
        """Give a file, or fail."""
        self.contents.update(self.changes)
        self.changes = {}
        if file.path == self.broken:
            raise RuntimeError("broken")
        self.read_paths.append(file.path)
        yield iter([self.contents[file.path][offset:]])
