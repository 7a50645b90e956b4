"""What every tracking store takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Protocol

from mlrun.errors import Problem
from mlrun.light_dataclass import dataclass


class RunStatus(str, Enum):
    """MLflow's states of a run that mlrun uses (mlflow.entities.RunStatus)."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


@dataclass(frozen=True)
class RunStart:
    """What is recorded when a run begins.

    Attributes:
        run_id: Continue this run; None makes one.
        experiment_name: Made if missing; excludes `experiment_id`. With neither, the
            default experiment ("Default", id 0).
        experiment_id: Must exist.
        run_name: None leaves the store's own choice.
        user: Who runs it.
        start_time: Milliseconds since the epoch.
        tags: All tags, `mlflow.*` ones included.
        parameters: As given; empty where the user asked not to log them.
    """

    start_time: int
    user: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    run_id: str | None = None
    experiment_name: str | None = None
    experiment_id: str | None = None
    run_name: str | None = None


@dataclass(frozen=True)
class TrackedRun:
    """A run that a store knows.

    Attributes:
        run_id: 32 hexadecimal digits.
        experiment_id: The store's id.
        experiment_name: Where it was looked up or given.
        artifact_uri: Where artifacts go.
        variables: What the command needs to find this run: `MLFLOW_TRACKING_URI`,
            `MLFLOW_RUN_ID`, `MLFLOW_EXPERIMENT_ID`...
        unset: Inherited variables that would contradict those.
        web_url: Where a person can look at it, None where there is no such place.
        warnings: What could not be recorded as it was given.
    """

    run_id: str
    experiment_id: str
    experiment_name: str | None
    artifact_uri: str | None
    variables: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    web_url: str | None = None
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class RunEnd:
    """What is recorded when a run has ended.

    Attributes:
        run_id: Which run.
        status: How it ended.
        end_time: Milliseconds since the epoch.
        tags: Tags to add or to change.
    """

    run_id: str
    status: RunStatus
    end_time: int
    tags: Mapping[str, str] = field(default_factory=dict)


class TrackingStore(Protocol):
    """One place where runs are recorded."""

    uri: str
    """Absolute, without credentials: what a plan records and a message names."""

    begun: TrackedRun | None
    """The run that `start` has made or continued, also where it failed afterwards."""

    def start(self, start: RunStart) -> TrackedRun:
        """Make or continue a run, with its experiment, tags and parameters.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """

    def after_launch(self) -> None:
        """Send what did not have to be there before the command started.

        What could not be sent is kept, and sent again by `finish`.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """

    def status(self, run_id: str) -> RunStatus | None:
        """Return the state that the store has for the run, None if it cannot say."""

    def finish(self, end: RunEnd) -> None:
        """Record the end of a run. May be called again for the same run.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """

    def keep_artifact(self, run: TrackedRun, path: str, content: bytes) -> bool:
        """Add a small file of mlrun's own to a run's artifacts, where that needs no other tool.

        Args:
            run: Which run.
            path: Below its artifacts, with slashes.
            content: All of it.

        Returns:
            Whether it is there. That it is not is no failure of the run.
        """

    def close(self) -> None:
        """Let go of connections."""
