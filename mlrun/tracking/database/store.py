"""A local database as the place where mlrun itself records a run: written directly, no HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.errors import Problem, TrackingError, TrackingRefusedError, TrackingUnavailableError
from mlrun.tracking.base import RunEnd, RunStart, RunStatus, TrackedRun
from mlrun.tracking.database import runs
from mlrun.tracking.database.api_error import INVALID, UNAVAILABLE, ApiError
from mlrun.tracking.database.experiments import ACTIVE, experiment_named, make_experiment
from mlrun.tracking.database.opening import DEFAULT_EXPERIMENT
from mlrun.tracking.database.parameters import recorded_parameters, write_parameters
from mlrun.tracking.database.session import Database, Session
from mlrun.tracking.limits import PARAMETER_LENGTHS, fit_parameters, fit_tags
from mlrun.tracking.local_artifacts import write_artifact
from mlrun.tracking.refusals import (
    cannot_change,
    deleted_experiment,
    deleted_run,
    missing_experiment,
    missing_run,
    stays_in,
)

if TYPE_CHECKING:
    import sqlite3


class DatabaseStore:
    """Records runs in a local database of MLflow's.

    Args:
        path: The file, absolute; made when the first run starts.
        artifact_root: Absolute path or URI under which new experiments get their folder.
    """

    def __init__(self, path: Path, artifact_root: str) -> None:
        self.path = path
        self.artifact_root = artifact_root
        self.uri = f"sqlite:///{path}"
        self.begun: TrackedRun | None = None
        self._database = Database(path, artifact_root)

    def start(self, start: RunStart) -> TrackedRun:
        """Make or continue a run, in one transaction.

        Raises:
            TrackingUnavailableError: Other writers do not let go, or the disk is full or fails.
            TrackingRefusedError: The file cannot be used, or there is no such run or experiment.
        """
        with self._failures_named():
            if start.run_id is not None:
                self._must_exist(start.run_id)
            with self._database.writing() as session:
                if start.run_id is None:
                    begun = self._make(session, start)
                else:
                    begun = self._continue(session, start, start.run_id)
        self.begun = begun
        return begun

    def after_launch(self) -> None:
        """Do nothing: all is written at the start."""

    def status(self, run_id: str) -> RunStatus | None:
        """Return the recorded state of the run, None for one that mlrun does not use.

        Raises:
            TrackingUnavailableError: The disk fails.
            TrackingRefusedError: The run cannot be read.
        """
        with self._failures_named():
            self._must_exist(run_id)
            with self._database.reading() as session:
                recorded = self._run(session, run_id)["status"]
        return next((status for status in RunStatus if status.value == recorded), None)

    def finish(self, end: RunEnd) -> None:
        """Record the end of a run, in one transaction.

        Raises:
            TrackingUnavailableError: Other writers do not let go, or the disk is full or fails.
            TrackingRefusedError: The run cannot be written.
        """
        tags, _ = fit_tags(end.tags)
        with self._failures_named():
            self._must_exist(end.run_id)
            with self._database.writing() as session:
                self._run(session, end.run_id)
                fields = {"status": end.status.value, "end_time": end.end_time}
                session.update("runs", fields, "run_uuid = ?", (end.run_id,))
                runs.write_tags(session, end.run_id, tags)

    def keep_artifact(self, run: TrackedRun, path: str, content: bytes) -> bool:
        """Add a file to a run's artifacts, where they lie on this machine."""
        return write_artifact(run.artifact_uri, path, content)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _make(self, session: Session, start: RunStart) -> TrackedRun:
        experiment = self._experiment(session, start)
        tags, tag_warnings = fit_tags(start.tags)
        if start.run_name:
            tags[runs.RUN_NAME_TAG] = start.run_name
        parameters, parameter_warnings = _fitting(session, start.parameters)
        run_id = runs.make_run(
            session,
            experiment,
            tags,
            name=start.run_name or "",
            user=start.user,
            start_time=start.start_time,
        )
        write_parameters(session, run_id, parameters)
        run = self._run(session, run_id)
        return self._tracked(run, experiment["name"], (*tag_warnings, *parameter_warnings))

    def _experiment(self, session: Session, start: RunStart) -> sqlite3.Row:
        """Return the row of the experiment that a new run belongs to, made if it may be."""
        if start.experiment_name is None:
            asked = start.experiment_id
            return self._experiment_by_id(
                session, DEFAULT_EXPERIMENT[0] if asked is None else asked
            )
        name = start.experiment_name
        if not name.strip():
            raise TrackingRefusedError("an experiment's name cannot be empty")
        row = experiment_named(session, name)
        if row is None:
            return self._experiment_by_id(session, make_experiment(session, name))
        return _usable(row)

    def _experiment_by_id(self, session: Session, experiment_id: str) -> sqlite3.Row:
        is_number = experiment_id.isascii() and experiment_id.isdigit() and len(experiment_id) < 19
        query = "SELECT * FROM experiments WHERE experiment_id = ?"
        row = session.row(query, (int(experiment_id),)) if is_number else None
        if row is None:
            raise missing_experiment(experiment_id, self.uri)
        return _usable(row)

    def _continue(self, session: Session, start: RunStart, run_id: str) -> TrackedRun:
        run = self._run(session, run_id)
        if run["lifecycle_stage"] != ACTIVE:
            raise deleted_run(run_id)
        experiment = self._experiment_by_id(session, str(run["experiment_id"]))
        tags, warnings = fit_tags(start.tags)
        session.update("runs", {"status": RunStatus.RUNNING.value}, "run_uuid = ?", (run_id,))
        runs.write_tags(session, run_id, tags)
        runs.rename(session, run_id, start.run_name or tags.get(runs.RUN_NAME_TAG, ""))
        warnings += _add_parameters(session, run_id, start.parameters)
        if start.experiment_id not in (None, str(experiment["experiment_id"])) or (
            start.experiment_name not in (None, experiment["name"])
        ):
            warnings += (stays_in(run_id, str(experiment["experiment_id"])),)
        return self._tracked(run, experiment["name"], warnings)

    def _run(self, session: Session, run_id: str) -> sqlite3.Row:
        row = session.row("SELECT * FROM runs WHERE run_uuid = ?", (run_id,))
        if row is None:
            raise missing_run(run_id, self.uri)
        return row

    def _tracked(
        self, run: sqlite3.Row, experiment_name: str, warnings: tuple[Problem, ...]
    ) -> TrackedRun:
        experiment_id = str(run["experiment_id"])
        return TrackedRun(
            run_id=run["run_uuid"],
            experiment_id=experiment_id,
            experiment_name=experiment_name,
            artifact_uri=run["artifact_uri"],
            variables={
                "MLFLOW_TRACKING_URI": self.uri,
                "MLFLOW_RUN_ID": run["run_uuid"],
                "MLFLOW_EXPERIMENT_ID": experiment_id,
            },
            unset=("MLFLOW_EXPERIMENT_NAME",),
            warnings=warnings,
        )

    def _must_exist(self, run_id: str) -> None:
        """Keep a database from being made only to find that a run is not in it."""
        if not self.path.exists():
            raise missing_run(run_id, self.uri)

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except ApiError as error:
            raise _named(error) from error


def _usable(experiment: sqlite3.Row) -> sqlite3.Row:
    if experiment["lifecycle_stage"] != ACTIVE:
        raise deleted_experiment(experiment["name"], str(experiment["experiment_id"]))
    return experiment


def _fitting(
    session: Session, parameters: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    held = session.length("params", "value") or PARAMETER_LENGTHS[0]
    return fit_parameters(parameters, min(held, PARAMETER_LENGTHS[0]))


def _add_parameters(
    session: Session, run_id: str, parameters: Mapping[str, str]
) -> tuple[Problem, ...]:
    """Add what a continued run does not have yet, and return what it keeps as it is."""
    fitting, warnings = _fitting(session, parameters)
    known = recorded_parameters(session, run_id)
    new = {name: value for name, value in fitting.items() if name not in known}
    write_parameters(session, run_id, new)
    kept = (name for name, value in fitting.items() if known.get(name, value) != value)
    return warnings + tuple(cannot_change(name, known[name]) for name in kept)


def _named(error: ApiError) -> TrackingError:
    """Return the error for the user whose run cannot be recorded."""
    # MLflow's clients are told in sentences, the user in mlrun's own way.
    text = error.message.rstrip(".")
    if text.startswith("The "):
        text = f"the {text[4:]}"
    if error.code == UNAVAILABLE:
        return TrackingUnavailableError(
            text,
            hint="make room there or let the others end, or record elsewhere with --tracking-uri",
        )
    hint = None if error.code == INVALID else "record elsewhere with --tracking-uri"
    return TrackingRefusedError(text, hint=hint)
