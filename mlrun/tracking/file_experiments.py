"""The experiments of a file store: found by name or id, made without duplicates.

Layout, the same from MLflow 1.20 to 3.17: `<root>/<id>/meta.yaml`, deleted ones below
`<root>/.trash/`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from mlrun.errors import TrackingRefusedError
from mlrun.light_dataclass import dataclass
from mlrun.tracking.limits import is_valid_name
from mlrun.tracking.metafile import META, dump, load, read_name, write_whole
from mlrun.tracking.refusals import deleted_experiment, missing_experiment

TRASH = ".trash"
DEFAULT_ID = "0"
DEFAULT_NAME = "Default"

_REGISTRY = "models"


@dataclass(frozen=True)
class FileExperiment:
    """An experiment of a file store.

    Attributes:
        folder: Where its runs are.
        experiment_id: Its id, the folder's name.
        name: Its name.
        artifact_location: URI below which its runs' artifacts are.
    """

    folder: Path
    experiment_id: str
    name: str
    artifact_location: str


def prepare_root(root: Path) -> None:
    """Make the store's folder as MLflow's client does: with a trash, and the default experiment.

    Raises:
        OSError: It cannot be made.
    """
    if (root / TRASH).is_dir():
        return
    is_new = not root.exists()
    root.mkdir(parents=True, exist_ok=True)
    if is_new:
        make_default(root)
    (root / TRASH).mkdir(exist_ok=True)


def make_default(root: Path) -> FileExperiment:
    """Return the default experiment, made if it is not there.

    Raises:
        TrackingRefusedError: It is deleted.
        OSError: It cannot be made.
    """
    try:
        return by_id(root, DEFAULT_ID)
    except TrackingRefusedError:
        if (root / TRASH / DEFAULT_ID).exists():
            raise
    with _alone(root):
        if not (root / DEFAULT_ID / META).exists():
            _write_experiment(root, DEFAULT_ID, DEFAULT_NAME)
    return by_id(root, DEFAULT_ID)


def by_id(root: Path, experiment_id: str) -> FileExperiment:
    """Return the experiment with this id.

    Raises:
        TrackingRefusedError: There is none, or it is deleted, or its file is damaged.
        OSError: It cannot be read.
    """
    if is_valid_name(experiment_id) and "/" not in experiment_id:
        folder = root / experiment_id
        if (folder / META).is_file():
            return _read(folder)
        if (root / TRASH / experiment_id / META).is_file():
            raise deleted_experiment(_read(root / TRASH / experiment_id).name, experiment_id)
    raise missing_experiment(experiment_id, root.as_uri())


def by_name(root: Path, name: str) -> FileExperiment:
    """Return the experiment with this name, made if there is none.

    Raises:
        TrackingRefusedError: It is deleted, or no store takes this name.
        OSError: The store cannot be read or written.
    """
    found = _find(root, name)
    if found is None:
        if not name.strip():
            raise TrackingRefusedError("an experiment's name cannot be empty")
        with _alone(root):
            found = _find(root, name) or _make(root, name)
    return found


def folders(root: Path) -> Iterator[Path]:
    """Yield the folders of all experiments that are not deleted."""
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name not in (TRASH, _REGISTRY) and entry.is_dir():
                yield Path(entry.path)


def _find(root: Path, name: str) -> FileExperiment | None:
    for folder in folders(root):
        if _name_of(folder) == name:
            return _read(folder)
    with os.scandir(root / TRASH) as entries:
        for entry in entries:
            if entry.is_dir() and _name_of(Path(entry.path)) == name:
                raise deleted_experiment(name, entry.name)
    return None


def _name_of(folder: Path) -> str | None:
    """Return an experiment's name; None where MLflow's client would pass over the folder."""
    file = folder / META
    try:
        with open(file, "rb") as stream:
            return read_name(stream.read(), file)
    except (OSError, ValueError):
        return None


def _make(root: Path, name: str) -> FileExperiment:
    while True:
        number = int.from_bytes(os.urandom(8), "big")
        experiment_id = str(10**17 + number % (9 * 10**17))
        if not (root / experiment_id).exists() and not (root / TRASH / experiment_id).exists():
            _write_experiment(root, experiment_id, name)
            return _read(root / experiment_id)


def _write_experiment(root: Path, experiment_id: str, name: str) -> None:
    now = int(time() * 1000)
    folder = root / experiment_id
    folder.mkdir(exist_ok=True)
    fields = {
        "artifact_location": folder.as_uri(),
        "creation_time": now,
        "experiment_id": experiment_id,
        "last_update_time": now,
        "lifecycle_stage": "active",
        "name": name,
    }
    write_whole(folder / META, dump(fields))


def _read(folder: Path) -> FileExperiment:
    try:
        fields = load(folder / META)
    except ValueError as error:
        raise TrackingRefusedError(
            f"the experiment's file {folder / META} is damaged",
            hint="repair it or move its folder away",
        ) from error
    return FileExperiment(
        folder=folder,
        experiment_id=folder.name,
        name=str(fields.get("name", folder.name)),
        artifact_location=str(fields.get("artifact_location") or folder.as_uri()),
    )


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep other mlruns from making experiments; where folders cannot be locked, none is kept."""
    import fcntl

    handle = os.open(root, os.O_RDONLY)
    try:
        # Some network file systems lock no folders.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
