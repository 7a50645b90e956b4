"""What a trace leads to: the containers of one launch, and nobody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlrun.execution.container import trace


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A trace that leads to an engine that is not there: asking it does not succeed."""
    file = tmp_path / "container.json"
    label = f"{trace.LAUNCH_LABEL}=run.1.2"
    trace.leave(str(file), f"unix://{tmp_path}/engine.sock", label, {}, keeps=False)
    return file


def changed(file: Path, **values: Any) -> Path:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))
    return file


def test_a_trace_stays_until_its_engine_answers(file: Path) -> None:
    assert trace.clear(str(file)) is False
    assert file.exists()


@pytest.mark.parametrize("label", ["", "mlrun.launch", "mlrun.launch=", "com.example.app=db", None])
def test_no_label_leads_to_containers_of_others(file: Path, label: str | None) -> None:
    assert trace.clear(str(changed(file, label=label))) is True
    assert not file.exists()


def test_a_trace_of_another_machine_is_left_to_that(file: Path) -> None:
    assert trace.clear(str(changed(file, host="elsewhere"))) is True
    assert file.exists()


def test_what_mlrun_wrote_for_the_attendant_goes_with_the_trace(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("container-1.in", "container-1.out", "output.log", "container-2.in"):
        (folder / name).touch()
    file = tmp_path / "container-1.json"
    label, engine = f"{trace.LAUNCH_LABEL}=run.1.2", f"unix://{tmp_path}/engine.sock"
    trace.leave(str(file), engine, label, {}, keeps=False, folder=str(folder))
    trace.clear(str(file))
    assert sorted(path.name for path in folder.iterdir()) == ["container-2.in", "output.log"]
