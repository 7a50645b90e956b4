"""A run without tracking."""

from __future__ import annotations

import re

from mlrun.tracking.base import RunEnd, RunStart, RunStatus
from mlrun.tracking.none import NoTracking


def test_a_run_has_an_id_and_the_command_sees_nothing() -> None:
    store = NoTracking()
    start = RunStart(start_time=1, user="ada", tags={}, parameters={"a": "1"})
    first, second = store.start(start), store.start(start)
    assert re.fullmatch("[0-9a-f]{32}", first.run_id)
    assert first.run_id != second.run_id
    assert (first.variables, first.unset, first.web_url) == ({}, (), None)
    store.after_launch()
    store.finish(RunEnd(first.run_id, RunStatus.FINISHED, 2))
    assert store.status(first.run_id) is None
    store.close()
