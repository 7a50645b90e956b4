"""What a server says is in its folders, believed only as far as it can do no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mlrun.errors import InputError
from mlrun.tracking.api import Json
from mlrun.tracking.artifact_addresses.outlets import Outlet, join
from mlrun.web.headers import whole_number

MOST_ENTRIES = 100_000
"""Files and folders below one address."""

DEEPEST = 100
"""Folders within each other."""

_FORBIDDEN = ("\0", "/", "\\")


class Entry(NamedTuple):
    """A file or a folder in a folder.

    Attributes:
        size: In bytes, None where the server does not say.
    """

    name: str
    is_folder: bool
    size: int | None


Page = Callable[[str, str], Json]
"""Returns the server's answer for a folder and a page's token."""


class Listing:
    """Reads folders, and counts what it has read.

    Args:
        outlet: Where the files come from.
        page: Asks the server.
        shown: What a message calls the address.
    """

    def __init__(self, outlet: Outlet, page: Page, shown: str) -> None:
        self._outlet = outlet
        self._page = page
        self._shown = shown
        self._count = 0

    def entries(self, folder: str) -> list[Entry]:
        """Return what is directly in a folder; nothing if it is a file, or is not there.

        Raises:
            InputError: The answer is none that can be believed.
        """
        found: dict[str, Entry] = {}
        token, tokens = "", set[str]()
        while True:
            answer = self._page(folder, token)
            for raw in _members(answer):
                entry = self._checked(raw, folder)
                if entry is None:
                    continue
                if entry.name in found:
                    raise self._strange(f"{join(folder, entry.name)!r} twice")
                found[entry.name] = entry
                self._count_one()
            token = str(answer.get("next_page_token") or "")
            if not token:
                return sorted(found.values())
            if token in tokens:
                raise self._strange("the same page again")
            tokens.add(token)

    def walk(self, folder: str, entries: list[Entry]) -> Iterator[tuple[str, int | None]]:
        """Yield all files below a folder, each with its size, by path below the outlet.

        Args:
            folder: Where to begin.
            entries: What is in it.

        Raises:
            InputError: An answer is none that can be believed.
        """
        waiting = [(folder, 0, entries)]
        while waiting:
            place, depth, here = waiting.pop()
            for entry in here:
                path = join(place, entry.name)
                if not entry.is_folder:
                    yield path, entry.size
                elif depth >= DEEPEST:
                    raise self._strange(f"folders within folders, more than {DEEPEST}")
                else:
                    waiting.append((path, depth + 1, self.entries(path)))

    def _checked(self, raw: Json, folder: str) -> Entry | None:
        """Return an entry; None for the folder itself, which some stores list in it."""
        said = raw.get("path")
        if not isinstance(said, str):
            raise self._strange("a file without a name")
        name = self._outlet.name_of(said, folder).removesuffix("/")
        if name in ("", ".") and raw.get("is_dir"):
            return None
        is_no_name = name in ("", ".", "..") or any(c in name for c in _FORBIDDEN)
        if is_no_name or not _is_text(name):
            raise self._strange(f"{said[:200]!r}, which is no file's name")
        return Entry(name, bool(raw.get("is_dir")), self._size(raw, said))

    def _size(self, raw: Json, said: str) -> int | None:
        size = raw.get("file_size")
        if size is None or raw.get("is_dir"):
            return None
        is_said = isinstance(size, (int, str)) and not isinstance(size, bool)
        number = whole_number(str(size)[:40]) if is_said else None
        if number is None:
            raise self._strange(f"{said[:200]!r} with the size {str(size)[:40]!r}")
        return number

    def _count_one(self) -> None:
        self._count += 1
        if self._count > MOST_ENTRIES:
            raise InputError(
                f"{self._shown} has more than {MOST_ENTRIES} files and folders",
                hint="name a folder below it, or pack the files into an archive",
            )

    def _strange(self, what: str) -> InputError:
        return InputError(f"{self._shown}: the server lists {what}")


def _members(answer: Json) -> list[Json]:
    members: Any = answer.get("files", [])
    return [m for m in members if isinstance(m, dict)] if isinstance(members, list) else []


def _is_text(name: str) -> bool:
    """Return whether it has no half of a character, which JSON can hold and a path cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
