"""A tracking server that need not be there when a run starts.

If the run cannot be made, it begins under a provisional id: that it is to be made is kept in the
journal, as the first of what its command logs, and all is delivered when the server can be used.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mlrun.errors import Problem, TrackingError, TrackingUnavailableError
from mlrun.tracking.base import RunEnd, RunStart, RunStatus, TrackedRun, TrackingStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.tracking.gateway.provisional import ProvisionalRun

_DEFAULT_EXPERIMENT = "0"
_ID_DIGITS = 18
"""As the ids that MLflow's file stores make: too long to be a database's."""


class BestEffortStore:
    """Records runs on a server, or begins them without it.

    Args:
        store: The server.
        journal: Returns the folder in which the gateway keeps what the server has not got.
    """

    def __init__(self, store: TrackingStore, journal: Callable[[], Path]) -> None:
        self.uri = store.uri
        self.begun: TrackedRun | None = None
        self.unmade: ProvisionalRun | None = None
        """The run that is still to be made on the server; None if it was made at its start."""
        self._store = store
        self._journal = journal

    def start(self, start: RunStart) -> TrackedRun:
        """Make a run on the server, or begin one without it.

        Raises:
            JournalFullError: It could not even be kept.
        """
        try:
            self.begun = self._store.start(start)
        except TrackingError as error:
            self.begun = self._store.begun or self._provisional(start)
            self.begun = replace(self.begun, warnings=(*self.begun.warnings, _told(error)))
        return self.begun

    def after_launch(self) -> None:
        """Send what did not have to be there before.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """
        if self.unmade is None:
            self._store.after_launch()

    @property
    def server(self) -> TrackingStore:
        """The store that stands behind this one."""
        return self._store

    def status(self, run_id: str) -> RunStatus | None:
        """Return the server's state of the run, None if it does not know the run yet.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """
        real = self._real(run_id)
        return self._store.status(real) if real is not None else None

    def finish(self, end: RunEnd) -> None:
        """Record the end of a run.

        Raises:
            TrackingUnavailableError: No answer, or the run is not on the server yet.
            TrackingRefusedError: The answer was no.
        """
        real = self._real(end.run_id)
        if real is None:
            raise TrackingUnavailableError(f"the run could not be made on {self.uri} yet")
        self._store.finish(replace(end, run_id=real))

    def keep_artifact(self, run: TrackedRun, path: str, content: bytes) -> bool:
        """Add a file to a run's artifacts, if the server has the run."""
        return self.unmade is None and self.server.keep_artifact(run, path, content)

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()

    def _provisional(self, start: RunStart) -> TrackedRun:
        """Begin a run here, and keep at once what makes it on the server."""
        from mlrun.tracking.gateway.journal import Journal
        from mlrun.tracking.gateway.provisional import stand_in

        run_id = os.urandom(16).hex()
        experiment_id = start.experiment_id or _DEFAULT_EXPERIMENT
        if start.experiment_name is not None:
            experiment_id = str(random.SystemRandom().randrange(10**17, 10**_ID_DIGITS))
        self.unmade = stand_in(start, run_id, experiment_id)
        journal = Journal(self._journal())
        try:
            journal.append_all([self.unmade.draft()])
        finally:
            journal.close()
        return TrackedRun(
            run_id=run_id,
            experiment_id=experiment_id,
            experiment_name=start.experiment_name,
            artifact_uri=None,
            variables={"MLFLOW_RUN_ID": run_id, "MLFLOW_EXPERIMENT_ID": experiment_id},
            unset=("MLFLOW_EXPERIMENT_NAME",),
        )

    def _real(self, run_id: str) -> str | None:
        """Return the server's id of a run, None while it has none."""
        if self.unmade is None:
            return run_id
        from mlrun.tracking.gateway.identities import Identities

        real = Identities(self._journal()).real(run_id)
        return real if real != run_id else None


def _told(error: TrackingError) -> Problem:
    return Problem(
        f"{error.message}; the run starts all the same, and what it logs is kept until the "
        "server takes it"
    )
