"""A script that was written to run plain sets an experiment and starts a run.

Its client then asks for the run that it was given (`MLFLOW_RUN_ID`), and raises unless that
run is in the experiment just set (`mlflow.start_run`, in `tracking/fluent.py`). That one
comparison is satisfied; every other answer tells what is.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from mlrun.tracking.gateway.service import Call


class InjectedRun:
    """Knows which experiment each client has set."""

    def __init__(self, run_id: str, experiment_id: str, say: Callable[[str], None]) -> None:
        self._run_id = run_id
        self._experiment_id = experiment_id
        self._say = say

    def satisfied(self, call: Call, answer: web.StreamResponse) -> web.StreamResponse:
        """Return the answer, with the experiment that the client compares with."""
        return answer
