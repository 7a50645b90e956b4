"""A run's folder."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlrun import run_folder
from mlrun.errors import RunNotFoundError, TrackingError
from mlrun.events import Event, EventKind

HOLD = """
from mlrun import run_folder
folder = run_folder.name(run_folder.create({}), "f00d")
print("held", flush=True)
input()
"""


def begin(run_id: str) -> run_folder.RunFolder:
    return run_folder.name(run_folder.create({}), run_id)


def test_run_is_found_by_id_by_beginning_and_as_last() -> None:
    first = begin("aa11")
    os.utime(first.path / "owner.json", (1, 1))
    second = begin("ab22")
    assert run_folder.find("aa11").path == first.path
    assert run_folder.find("aa").path == first.path
    assert run_folder.find("last").path == second.path


def test_ambiguous_and_unknown_names_are_errors() -> None:
    for run_id in ("aa11", "aa22"):
        begin(run_id)
    with pytest.raises(RunNotFoundError, match="beginning of 2 runs"):
        run_folder.find("aa")
    with pytest.raises(RunNotFoundError, match="no run 'zz' was started"):
        run_folder.find("zz")


def test_continued_run_keeps_what_the_first_left() -> None:
    first = begin("aa11")
    first.write("outcome.json", {"status": "FAILED"})
    again = begin("aa11")
    assert again.path != first.path
    assert first.read("outcome.json") == {"status": "FAILED"}
    assert run_folder.find("aa11").path in (first.path, again.path)


def test_a_living_owner_keeps_its_run_and_a_dead_one_loses_it() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner.stdin, owner.stdout:
        assert owner.stdout.readline() == b"held\n"
        folder = run_folder.find("f00d")
        assert not folder.try_hold()
        owner.kill()
        owner.wait()
        assert folder.try_hold()
        folder.let_go()


def test_open_runs_are_those_not_settled() -> None:
    one, two = begin("aa11"), begin("bb22")
    one.settle()
    assert [folder.path for folder in run_folder.unsettled()] == [two.path]


def test_torn_documents_and_events_are_not_there() -> None:
    folder = begin("aa11")
    (folder.path / "plan.json").write_text('{"a": ')
    folder.record(Event(EventKind.STARTED, "started"))
    with (folder.path / "events.jsonl").open("a") as file:
        file.write('{"event": "en')
    assert folder.read("plan.json") is None
    assert [event["event"] for event in folder.events()] == ["started"]


def test_unwritable_state_folder_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLRUN_STATE_DIR", str(tmp_path / "file" / "state"))
    with pytest.raises(TrackingError, match="cannot be written") as raised:
        run_folder.create({})
    assert "MLRUN_STATE_DIR" in str(raised.value.hint)


def test_unreadable_state_folder_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLRUN_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(TrackingError, match=re.escape(str(tmp_path / "file"))) as raised:
        run_folder.newest_first()
    assert "MLRUN_STATE_DIR" in str(raised.value.hint)


def test_run_without_an_id_is_not_listed_and_leaves_nothing() -> None:
    folder = run_folder.create({})
    assert run_folder.newest_first() == []
    folder.discard()
    assert not folder.path.exists()


def test_taken_name_is_noticed_though_it_was_free_a_moment_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin("aa11")
    answers = iter([False])
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: next(answers, None) or exists(path))
    assert begin("aa11").path.name == "aa11-2"


def test_kill_before_the_folder_has_its_name_leaves_it_to_be_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rename = Path.rename

    def killed(path: Path, target: Path) -> Path:
        rename(path, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        begin("aa11")
    assert [folder.path.name for folder in run_folder.unsettled()] == ["aa11"]


def test_stray_files_are_no_runs() -> None:
    begin("aa11").path.with_name("notes.txt").write_text("")
    assert [folder.path.name for folder in run_folder.newest_first()] == ["aa11"]


def test_full_disk_leaves_no_drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run_folder.RunFolder(tmp_path)

    def full(_path: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="full"):
        folder.write("plan.json", {})
    assert list(tmp_path.iterdir()) == []


def test_the_last_run_is_the_one_that_a_person_started() -> None:
    outer = begin("aa11")
    step = run_folder.name(run_folder.create({}), "bb22", within="aa11")
    os.utime(outer.path / "owner.json", (1, 1))
    assert run_folder.find("last").path == outer.path
    assert run_folder.find("bb").path == step.path


def test_only_settled_runs_of_long_ago_are_not_needed_any_more() -> None:
    long_ago = time.time() - (run_folder.KEPT_DAYS + 1) * 24 * 3600
    old, open_one, young, running = (begin(run_id) for run_id in ("aa", "bb", "cc", "dd"))
    for folder in (old, open_one, young):
        folder.write("outcome.json", {"delivered": True})
    for folder in (old, open_one):
        os.utime(folder.path / "outcome.json", (long_ago, long_ago))
    for folder in (old, young, running):
        folder.settle()
    assert [folder.path for folder in run_folder.aged()] == [old.path]
    assert list(run_folder.aged()) == []
