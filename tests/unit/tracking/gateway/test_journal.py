"""The journal: exactly what was promised comes back, in order, whatever ended the last process."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlrun.errors import UsageError
from mlrun.tracking.gateway import journal as journal_module
from mlrun.tracking.gateway.journal import (
    DEFAULT_BUDGET,
    Journal,
    JournalBusyError,
    JournalFullError,
    look,
    read_budget,
)
from mlrun.tracking.gateway.records import Draft
from tests.components import missing

JSON = "application/json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run" / "journal"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    journal = Journal(folder)
    yield journal
    journal.close()


def promise(journal: Journal, body: bytes | Path = b"{}") -> int:
    return journal.append("request", "POST", "/api/2.0/mlflow/x?y=1", JSON, body).number


def bodies(journal: Journal) -> list[bytes]:
    return [e.body_file.read_bytes() if e.body_file else e.body for e in journal.entries()]


def reopened(journal: Journal) -> Journal:
    journal.close()
    return Journal(journal.folder)


def test_nothing_is_made_before_it_is_needed(journal: Journal, folder: Path) -> None:
    assert (journal.waiting(), list(journal.entries())) == (0, [])
    assert not folder.exists()


def test_entries_come_back_as_they_were_promised(journal: Journal) -> None:
    journal.append("request", "POST", "/a?b=%C3%A9", JSON, b"one\ntwo", doubtful=True)
    journal.append("run", "POST", "/c", None, b"")
    again = reopened(journal)
    first, second = again.entries()
    again.close()
    assert (first.number, first.kind, first.method, first.target) == (
        1,
        "request",
        "POST",
        "/a?b=%C3%A9",
    )
    assert (first.content_type, first.body, first.doubtful) == (JSON, b"one\ntwo", True)
    assert (second.kind, second.body, second.content_type, second.doubtful) == (
        "run",
        b"",
        None,
        False,
    )


def test_file_is_moved_in_and_removed_when_delivered(journal: Journal) -> None:
    given = journal.spool_folder / ".incoming"
    given.write_bytes(b"model")
    number = promise(journal, given)
    assert not given.exists()
    (entry,) = journal.entries()
    assert entry.body_file is not None
    assert entry.body_file.read_bytes() == b"model"
    journal.acknowledge(number)
    assert not entry.body_file.exists()


def test_only_the_owner_can_read_it(journal: Journal, folder: Path) -> None:
    given = journal.spool_folder / ".incoming"
    given.write_bytes(b"model")
    given.chmod(0o644)
    promise(journal, given)
    modes = {
        path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]
    }
    assert modes == {True: 0o700, False: 0o600}


def test_delivered_entries_leave_the_disk(
    journal: Journal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_SEGMENT_BYTES", 500)
    for _ in range(20):
        promise(journal)
    before = len(list(folder.glob("*.log")))
    journal.acknowledge(10)
    between = len(list(folder.glob("*.log")))
    assert before > between > 0
    assert [entry.number for entry in journal.entries()] == list(range(11, 21))
    journal.acknowledge(20)
    assert list(folder.glob("*.log")) == []
    assert promise(journal) == 21


def test_what_is_promised_during_a_look_comes_next_time(journal: Journal) -> None:
    promise(journal, b"1")
    entries = journal.entries()
    first = next(entries)
    promise(journal, b"2")
    assert [first.body, *(entry.body for entry in entries)] == [b"1"]
    assert bodies(journal) == [b"1", b"2"]


def test_budget_is_kept_and_given_back(folder: Path) -> None:
    journal = Journal(folder, budget=1000)
    number = promise(journal, bytes(600))
    with pytest.raises(JournalFullError, match="budget"):
        promise(journal, bytes(600))
    assert journal.waiting() == 1
    given = journal.spool_folder / ".incoming"
    given.write_bytes(bytes(600))
    with pytest.raises(JournalFullError):
        promise(journal, given)
    assert list(journal.spool_folder.iterdir()) == []
    journal.acknowledge(number)
    assert promise(journal, bytes(600)) == 2
    journal.close()


def test_files_count_in_the_budget_of_the_next_process(folder: Path) -> None:
    journal = Journal(folder, budget=2000)
    given = journal.spool_folder / ".incoming"
    given.write_bytes(bytes(1000))
    promise(journal, given)
    room = journal.room()
    journal.close()
    again = Journal(folder, budget=2000)
    assert again.room() == room < 1000
    again.close()


def test_two_are_never_at_it(journal: Journal, folder: Path) -> None:
    promise(journal)
    with pytest.raises(JournalBusyError):
        Journal(folder)
    assert look(folder).records == 1
    journal.close()
    Journal(folder).close()


def test_body_that_was_left_half_way_is_removed(journal: Journal) -> None:
    (journal.spool_folder / ".incoming").write_bytes(b"half")
    (journal.spool_folder / "0000000000000009.body").write_bytes(b"never promised")
    again = reopened(journal)
    assert list(again.spool_folder.iterdir()) == []
    again.close()


def test_journal_is_removed_only_when_nothing_waits(journal: Journal, folder: Path) -> None:
    number = promise(journal)
    journal.remove()
    assert folder.exists()
    journal = Journal(folder)
    journal.acknowledge(number)
    journal.remove()
    assert not folder.exists()


def test_failed_write_promises_nothing_and_spoils_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(journal, b"before")

    def fail(*arguments: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(JournalFullError, match="Input/output error"):
            promise(journal, b"lost")
        patch.setattr(os, "ftruncate", fail)
        with pytest.raises(JournalFullError):
            promise(journal, b"lost too")
    promise(journal, b"after")
    assert bodies(journal) == [b"before", b"after"]
    again = reopened(journal)
    assert bodies(again) == [b"before", b"after"]
    again.close()


def fill(journal: Journal) -> list[bytes]:
    """Promise until there is no room; return what was promised."""
    kept: list[bytes] = []
    while len(kept) < 1000:
        body = b"%d" % len(kept) * 1000
        try:
            promise(journal, body)
        except JournalFullError as error:
            if "No space left" not in error.message:
                raise
            return kept
        kept.append(body)
    raise AssertionError("the disk takes all")


def test_full_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        missing("tmpfs", "a small disk has to be mounted, which takes root")
    try:
        journal = Journal(disk / "journal")
        kept = fill(journal)
        assert bodies(journal) == kept
        again = reopened(journal)
        assert bodies(again) == kept
        again.acknowledge(len(kept))
        assert promise(again) == len(kept) + 1
        again.close()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_killed_process_leaves_what_it_promised(folder: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mlrun.tracking.gateway.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "while True:\n"
        "    print(journal.append('request', 'POST', '/', None, b'x' * 100).number, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, folder], stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(50)]
    process.kill()
    told += [int(line) for line in process.stdout if line.endswith(b"\n")]
    process.stdout.close()
    process.wait()
    journal = Journal(folder)
    found = [entry.number for entry in journal.entries()]
    assert found[: len(told)] == told
    assert len(found) <= len(told) + 1
    journal.close()


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.lists(st.binary(max_size=200), min_size=1, max_size=3)),
            st.tuples(st.just("file"), st.binary(max_size=50)),
            st.tuples(st.just("acknowledge"), st.integers(0, 40)),
            st.tuples(st.just("reopen"), st.none()),
        ),
        max_size=25,
    ),
    in_flight=st.binary(min_size=1, max_size=60),
    cut=st.floats(0, 1),
    tail=st.sampled_from([b"", b"\0" * 40, b"mlr1\0\0\0\5abcdefghijklmnop", b"\xff" * 7]),
)
@settings(max_examples=150, deadline=None)
def test_exactly_the_promised_survives_a_kill_at_any_byte(
    steps: list[tuple[str, object]], in_flight: bytes, cut: float, tail: bytes
) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as temporary:
        patch.setattr(journal_module, "_SEGMENT_BYTES", 700)
        folder = Path(temporary) / "journal"
        journal = Journal(folder)
        promised: dict[int, bytes] = {}
        for step, argument in steps:
            journal = take(journal, step, argument, promised)
            assert bodies(journal) == list(promised.values())
            assert [entry.number for entry in journal.entries()] == list(promised)
            assert look(folder).records == len(promised) == journal.waiting()
        before = sizes(folder)
        number = promise(journal, in_flight)
        whole = spoil(folder, before, cut, tail)
        journal.close()
        again = Journal(folder)
        found = {e.number: e.body_file or e.body for e in again.entries()}
        if whole:
            assert found.pop(number, in_flight) == in_flight
        assert list(found) == list(promised)
        assert promise(again) == max([*promised, number - 1, *([number] if whole else [])]) + 1
        again.close()


def take(journal: Journal, step: str, argument: object, promised: dict[int, bytes]) -> Journal:
    if step == "append":
        assert isinstance(argument, list)
        drafts = [Draft("request", "POST", "/", None, body) for body in argument]
        for entry in journal.append_all(drafts):
            promised[entry.number] = entry.body
    elif step == "file":
        assert isinstance(argument, bytes)
        given = journal.spool_folder / ".incoming"
        given.write_bytes(argument)
        promised[promise(journal, given)] = argument
    elif step == "acknowledge":
        assert isinstance(argument, int)
        journal.acknowledge(argument)
        for number in [n for n in promised if n <= argument]:
            del promised[number]
    else:
        return reopened(journal)
    return journal


def sizes(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in folder.glob("*.log")}


def spoil(folder: Path, before: dict[Path, int], cut: float, tail: bytes) -> bool:
    """Leave of the last record only a part, with garbage behind it; return whether it is whole."""
    newest = max(folder.glob("*.log"))
    start, end = before.get(newest, 0), newest.stat().st_size
    kept = start + int(cut * (end - start))
    with newest.open("rb+") as file:
        file.truncate(kept)
        file.seek(kept)
        file.write(tail)
    return kept == end


@pytest.mark.parametrize("slot", [0, 4096])
def test_torn_note_of_delivery_costs_only_a_repetition(
    journal: Journal, folder: Path, slot: int
) -> None:
    for _ in range(4):
        promise(journal)
    journal.acknowledge(1)
    journal.acknowledge(2)
    journal.close()
    with (folder / "delivered").open("rb+") as file:
        file.seek(slot)
        file.write(b"\xff" * 9)
    again = Journal(folder)
    assert [entry.number for entry in again.entries()][-2:] == [3, 4]
    again.close()


def test_look_at_no_journal_finds_nothing(folder: Path) -> None:
    assert look(folder).records == 0


def test_journal_is_readable_elsewhere(journal: Journal, folder: Path, tmp_path: Path) -> None:
    promise(journal, b"abc")
    shutil.copytree(folder, tmp_path / "copy")
    copied = Journal(tmp_path / "copy")
    assert bodies(copied) == [b"abc"]
    copied.close()


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", DEFAULT_BUDGET), ("12", 12), ("3k", 3072), ("2M", 2 << 20), ("1GiB", 1 << 30)],
)
def test_budget_is_read(given: str, expected: int) -> None:
    assert read_budget({"MLRUN_JOURNAL_BUDGET": given}) == expected


@pytest.mark.parametrize("given", ["much", "1.5G", "-1", "5X"])
def test_budget_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="MLRUN_JOURNAL_BUDGET"):
        read_budget({"MLRUN_JOURNAL_BUDGET": given})
