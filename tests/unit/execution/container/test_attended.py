"""What stands for a container before its attendant is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import LaunchError
from mlrun.execution.container import attended, trace
from mlrun.execution.container.attended import TRACES, Attended, clear_traces
from mlrun.execution.container.container import Container, ContainerCommand
from mlrun.folders import runs_folder
from mlrun.lease import Lease, claim, share


def make(tmp_path: Path) -> Attended:
    container = Container(f"unix://{tmp_path}/no.sock", "sha256:1", "image", (), (), {}, {})
    command = ContainerCommand(container, ("true",), {"TOKEN": "hidden"}, (), "name")
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    return Attended(
        command, run_id="1", mark="1.2", folder=folder, environ=dict(os.environ), grace_period=1.0
    )


def traces() -> list[Path]:
    return list((runs_folder() / TRACES).iterdir())


def test_no_other_mlrun_finds_the_trace_before_it_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sharing(path: Path) -> Lease | None:
        found.append(traces())
        return share(path)

    found: list[list[Path]] = []
    monkeypatch.setattr(attended, "share", sharing)
    made = make(tmp_path)
    assert found == [[]]
    assert traces() == [Path(made.trace)]
    assert claim(Path(made.trace)) is None


def test_nothing_is_left_where_the_files_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(path: str, *_: object, **__: object) -> None:
        Path(path).write_text("{")
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(trace, "leave", leave)
    with pytest.raises(LaunchError, match="cannot be written: No space left on device"):
        make(tmp_path)
    assert traces() == []
    assert list((tmp_path / "run").iterdir()) == []


def test_specification_with_its_secrets_goes_when_nobody_took_it(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert b"hidden" in Path(made.argv[-1]).read_bytes()
    made._hold.release()  # type: ignore[union-attr]  # as the end of mlrun does
    clear_traces()
    assert not Path(made.argv[-1]).exists()
