"""The folder of a run: its plan, who runs it, what happened, its output, how it ended.

::

    <state>/runs/<run id>/
        plan.json       what was to be done
        owner.json      who runs it: host, process, start
        owner.lock      held by the mlrun that runs it, for as long as it lives
        output.log      the command's output, as it appears
        events.jsonl    what happened
        outcome.json    how it ended; missing while it runs
        pending.json    what the tracking store has not got yet; missing when it has all
        reserve         room for the two last ones on a disk that the log has filled
    <state>/runs/.open/<run id>     an empty file for each run that is not settled yet

A run is settled when it has an outcome and nothing is pending.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time, time_ns
from typing import Any

from mlrun.errors import RunNotFoundError, TrackingError
from mlrun.events import Event
from mlrun.folders import runs_folder

KEPT_DAYS = 180
"""Days that the folder of a run is kept after all of it was delivered."""

_OPEN = ".open"
_LOOKED = ".looked"
_DAY = 24 * 3600.0
_STARTING = ".starting-"
_RESERVE = "reserve"
_RESERVED_BYTES = 16 * 1024
_LONG_STARTING = 3600.0


class RunFolder:
    """One run's folder.

    Args:
        path: The folder; once the run has an id, its name begins with that.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def has_id(self) -> bool:
        """Whether the folder was given its run's id."""
        return not self.path.name.startswith(_STARTING)

    @property
    def log(self) -> Path:
        """The file with the command's output."""
        return self.path / "output.log"

    def write(self, name: str, document: Mapping[str, Any]) -> None:
        """Write one JSON document, whole or not at all."""
        target = self.path / name
        temporary = target.with_suffix(f".{os.getpid()}.new")
        try:
            temporary.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
            temporary.replace(target)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise

    def keep(self, name: str, content: bytes) -> None:
        """Write a file that is only to be read by people and tools.

        Raises:
            OSError: It cannot be written.
        """
        (self.path / name).write_bytes(content)

    def read(self, name: str) -> dict[str, Any] | None:
        """Return one JSON document, None if it isn't there or was cut off."""
        try:
            document = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    def remove(self, name: str) -> None:
        """Remove one document, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def record(self, event: Event) -> None:
        """Append one event. A full disk loses it, and nothing else."""
        try:
            with (self.path / "events.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(event.to_dict()) + "\n")
        except OSError:
            return

    def events(self) -> list[dict[str, Any]]:
        """Return what happened; a line that was cut off is left out."""
        try:
            lines = (self.path / "events.jsonl").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return [event for line in lines if (event := _parsed(line)) is not None]

    def reserve(self) -> None:
        """Set some room aside for how the run will end, as far as there is any."""
        with suppress(OSError):
            (self.path / _RESERVE).write_bytes(bytes(_RESERVED_BYTES))

    def free_reserve(self) -> None:
        """Give that room free."""
        with suppress(OSError):
            (self.path / _RESERVE).unlink()

    def hold(self) -> None:
        """Mark the run as one that this process runs, until it ends in whatever way."""
        self._lock = _lock(self.path / "owner.lock")

    def try_hold(self) -> bool:
        """Take the run over, if the mlrun that ran it is gone; return whether it was."""
        try:
            self._lock = _lock(self.path / "owner.lock")
        except OSError:
            return False
        return True

    def let_go(self) -> None:
        """Let others take the run over."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def discard(self) -> None:
        """Remove the folder of a run that never came to be."""
        import shutil

        self.let_go()
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def is_open(self) -> bool:
        """Whether the run is among those that need attention."""
        return (self.path.parent / _OPEN / self.path.name).exists()

    def settle(self) -> None:
        """Forget the run among those that need attention."""
        (self.path.parent / _OPEN / self.path.name).unlink(missing_ok=True)


def create(plan: Mapping[str, Any]) -> RunFolder:
    """Make the folder of a run that begins now, and hold it. `name` gives it the run's id.

    Args:
        plan: What is to be done, as JSON.

    Raises:
        TrackingError: The state folder cannot be written.
    """
    root = runs_folder()
    with _writing():
        (root / _OPEN).mkdir(parents=True, exist_ok=True)
        folder = RunFolder(root / f"{_STARTING}{os.getpid()}-{time_ns()}")
        folder.path.mkdir(mode=0o700)
        try:
            folder.hold()
            folder.write("plan.json", plan)
        except BaseException:
            folder.discard()
            raise
    return folder


def name(folder: RunFolder, run_id: str, within: str | None = None) -> RunFolder:
    """Give the folder the run's id, from where on others find it.

    A run that is continued gets a further folder, `<run id>-2`, `-3`...: what an earlier
    process left stays as it is.

    Args:
        folder: What `create` returned.
        run_id: The run's id.
        within: The run whose command started this one, None where a person did.

    Raises:
        TrackingError: The state folder cannot be written.
    """
    root = folder.path.parent
    with _writing():
        folder.write("owner.json", {**_owner(run_id), "within": within})
        return _rename(folder, root, run_id)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrackingError(
            f"the folder of the run cannot be written: {error.filename or runs_folder()}: "
            f"{error.strerror}",
            hint="free some space, or set MLRUN_STATE_DIR to a folder that can be written",
        ) from None


def find(name: str) -> RunFolder:
    """Return the folder of a run by its id, the beginning of its id, or `last`.

    The last run is the newest one that a person started, not one of the steps that it ran.

    Raises:
        RunNotFoundError: None, or several, have that name.
    """
    folders = newest_first()
    if not folders:
        raise RunNotFoundError("no run was started on this machine yet")
    if name == "last":
        return next((f for f in folders if not _is_step(f)), folders[0])
    found = [folder for folder in folders if folder.path.name.startswith(name)]
    ids = {folder.path.name.partition("-")[0] for folder in found}
    if len(ids) > 1:
        raise RunNotFoundError(
            f"'{name}' is the beginning of {len(ids)} runs", hint="give more of its digits"
        )
    if not found or not name:
        raise RunNotFoundError(
            f"no run '{name}' was started on this machine",
            hint="`mlrun runs list` names those that were",
        )
    return found[0]


def newest_first() -> list[RunFolder]:
    """Return all runs' folders, the newest first.

    Raises:
        TrackingError: The folder that holds them cannot be read.
    """
    try:
        entries = [
            e for e in os.scandir(runs_folder()) if not e.name.startswith(".") and e.is_dir()
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TrackingError(
            f"the folder of runs cannot be read: {error.filename}: {error.strerror}",
            hint="set MLRUN_STATE_DIR to a folder that can be read and written",
        ) from None
    entries.sort(key=_started, reverse=True)
    return [RunFolder(Path(entry.path)) for entry in entries]


def unsettled() -> Iterator[RunFolder]:
    """Yield the folders of runs that have no outcome yet, or something pending.

    They come in an order that begins elsewhere each time: whoever has time for some of them
    only does not see the same ones again and again.
    """
    root = runs_folder()
    try:
        names = sorted(os.listdir(root / _OPEN))
    except OSError:
        return
    first = time_ns() // 1000 % len(names) if names else 0
    for name in names[first:] + names[:first]:
        if (root / name).is_dir():
            yield RunFolder(root / name)


def unborn() -> Iterator[RunFolder]:
    """Yield the folders of runs that got no id long after they were to begin."""
    try:
        entries = [e for e in os.scandir(runs_folder()) if e.name.startswith(_STARTING)]
    except OSError:
        return
    for entry in entries:
        if 0 < _modified(Path(entry.path)) < time() - _LONG_STARTING:
            yield RunFolder(Path(entry.path))


def aged() -> Iterator[RunFolder]:
    """Yield the folders that nobody needs any more: settled, and long over.

    A full look costs time that grows with the runs, so it is taken once a day.
    """
    root = runs_folder()
    if time() - _modified(root / _LOOKED) < _DAY:
        return
    try:
        (root / _LOOKED).touch()
    except OSError:  # no run yet, or no right to remove one
        return
    for folder in newest_first():
        if (root / _OPEN / folder.path.name).exists():
            continue
        if 0 < _modified(folder.path / "outcome.json") < time() - KEPT_DAYS * _DAY:
            yield folder


def _is_step(folder: RunFolder) -> bool:
    return bool((folder.read("owner.json") or {}).get("within"))


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _started(entry: os.DirEntry[str]) -> float:
    path = Path(entry.path)
    return _modified(path / "owner.json") or _modified(path)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _rename(folder: RunFolder, root: Path, run_id: str) -> RunFolder:
    """Rename the folder; a name that is taken cannot be, since a run's folder isn't empty.

    It is entered among the unsettled ones before, so that a kill in between loses no run.
    """
    number = 1
    while True:
        path = root / (run_id if number == 1 else f"{run_id}-{number}")
        if not path.exists():
            (root / _OPEN / path.name).touch()
            try:
                folder.path.rename(path)
            except OSError as error:
                if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
                    continue
                raise
            folder.path = path
            return folder
        number += 1


def _owner(run_id: str) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "host": os.uname().nodename,
        "pid": os.getpid(),
        "start_time": int(time() * 1000),
    }


def _lock(path: Path) -> int:
    """Take the lock, which the system drops when the process ends, by whatever cause."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if sys.platform == "win32":
        return descriptor
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
