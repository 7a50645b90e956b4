"""The benchmarks' clock and scales, tried on runners made of a few words of shell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import measure
from benchmarks.measure import Command


def runner(script: str) -> Command:
    return Command(("bash", "-c", script), Path("/"), {**os.environ, "LC_ALL": "C"})


def test_start_takes_the_time_that_the_command_noted() -> None:
    taken = measure.start(runner('sleep 0.05; echo $EPOCHREALTIME > "$BENCH_MARK"; sleep 0.05'))

    assert taken.first >= 0.05
    assert taken.first + 0.05 <= taken.total


def test_a_failure_is_told_with_its_output() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 7:\nno luck"):
        measure.wall(runner("echo no luck; exit 7"))


LARGE = """
import os, time
held = b"x" * 100_000_000
with open(os.environ["BENCH_MARK"], "w") as mark:
    print(os.getpid(), file=mark)
time.sleep(1)
"""


def test_memory_leaves_the_command_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SETTLE_SECONDS", 0.1)
    (tmp_path / "large.py").write_text(LARGE)
    script = f"sleep 60 & python3 {tmp_path}/large.py; kill $!"
    held = measure.memory(runner(script))

    assert 0 < held.main < held.all < 50_000


def test_memory_needs_a_command_that_begins() -> None:
    with pytest.raises(RuntimeError, match="before its command began"):
        measure.memory(runner("exit 0"))
