"""The line, where it breaks off between the environment and the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun import runner
from mlrun.environments.base import PreparedEnvironment
from mlrun.errors import TrackingError
from mlrun.request import RunRequest
from mlrun.tracking.gateway.gateway import Gateway


def test_nothing_is_held_where_the_command_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "MLproject").write_text("entry_points: {main: {command: 'true'}}\n")
    let_go: list[str] = []
    prepared = PreparedEnvironment(release=lambda: let_go.append("environment"))
    opened: list[Gateway] = []

    def unreachable(gateway: Gateway, *_: Any) -> None:
        opened.append(gateway)
        raise TrackingError("no address for the container")

    monkeypatch.setattr(runner, "prepare", lambda *_: prepared)
    monkeypatch.setattr(runner, "reached_through", unreachable)
    request = RunRequest(
        uri=str(project), tracking_uri=f"sqlite:///{tmp_path}/mlflow.db", cwd=tmp_path
    )
    with pytest.raises(TrackingError, match="no address"):
        runner.start(request)
    assert let_go == ["environment"]
    assert all(x.socket.fileno() == -1 for x in opened[0]._listeners)
