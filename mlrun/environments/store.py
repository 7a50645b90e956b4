"""The cache of environments: one folder a key, built once, complete or absent.

::

    <folder>/<key>/complete.json     what was built, and in which attempt; written last
                   lease             held (shared) by everyone who uses the environment
                   builder           who builds
                   build.log         of the last build
                   <attempt>/env     the environment itself
                   <attempt>/work    what the build needs; removed at its end
                   <attempt>/lock.json   exactly what is in it
    <folder>/.locks/<key>            held by the one who builds or removes

An attempt has a folder of its own, so that a build that was cut off, with an installer that
may still be writing, can never get into the next one. A reader needs no lock: it takes the
lease, then looks at `complete.json`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlrun.environments.base import Report
from mlrun.errors import EnvironmentBuildError
from mlrun.folders import MOVE_CACHE, cache_folder
from mlrun.lease import Lease, claim, share

_MARKER = "complete.json"
_LEASE = "lease"
_BUILDER = "builder"
_LOG = "build.log"
_LOCK = "lock.json"
_POLL = 0.1
"""Seconds between two looks at whether somebody else's build is done."""

Facts = Mapping[str, Any]
"""What a build wants to be known about its result; JSON values."""


@dataclass(frozen=True, slots=True)
class BuildPlace:
    """Where a build works.

    Attributes:
        environment: The folder to make; it is not there yet.
        work: A folder for what the build needs; it is there.
        log: The file for what the build prints.
        lock: The file for what was solved (see `mlrun.environments.lock`); a build writes it.
    """

    environment: Path
    work: Path
    log: Path
    lock: Path


@dataclass(frozen=True, slots=True)
class StoredEnvironment:
    """A complete environment that cannot be removed until `lease` is released."""

    folder: Path
    facts: Facts
    lease: Lease

    @property
    def lock(self) -> Path:
        """The file that says what was solved; it need not be there."""
        return self.folder.parent / _LOCK


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the store, as a list shows it.

    Attributes:
        key: Its name.
        folder: All of it.
        facts: What its build said; empty where it is not complete.
        last_used: Seconds since the epoch; None where it never was.
    """

    key: str
    folder: Path
    facts: Facts
    last_used: float | None

    @property
    def is_complete(self) -> bool:
        """Whether it can be used."""
        return bool(self.facts)

    def size(self) -> int:
        """Return the bytes of its files; those shared by hard links count fully."""
        return sum(
            (Path(root) / name).lstat().st_size
            for root, _, names in os.walk(self.folder)
            for name in names
        )


def environments_folder(environ: Mapping[str, str]) -> Path:
    """Return where environments are kept: below MLflow's own root if the user set that."""
    root = environ.get("MLFLOW_ENV_ROOT")
    return Path(root).expanduser().absolute() / "mlrun" if root else cache_folder() / "environments"


class EnvironmentStore:
    """Environments by key.

    Args:
        folder: Made when something is first built.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str, is_usable: Callable[[Path, Facts], bool]) -> StoredEnvironment | None:
        """Return a complete environment, leased; None where there is none that can be used.

        Args:
            key: Which one.
            is_usable: Takes the environment's folder and facts; false makes it be built anew.
        """
        lease = share(self._folder / key / _LEASE)
        if lease is None:
            return None
        facts = self._facts(key)
        if facts:
            folder = self._folder / key / facts["attempt"] / "env"
            if is_usable(folder, facts):
                self._stamp(key)
                return StoredEnvironment(folder, facts, lease)
        lease.release()
        return None

    def obtain(
        self,
        key: str,
        build: Callable[[BuildPlace], Facts],
        is_usable: Callable[[Path, Facts], bool],
        report: Report,
    ) -> StoredEnvironment:
        """Find an environment, or build it while all others who want it wait.

        Args:
            key: Which one.
            build: Makes it and returns its facts, or raises.
            is_usable: As for `find`.
            report: Takes a line when there is something to wait for.

        Raises:
            EnvironmentBuildError: The store's folder cannot be written; or `build` raised it.
        """
        found = self.find(key, is_usable)
        while found is None:
            with self._locked(key, report):
                found = self.find(key, is_usable)
                if found is None:
                    self._build(key, build)
                    found = self.find(key, lambda _folder, _facts: True)
        return found

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries, complete or not, the last used first."""
        keys = [name for name in _names(self._folder) if not name.startswith(".")]
        entries = [
            Entry(key, self._folder / key, self._facts(key), self._last_used(key)) for key in keys
        ]
        return tuple(sorted(entries, key=lambda entry: -(entry.last_used or 0.0)))

    def remove(self, entry: Entry) -> bool:
        """Remove an entry; returns False, and does nothing, while it is used or built."""
        from filelock import Timeout

        lock = self._lock(entry.key)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        try:
            return self._remove(entry.key)
        finally:
            lock.release()

    def _remove(self, key: str) -> bool:
        folder = self._folder / key
        if not folder.is_dir():
            return True
        lease = claim(folder / _LEASE)
        if lease is None:
            return False
        (folder / _MARKER).unlink(missing_ok=True)
        gone = self._folder / f".gone-{key}-{os.getpid()}"
        folder.rename(gone)
        lease.release()
        for name in _names(self._folder):
            if name.startswith(".gone-"):
                _discard(self._folder / name)
        return True

    def _build(self, key: str, build: Callable[[BuildPlace], Facts]) -> None:
        folder = self._folder / key
        attempt = f"{time.time_ns():x}"[-9:]
        own = folder / attempt
        place = BuildPlace(own / "env", own / "work", folder / _LOG, own / _LOCK)
        try:
            with _disk_errors(folder):
                place.work.mkdir(parents=True)
                _write_atomically(folder / _BUILDER, str(os.getpid()))
                facts = {**build(place), "attempt": attempt, "created": time.time()}
                _discard(place.work)
                (folder / _LEASE).touch()
                _write_atomically(folder / _MARKER, json.dumps(facts, indent=1))
        except BaseException:
            _discard(folder / attempt)
            raise
        finally:
            (folder / _BUILDER).unlink(missing_ok=True)
        self._sweep(key, attempt)

    def _sweep(self, key: str, kept: str) -> None:
        """Remove what earlier attempts left, unless somebody may still use one."""
        folder = self._folder / key
        lease = claim(folder / _LEASE)
        if lease is None:
            return
        for name in _names(folder):
            if name != kept and (folder / name).is_dir():
                _discard(folder / name)
        lease.release()

    @contextmanager
    def _locked(self, key: str, report: Report) -> Iterator[None]:
        """Hold the lock of a key; says whom it waits for."""
        from filelock import Timeout

        with _disk_errors(self._folder):
            (self._folder / ".locks").mkdir(parents=True, exist_ok=True)
            lock = self._lock(key)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                report(f"waiting for another mlrun that builds this environment{self._who(key)}")
                lock.acquire(poll_interval=_POLL)
        try:
            yield
        finally:
            lock.release()

    def _lock(self, key: str) -> Any:
        from filelock import FileLock

        return FileLock(self._folder / ".locks" / key)

    def _who(self, key: str) -> str:
        try:
            return f" (process {(self._folder / key / _BUILDER).read_text()})"
        except OSError:
            return ""

    def _facts(self, key: str) -> dict[str, Any]:
        try:
            facts = json.loads((self._folder / key / _MARKER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) and "attempt" in facts else {}

    def _stamp(self, key: str) -> None:
        from contextlib import suppress

        with suppress(OSError):
            os.utime(self._folder / key / _LEASE)

    def _last_used(self, key: str) -> float | None:
        try:
            return (self._folder / key / _LEASE).stat().st_mtime
        except OSError:
            return None


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentBuildError(
            f"the environment cannot be kept in {folder}: {error.strerror or error}",
            hint=MOVE_CACHE,
        ) from error


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _discard(folder: Path) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)


def _write_atomically(file: Path, text: str) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
