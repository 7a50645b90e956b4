"""A run that is recorded nowhere but in its own folder."""

from __future__ import annotations

import os

from mlrun.tracking.base import RunEnd, RunStart, RunStatus, TrackedRun


class NoTracking:
    """Gives a run its id and nothing else.

    The command's variables stay as the user has them: it may track on its own.
    """

    uri = ""

    def __init__(self) -> None:
        self.begun: TrackedRun | None = None

    def start(self, start: RunStart) -> TrackedRun:
        """Return a run with an id of its own."""
        run_id = start.run_id or os.urandom(16).hex()
        self.begun = TrackedRun(run_id, experiment_id="", experiment_name=None, artifact_uri=None)
        return self.begun

    def after_launch(self) -> None:
        """Do nothing."""

    def status(self, run_id: str) -> RunStatus | None:  # noqa: ARG002 - the contract's
        """Return None: nobody knows but the run's folder."""
        return None

    def finish(self, end: RunEnd) -> None:
        """Do nothing."""

    def keep_artifact(self, run: TrackedRun, path: str, content: bytes) -> bool:  # noqa: ARG002
        """Return False: there are no artifacts."""
        return False

    def close(self) -> None:
        """Do nothing."""
