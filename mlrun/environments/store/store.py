"""The cache of environments: one folder a key, built once, complete or absent.

Where things lie in it is said in `layout.py`. An attempt has a folder of its own, so that a
build that was cut off, with an installer that may still be writing, can never get into the next
one. A reader needs no lock: it takes the lease, then looks at `complete.json`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from mlrun.disk import discard, names_in, read_json, size_of, write_atomically
from mlrun.environments.base import Report
from mlrun.environments.errand import Errand, current_errand
from mlrun.environments.store.layout import (
    BUILDER,
    LEASE,
    LOCK,
    LOCKS,
    LOG,
    MARKER,
    PROJECTS,
    Facts,
    disk_errors,
    environments_folder,
    facts_of,
    key_lock,
)
from mlrun.errors import EnvironmentNotBuiltError
from mlrun.lease import Lease, claim, share

__all__ = [
    "BuildPlace",
    "EnvironmentStore",
    "Facts",
    "Held",
    "StoredEnvironment",
    "environments_folder",
]

_POLL = 0.1
"""Seconds between two looks at whether somebody else's build is done."""

_SILENCE = 5
"""Looks after which one waits for a builder that has not said who it is."""

_MOST_PROJECTS = 50
"""Projects that are remembered as an environment's users."""


class BuildPlace(NamedTuple):
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


class StoredEnvironment(NamedTuple):
    """A complete environment that cannot be removed until `lease` is released."""

    folder: Path
    facts: Facts
    lease: Lease

    @property
    def lock(self) -> Path:
        """The file that says what was solved; it need not be there."""
        return self.folder.parent / LOCK


class Held(NamedTuple):
    """The environments that one run uses: one, or one on top of a shared one."""

    environments: tuple[StoredEnvironment, ...]

    def release(self) -> None:
        """Let them be removed."""
        for one in self.environments:
            one.lease.release()

    def hand_over(self) -> None:
        """Keep them for the program that takes this process over."""
        for one in self.environments:
            one.lease.outlive_program()


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
        errand = current_errand()
        errand.note(key)
        if errand.anew and key not in errand.built:
            return None
        home = self._folder / key
        lease = share(home / LEASE)
        if lease is None:
            return None
        facts = facts_of(home)
        if facts:
            folder = home / facts["attempt"] / "env"
            if is_usable(folder, facts):
                with suppress(OSError):
                    os.utime(home / LEASE)
                    _note_project(home, facts, errand.project)
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
            EnvironmentNotBuiltError: It is not there, and the errand is not to build.
            EnvironmentBuildError: The store's folder cannot be written; or `build` raised it.
        """
        errand = current_errand()
        found = self.find(key, is_usable)
        if found is None and not errand.may_build:
            raise EnvironmentNotBuiltError(
                "the environment is not built yet", hint="`mlrun env build` builds it"
            )
        while found is None:
            with self._locked(key, report):
                found = self.find(key, is_usable)
                if found is None:
                    self._build(key, build, errand)
                    found = self.find(key, lambda _folder, _facts: True)
        if key in errand.built and errand.limit is not None:
            from mlrun.environments.store.pruning import keep_within

            errand.chores += keep_within(self._folder, errand.limit, report)
        return found

    def _build(self, key: str, build: Callable[[BuildPlace], Facts], errand: Errand) -> None:
        from mlrun.environments.store.builder import announce

        home = self._folder / key
        attempt = f"{time.time_ns():x}"[-9:]
        own = home / attempt
        place = BuildPlace(own / "env", own / "work", home / LOG, own / LOCK)
        try:
            with disk_errors(home):
                place.work.mkdir(parents=True)
                announce(home, errand.project)
                built = build(place)
                discard(place.work)
                about = {"attempt": attempt, "created": time.time(), "size": size_of(own)}
                (home / LEASE).touch()
                document = {**built, **about, "source": errand.project}
                write_atomically(home / MARKER, json.dumps(document, indent=1))
        except BaseException:
            discard(own)
            raise
        finally:
            with suppress(OSError):
                (home / BUILDER).unlink()
        errand.built.append(key)
        self._sweep(key, attempt)

    def _sweep(self, key: str, kept: str) -> None:
        """Remove what earlier attempts left, unless somebody may still use one."""
        folder = self._folder / key
        lease = claim(folder / LEASE)
        if lease is None:
            return
        for name in names_in(folder):
            if name != kept and (folder / name).is_dir():
                discard(folder / name)
        lease.release()

    @contextmanager
    def _locked(self, key: str, report: Report) -> Iterator[None]:
        """Hold the lock of a key; says whom it waits for."""
        with disk_errors(self._folder):
            (self._folder / LOCKS).mkdir(parents=True, exist_ok=True)
            lock = key_lock(self._folder, key)
            self._acquire(lock, key, report)
        try:
            yield
        finally:
            lock.release()

    def _acquire(self, lock: Any, key: str, report: Report) -> None:
        """Take a lock, however long it takes; every new holder of it is named."""
        from filelock import Timeout

        from mlrun.environments.store.builder import waiting_line

        looks, said = 0, ""
        while True:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                looks += 1
            else:
                return
            is_known = (self._folder / key / BUILDER).exists()
            line = waiting_line(self._folder / key) if is_known or looks == _SILENCE else said
            if line != said:
                report(line)
                said = line
            time.sleep(_POLL)


def _note_project(home: Path, facts: Facts, project: str | None) -> None:
    """Remember who uses an environment, if that is news."""
    if project is None or project == facts.get("source"):
        return
    known = read_json(home / PROJECTS)
    known = known if isinstance(known, list) else []
    if project not in known:
        write_atomically(home / PROJECTS, json.dumps([*known, project][-_MOST_PROJECTS:]))
