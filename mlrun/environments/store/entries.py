"""What lies in the store of environments, and taking it away."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlrun.disk import Removal, discard, names_in, read_json, size_of
from mlrun.environments.store.builder import Builder, read_builder
from mlrun.environments.store.layout import (
    BUILDER,
    GONE,
    LEASE,
    LOCK,
    LOG,
    MARKER,
    PROJECTS,
    Facts,
    facts_of,
    key_lock,
)
from mlrun.lease import claim

SHORT_KEY = 8
"""Characters of a key that a list shows, where they are enough to tell one from another."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the store.

    Attributes:
        key: Its name.
        home: All of it.
        facts: What its build said; empty where it is not complete.
        last_used: Seconds since the epoch.
        projects: What it was made for, then what used it since: URIs, or in words.
        builder: Who builds it now; None where nobody does.
    """

    key: str
    home: Path
    facts: Facts
    last_used: float
    projects: tuple[str, ...] = ()
    builder: Builder | None = None

    @property
    def is_complete(self) -> bool:
        """Whether it can be used."""
        return bool(self.facts)

    @property
    def is_left(self) -> bool:
        """Whether it is what a build that failed, or was killed, has left."""
        return not self.is_complete and self.builder is None

    @property
    def folder(self) -> Path | None:
        """The environment itself, None where it is not complete."""
        return self.home / self.facts["attempt"] / "env" if self.is_complete else None

    @property
    def log(self) -> Path:
        """What its last build printed; it need not be there."""
        return self.home / LOG

    @property
    def lock(self) -> Path | None:
        """The file that says exactly what is in it, if there is one."""
        file = self.home / str(self.facts.get("attempt")) / LOCK
        return file if file.is_file() else None

    def size(self) -> int:
        """Return the bytes on the disk, as counted when it was built; hard links count fully."""
        size = self.facts.get("size")
        return size if isinstance(size, int) else size_of(self.home)

    def is_in_use(self) -> bool:
        """Return whether a run has it now."""
        try:
            hold = claim(self.home / LEASE) if (self.home / LEASE).exists() else None
        except OSError:
            return False
        if hold is not None:
            hold.release()
            return False
        return (self.home / LEASE).exists()


def entries(folder: Path) -> tuple[Entry, ...]:
    """Return all entries of a store, complete or not, the last used first."""
    keys = [name for name in names_in(folder) if not name.startswith(".")]
    found = [_entry(folder, key) for key in keys if (folder / key).is_dir()]
    return tuple(sorted(found, key=lambda entry: -entry.last_used))


def remove(entry: Entry) -> Removal:
    """Remove an entry, unless it is used or built. Never raises."""
    gone = take_away(entry)
    if isinstance(gone, Removal):
        return gone
    discard(gone)
    return Removal.REFUSED if gone.exists() else Removal.REMOVED


def take_away(entry: Entry) -> Path | Removal:
    """Move an entry out of the way, unless it is used or built; that takes no time.

    Returns:
        The folder that is left to be discarded; or what is in the way of that.
    """
    from filelock import Timeout

    lock = key_lock(entry.home.parent, entry.key)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return Removal.IN_USE
    except OSError:
        return Removal.REFUSED
    try:
        return _take_away(entry)
    except OSError:
        return Removal.REFUSED
    finally:
        lock.release()


def leftovers(folder: Path) -> tuple[Path, ...]:
    """Return the folders of a store whose removal was cut off."""
    return tuple(folder / name for name in names_in(folder) if name.startswith(GONE))


def tidy(entry: Entry) -> int:
    """Remove what attempts to build a complete entry have left; return the bytes.

    Nobody can be using that once the whole entry can be claimed.
    """
    from filelock import Timeout

    kept = entry.facts.get("attempt")
    left = [entry.home / name for name in names_in(entry.home) if name != kept]
    left = [path for path in left if path.is_dir()]
    lock = key_lock(entry.home.parent, entry.key)
    if not left or not entry.is_complete or entry.is_in_use():
        return 0
    freed = 0
    try:
        with lock.acquire(timeout=0):
            for path in left:
                freed += size_of(path)
                discard(path)
    except (Timeout, OSError):
        return freed
    return freed


def short_keys(found: Sequence[Entry]) -> dict[str, str]:
    """Return the beginning of each key that is enough to name it."""
    keys = [entry.key for entry in found]
    short = {}
    for key in keys:
        length = SHORT_KEY
        while length < len(key) and sum(k.startswith(key[:length]) for k in keys) > 1:
            length += 1
        short[key] = key[:length]
    return short


def _take_away(entry: Entry) -> Path | Removal:
    home = entry.home
    gone = home.with_name(f"{GONE}{entry.key}-{os.urandom(4).hex()}")
    if not home.is_dir():
        return gone
    lease = claim(home / LEASE)
    if lease is None:
        return Removal.IN_USE
    try:
        (home / MARKER).unlink(missing_ok=True)
        home.rename(gone)
    finally:
        lease.release()
    return gone


def _entry(folder: Path, key: str) -> Entry:
    home = folder / key
    facts = facts_of(home)
    others = read_json(home / PROJECTS)
    named = [facts.get("source"), *(others if isinstance(others, list) else [])]
    return Entry(
        key=key,
        home=home,
        facts=facts,
        last_used=_time_of(home / LEASE) or _time_of(home),
        projects=tuple(dict.fromkeys(str(name) for name in named if name)),
        builder=_builder(folder, key),
    )


def _builder(folder: Path, key: str) -> Builder | None:
    """Return who builds: somebody says so, and holds the lock."""
    from filelock import Timeout

    if not (folder / key / BUILDER).exists():
        return None
    lock = key_lock(folder, key)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return read_builder(folder / key)
    except OSError:
        return None
    lock.release()
    return None


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
