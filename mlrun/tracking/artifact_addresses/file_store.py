"""A file store: runs, logged models and the registry, read from its small files.

Layout, from MLflow 1.20 to 3.17: `<root>/<experiment>/<run>/meta.yaml`, since 3.0
`<root>/<experiment>/models/<model id>/meta.yaml`; the registry is `<root>/models/<name>/` with
`meta.yaml`, `version-<number>/meta.yaml` and `aliases/<alias>`, a file that holds the number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.api import Json
from mlrun.tracking.artifact_addresses.catalog import Owner, Registered, said
from mlrun.tracking.file_experiments import TRASH
from mlrun.tracking.metafile import META, load

_MODELS = "models"
_VERSION = "version-"
_DELETED_STAGE = "Deleted_Internal"
_ENDED = ("3", "4", "5")
"""mlflow.entities.RunStatus: FINISHED, FAILED, KILLED."""
_READY = "2"
"""mlflow.entities.LoggedModelStatus."""


class FileCatalog:
    """Reads the files.

    Args:
        root: The store's folder, absolute.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.uri = root.as_uri()

    def run(self, run_id: str) -> Owner | None:
        """Return a run, None if there is none."""
        for experiment in self._experiments():
            folder = experiment / run_id
            fields = _read(folder)
            if fields is not None:
                return self._as_run(run_id, folder, fields)
        return None

    def logged_model(self, model_id: str) -> Owner | None:
        """Return a logged model that is not deleted, None if there is none."""
        for experiment in self._experiments():
            fields = _read(experiment / _MODELS / model_id)
            if fields is not None:
                return None if _is_deleted(fields) else _as_model(model_id, fields)
        return None

    def model_of_run(self, run: Owner, name: str) -> Owner | None:
        """Return the newest logged model of this name that a run has made, None for none."""
        found: list[tuple[int, str, Json]] = []
        for folder in _folders(self._root / run.experiment_id / _MODELS):
            fields = _read(folder) or {}
            is_meant = fields.get("name") == name and fields.get("source_run_id") == run.run_id
            if is_meant and not _is_deleted(fields):
                made = int(fields.get("creation_timestamp") or 0)
                found.append((made, folder.name, fields))
        if not found:
            return None
        _, model_id, newest = max(found, key=lambda model: model[:2])
        return _as_model(model_id, newest)

    def registered(self, name: str) -> Registered | None:
        """Return a registered model, None if there is none."""
        folder = self._model_folder(name)
        if folder is None or _read(folder) is None:
            return None
        stages: dict[str, str] = {}
        for number, fields in self._versions(folder):
            stage = said(fields.get("current_stage")) or "None"
            stages[stage] = max(stages.get(stage, number), number, key=int)
        return Registered(name, stages, dict(_aliases(folder / "aliases")))

    def version(self, name: str, number: str) -> Owner | None:
        """Return a version of a registered model, None if there is none."""
        folder = self._model_folder(name)
        fields = _read(folder / f"{_VERSION}{number}") if folder else None
        if fields is None or fields.get("current_stage") == _DELETED_STAGE:
            return None
        return Owner(
            uri=said(fields.get("storage_location")) or said(fields.get("source")),
            identity=f"version {name}/{number} {fields.get('creation_timestamp')}",
            run_id=said(fields.get("run_id")),
        )

    def version_numbers(self, name: str) -> tuple[str, ...]:
        """Return all versions of a registered model."""
        folder = self._model_folder(name)
        numbers = (number for number, _ in self._versions(folder)) if folder else ()
        return tuple(sorted(numbers, key=int))

    def model_names(self) -> tuple[str, ...]:
        """Return the names of all registered models."""
        return tuple(sorted(folder.name for folder in _folders(self._root / _MODELS)))

    def _experiments(self) -> Iterator[Path]:
        for folder in _folders(self._root):
            if folder.name not in (TRASH, _MODELS):
                yield folder
        yield from _folders(self._root / TRASH)

    def _as_run(self, run_id: str, folder: Path, fields: Json) -> Owner:
        ended = said(fields.get("end_time")) if str(fields.get("status")) in _ENDED else ""
        is_in_trash = folder.parent.parent.name == TRASH
        return Owner(
            uri=said(fields.get("artifact_uri")) or (folder / "artifacts").as_uri(),
            identity=f"run {run_id} {ended}" if ended else None,
            run_id=run_id,
            experiment_id=folder.parent.name,
            is_deleted=is_in_trash or _is_deleted(fields),
        )

    def _model_folder(self, name: str) -> Path | None:
        return None if name in (".", "..") else self._root / _MODELS / name

    def _versions(self, folder: Path) -> Iterator[tuple[str, Json]]:
        for version in _folders(folder):
            number = version.name.removeprefix(_VERSION)
            fields = _read(version) if number.isdigit() else None
            if fields is not None and fields.get("current_stage") != _DELETED_STAGE:
                yield number, fields


def _as_model(model_id: str, fields: Json) -> Owner:
    changed = said(fields.get("last_updated_timestamp"))
    is_whole = str(fields.get("status")) in (_READY, "READY")
    return Owner(
        uri=said(fields.get("artifact_location")),
        identity=f"model {model_id} {changed}" if is_whole and changed else None,
        run_id=said(fields.get("source_run_id")),
        model_id=model_id,
    )


def _is_deleted(fields: Json) -> bool:
    return fields.get("lifecycle_stage") == "deleted"


def _folders(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            yield from (Path(entry.path) for entry in entries if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _unreadable(folder, error) from error


def _read(folder: Path) -> Json | None:
    """Return the fields of what lies in a folder, None if nothing does."""
    try:
        return load(folder / META)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(folder / META, error) from error
    except ValueError as error:
        raise TrackingRefusedError(f"the file {folder / META} is damaged") from error


def _aliases(folder: Path) -> Iterator[tuple[str, str]]:
    try:
        files = sorted(file for file in folder.iterdir() if file.is_file())
        for file in files:
            yield file.name, file.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, UnicodeError) as error:
        raise _unreadable(folder, error) from error


def _unreadable(place: Path, error: Exception) -> TrackingRefusedError:
    reason = error.strerror if isinstance(error, OSError) else "it is no text"
    return TrackingRefusedError(f"the file store's {place} cannot be read: {reason}")
