"""MLflow's file store: mlrun writes it, and the command's client, of any version, reads it.

Layout, the same from MLflow 1.20 to 3.17: `<root>/<experiment>/<run>/` with `meta.yaml` and
the folders `params`, `tags` (one file for each), `metrics` and `artifacts`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlrun.errors import Problem, TrackingError, TrackingRefusedError, TrackingUnavailableError
from mlrun.tracking import file_experiments
from mlrun.tracking.base import RunEnd, RunStart, RunStatus, TrackedRun
from mlrun.tracking.file_experiments import FileExperiment
from mlrun.tracking.limits import fit_parameters, fit_tags, is_valid_name
from mlrun.tracking.local_artifacts import write_artifact
from mlrun.tracking.metafile import META, dump, load, write, write_whole
from mlrun.tracking.names import random_name
from mlrun.tracking.refusals import cannot_change, deleted_run, missing_run, stays_in

RUN_NAME_TAG = "mlflow.runName"

# mlflow.entities.RunStatus; 2 is SCHEDULED, which mlrun does not use.
_NUMBERS = {
    RunStatus.RUNNING: 1,
    RunStatus.FINISHED: 3,
    RunStatus.FAILED: 4,
    RunStatus.KILLED: 5,
}
_SOURCE_IS_LOCAL = 4
_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE)


class FileStore:
    """Records runs in a folder.

    Args:
        root: The folder, absolute; made when the first run starts.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.uri = root.as_uri()
        self.begun: TrackedRun | None = None
        self._known: dict[str, Path] = {}

    def start(self, start: RunStart) -> TrackedRun:
        """Make or continue a run.

        Raises:
            TrackingUnavailableError: The disk is full or fails.
            TrackingRefusedError: The folder cannot be used, or there is no such run.
        """
        with self._failures_named():
            file_experiments.prepare_root(self._root)
            if start.run_id is None:
                return self._make(start)
            return self._continue(start, start.run_id)

    def after_launch(self) -> None:
        """Do nothing: all is written at the start."""

    def status(self, run_id: str) -> RunStatus | None:
        """Return the recorded state of the run, None for one that mlrun does not use.

        Raises:
            TrackingUnavailableError: The disk fails.
            TrackingRefusedError: The run cannot be read.
        """
        with self._failures_named():
            number = _fields(self._folder(run_id)).get("status")
        return next((status for status, known in _NUMBERS.items() if known == number), None)

    def finish(self, end: RunEnd) -> None:
        """Record the end of a run.

        Raises:
            TrackingUnavailableError: The disk is full or fails.
            TrackingRefusedError: The run cannot be written.
        """
        with self._failures_named():
            folder = self._folder(end.run_id)
            tags, _ = fit_tags(end.tags)
            _add(folder, "tags", tags)
            changes = {"status": _NUMBERS[end.status], "end_time": end.end_time}
            write_whole(folder / META, dump({**_fields(folder), **changes}))

    def keep_artifact(self, run: TrackedRun, path: str, content: bytes) -> bool:
        """Add a file to a run's artifacts, where they lie on this machine."""
        return write_artifact(run.artifact_uri, path, content)

    def close(self) -> None:
        """Do nothing."""

    def _make(self, start: RunStart) -> TrackedRun:
        experiment = self._experiment(start)
        run_id = os.urandom(16).hex()
        folder = experiment.folder / run_id
        tags, tag_warnings = fit_tags(start.tags)
        parameters, parameter_warnings = fit_parameters(start.parameters)
        name = start.run_name or tags.get(RUN_NAME_TAG) or random_name()
        fields = _new_fields(start, experiment, run_id, name)
        try:
            for part in ("metrics", "params", "tags", "artifacts"):
                (folder / part).mkdir(parents=True)
            warnings = _write_new(folder, "tags", {**tags, RUN_NAME_TAG: name})
            warnings += _write_new(folder, "params", parameters)
            # Last, since it is what makes the folder a run.
            write_whole(folder / META, dump(fields))
        except BaseException:
            _remove(folder)
            raise
        self._known[run_id] = folder
        return self._tracked(experiment, fields, (*tag_warnings, *parameter_warnings, *warnings))

    def _experiment(self, start: RunStart) -> FileExperiment:
        if start.experiment_name is not None:
            return file_experiments.by_name(self._root, start.experiment_name)
        if start.experiment_id not in (None, file_experiments.DEFAULT_ID):
            return file_experiments.by_id(self._root, str(start.experiment_id))
        return file_experiments.make_default(self._root)

    def _continue(self, start: RunStart, run_id: str) -> TrackedRun:
        folder = self._folder(run_id)
        fields = _fields(folder)
        if fields.get("lifecycle_stage") == "deleted":
            raise deleted_run(run_id)
        experiment = file_experiments.by_id(self._root, folder.parent.name)
        names = {RUN_NAME_TAG: start.run_name} if start.run_name else {}
        tags, warnings = fit_tags({**start.tags, **names})
        warnings += _add(folder, "tags", tags)
        parameters, parameter_warnings = fit_parameters(start.parameters)
        warnings += parameter_warnings + _add(folder, "params", parameters, replace=False)
        changes = {"status": _NUMBERS[RunStatus.RUNNING]}
        renamed = {"run_name": start.run_name} if start.run_name else {}
        write_whole(folder / META, dump({**fields, **changes, **renamed}))
        asked_id, asked_name = start.experiment_id, start.experiment_name
        if asked_id not in (None, experiment.experiment_id) or asked_name not in (
            None,
            experiment.name,
        ):
            warnings += (stays_in(run_id, experiment.experiment_id),)
        return self._tracked(experiment, {**fields, **renamed}, warnings)

    def _folder(self, run_id: str) -> Path:
        """Return the folder of a run, wherever it is.

        Raises:
            TrackingRefusedError: There is no such run.
        """
        if run_id in self._known:
            return self._known[run_id]
        if is_valid_name(run_id) and "/" not in run_id and self._root.is_dir():
            for experiment in file_experiments.folders(self._root):
                if (experiment / run_id / META).is_file():
                    self._known[run_id] = experiment / run_id
                    return experiment / run_id
        raise missing_run(run_id, self.uri)

    def _tracked(
        self, experiment: FileExperiment, fields: Mapping[str, Any], warnings: tuple[Problem, ...]
    ) -> TrackedRun:
        self.begun = TrackedRun(
            run_id=str(fields["run_id"]),
            experiment_id=experiment.experiment_id,
            experiment_name=experiment.name,
            artifact_uri=str(fields["artifact_uri"]),
            variables={
                "MLFLOW_TRACKING_URI": self.uri,
                "MLFLOW_RUN_ID": str(fields["run_id"]),
                "MLFLOW_EXPERIMENT_ID": experiment.experiment_id,
                # Since 3.13 a client refuses a file store without it.
                "MLFLOW_ALLOW_FILE_STORE": "true",
            },
            unset=("MLFLOW_EXPERIMENT_NAME",),
            warnings=warnings,
        )
        return self.begun

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._named(error) from error

    def _named(self, error: OSError) -> TrackingError:
        kind = TrackingUnavailableError if error.errno in _PASSING else TrackingRefusedError
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            hint = "make room there, or record elsewhere with --tracking-uri"
        elif error.errno in (errno.ENOTDIR, errno.EEXIST):
            hint = "a file is where a folder has to be: move it, or record elsewhere with "
            hint += "--tracking-uri"
        else:
            hint = "make the folder writable, or record elsewhere with --tracking-uri"
        place = error.filename or self._root
        reason = error.strerror or type(error).__name__
        return kind(f"the file store {self._root} cannot be used: {place}: {reason}", hint=hint)


def _new_fields(
    start: RunStart, experiment: FileExperiment, run_id: str, name: str
) -> dict[str, Any]:
    """Return the fields of a new run; those that are always empty serve old clients."""
    location, query, rest = experiment.artifact_location.partition("?")
    return {
        "artifact_uri": f"{location.rstrip('/')}/{run_id}/artifacts{query}{rest}",
        "deleted_time": None,
        "end_time": None,
        "entry_point_name": "",
        "experiment_id": experiment.experiment_id,
        "lifecycle_stage": "active",
        "run_id": run_id,
        "run_name": name,
        "run_uuid": run_id,
        "source_name": "",
        "source_type": _SOURCE_IS_LOCAL,
        "source_version": "",
        "start_time": start.start_time,
        "status": _NUMBERS[RunStatus.RUNNING],
        "tags": [],
        "user_id": start.user,
    }


def _fields(folder: Path) -> dict[str, Any]:
    try:
        fields = load(folder / META)
    except ValueError as error:
        raise TrackingRefusedError(
            f"the run's file {folder / META} is damaged", hint="repair it or use another run"
        ) from error
    return {"run_id": folder.name, "artifact_uri": (folder / "artifacts").as_uri(), **fields}


def _write_new(folder: Path, kind: str, values: Mapping[str, str]) -> tuple[Problem, ...]:
    """Write the values of a run that nobody sees yet."""
    return tuple(
        warning
        for name, value in values.items()
        if (warning := _write_value(folder, kind, name, value)) is not None
    )


def _add(
    folder: Path, kind: str, values: Mapping[str, str], *, replace: bool = True
) -> tuple[Problem, ...]:
    """Write values of a run that others may be reading."""
    warnings: list[Problem] = []
    for name, value in values.items():
        file = folder / kind / name
        recorded = _text(file) if file.is_file() else None
        if recorded == value:
            continue
        if recorded is not None and not replace:
            warnings.append(cannot_change(name, recorded))
            continue
        warning = _write_value(folder, kind, name, value, whole=True)
        warnings.extend((warning,) if warning else ())
    return tuple(warnings)


def _write_value(
    folder: Path, kind: str, name: str, value: str, *, whole: bool = False
) -> Problem | None:
    file = folder / kind / name
    try:
        if "/" in name:
            file.parent.mkdir(parents=True, exist_ok=True)
        if whole:
            # Drafted beside the folder, where readers take no file for a value.
            draft = folder / f".{os.urandom(6).hex()}"
            write(draft, value)
            draft.replace(file)
        else:
            write(file, value)
    except OSError as error:
        if error.errno not in (errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
            raise
        what = "tag" if kind == "tags" else "parameter"
        return Problem(
            f"the {what} {name!r} is not recorded: a file store takes no such name here "
            f"({error.strerror})"
        )
    return None


def _text(file: Path) -> str:
    with open(file, encoding="utf-8", errors="replace", newline="") as stream:
        return stream.read()


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
