from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlrun.execution import leftovers
from mlrun.execution.leftovers import Clearing, Leader, find, leader_of, read_process, send
from tests.functional.driven import wait_until

MARK = f"mark.{os.getpid()}"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")


@contextmanager
def process(*argv: str, mark: str = MARK) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, "MLRUN_LAUNCH": f"outer:{mark}:inner"}
    with subprocess.Popen(argv, env=environ, start_new_session=True) as started:
        try:
            yield started
        finally:
            started.kill()


def test_process_with_a_strange_name_is_read() -> None:
    code = (
        "import time\nopen('/proc/self/comm', 'w').write('a) S (b')\n"
        "print(flush=True)\ntime.sleep(99)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        started.stdout.readline()
        found = read_process(started.pid)
        started.kill()
    assert found is not None
    assert (found.name, found.parent) == ("a) S (b", os.getpid())


def test_process_that_is_gone_is_none() -> None:
    with process("true") as started:
        started.wait()
    assert read_process(started.pid) is None


def absent(started: subprocess.Popen[bytes], mark: str = MARK) -> Leader:
    """Return a leader that is no process, as old as this one."""
    return Leader(1_000_000_000, leader_of(started.pid, mark).started, mark)


def test_marked_processes_are_found_at_any_depth_of_nesting() -> None:
    with process("sleep", "99") as started, process("sleep", "99", mark="other"):
        assert [p.pid for p in find(absent(started))] == [started.pid]


def test_part_of_a_mark_is_no_mark() -> None:
    with process("sleep", "99") as started:
        for part in ("", "m", MARK[:-1], f"outer:{MARK}", ":", "outer:"):
            assert find(absent(started, part)) == []


def test_mark_in_another_variable_is_no_mark() -> None:
    environ = {**os.environ, "OTHER": MARK, "NOT_MLRUN_LAUNCH": MARK}
    with subprocess.Popen(["sleep", "99"], env=environ) as started:
        found = find(absent(started))
        started.kill()
    assert found == []


def test_what_is_older_than_the_command_is_never_found() -> None:
    with process("sleep", "99") as older:
        leader = leader_of(older.pid, MARK)
        later = Leader(leader.pid, leader.started + 1, MARK)
        assert find(later, adopter=os.getpid(), with_leader=True) == []


def test_nothing_is_found_for_a_command_of_unknown_age() -> None:
    with process("sleep", "99") as started:
        assert find(Leader(started.pid, 0, MARK), adopter=os.getpid(), with_leader=True) == []


def test_session_of_a_number_that_was_used_again_is_not_ours() -> None:
    with process("sleep", "99", mark="other") as started:
        leader = leader_of(started.pid, MARK)
        later = Leader(leader.pid, leader.started - 1, MARK)
        assert [p.pid for p in find(leader, with_leader=True)] == [started.pid]
        assert find(later, with_leader=True) == []


def test_signal_is_not_sent_to_a_later_process_of_the_same_number() -> None:
    with process("sleep", "99") as started:
        found = read_process(started.pid)
        assert found is not None
        found.started -= 1
        send(found, 9)
        time.sleep(0.1)
        assert started.poll() is None
        found.started += 1
        send(found, 9)
        assert started.wait(60) == -9


def test_clearing_is_done_at_once_when_nothing_is_left() -> None:
    with process("true") as started:
        leader = leader_of(started.pid, MARK)
        started.wait()
    clearing = Clearing(leader, 100.0)
    assert clearing.step(100.0)
    assert clearing.names == ()


def test_clearing_waits_then_asks_then_kills() -> None:
    code = "trap '' TERM; echo; while :; do sleep 0.1; done"
    environ = {**os.environ, "MLRUN_LAUNCH": MARK}
    with subprocess.Popen(["bash", "-c", code], env=environ, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        started.stdout.readline()
        clearing = Clearing(absent(started), 100.0)
        assert not clearing.step(100.1)
        assert clearing.names == ()
        assert not clearing.step(101.0)
        assert f"bash ({started.pid})" in clearing.names
        assert started.poll() is None
        clearing.step(104.0)
        assert started.wait(60) == -9
    wait_until(lambda: clearing.step(104.1), "nothing is left")


def test_clearing_leaves_what_was_asked_already_its_time() -> None:
    with process("sleep", "99") as started:
        leader = leader_of(started.pid, MARK)
        clearing = Clearing(leader, 100.0, patience_until=130.0, with_leader=True)
        clearing.step(129.0)
        assert clearing.names == ()
        assert started.poll() is None
        clearing.step(131.0)
        assert started.wait(60) == -9


def test_clearing_in_a_hurry_kills(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with process("bash", "-c", f"trap '' TERM; touch {ready}; sleep 99; true") as started:
        wait_until(ready.exists, "the trap")
        leader = leader_of(started.pid, MARK)
        clearing = Clearing(leader, 100.0, patience_until=1000.0, with_leader=True)
        clearing.hurry()
        clearing.step(100.0)
        assert started.wait(60) == -9


def test_without_proc_the_group_is_asked_and_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    with process("bash", "-c", f"trap '' TERM; touch {ready}; sleep 99; sleep 99") as started:
        wait_until(ready.exists, "the trap")
        leader = leader_of(started.pid, MARK)
        monkeypatch.setattr("mlrun.execution.leftovers._PROC", "/no-such-folder")
        assert find(leader, with_leader=True) == []
        clearing = Clearing(leader, 100.0)
        assert not clearing.step(100.1)
        assert not clearing.step(101.0)
        assert started.poll() is None
        assert clearing.step(104.0)
        assert started.wait(60) == -9


def test_process_that_is_changing_its_program_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The instant in which the kernel shows no environment cannot be met at will: a folder that
    # looks like /proc plays it, and a pause in which the environment appears.
    (tmp_path / "7").mkdir()
    environ = tmp_path / "7" / "environ"
    environ.write_bytes(b"")
    monkeypatch.setattr(leftovers, "_PROC", str(tmp_path))
    appears = f"A=b\0{leftovers.MARK_VARIABLE}={MARK}\0".encode()
    monkeypatch.setattr(time, "sleep", lambda _: environ.write_bytes(appears))
    assert leftovers._has_mark(7, MARK)
