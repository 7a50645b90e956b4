"""What lies in the cache, and taking it away without taking it from anybody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.disk import Removal
from mlrun.sources.cache.entries import Entry, Kind, entries, remove
from mlrun.sources.cache.holding import archives_folder, lock_of, repositories_folder, use_or_make
from mlrun.sources.own_folder import make_own_folder, work_folder

URI = "https://host/project.git"


def repository(key: str = "key", content: bytes = b"x", last_used: float | None = None) -> Path:
    """Make an entry that nobody uses."""
    folder = repositories_folder() / key
    use_or_make(folder, URI).release()
    (folder / "content").write_bytes(content)
    if last_used is not None:
        os.utime(folder / "lease", (last_used, last_used))
    return folder


def left_folder(uri: str = URI) -> Path:
    """Make what a killed mlrun leaves."""
    own = make_own_folder("project", uri)
    for lease in own._leases:
        lease.release()
    return own.path.parent


def only() -> Entry:
    (entry,) = entries()
    return entry


def test_there_is_nothing_at_first() -> None:
    assert entries() == ()


def test_a_repository() -> None:
    folder = repository(last_used=1000.0)
    entry = only()
    assert (entry.kind, entry.folder, entry.key) == (Kind.REPOSITORY, folder, "key")
    assert (entry.uri, entry.last_used, entry.in_use) == (URI, 1000.0, False)
    assert not entry.is_empty


def test_an_archive_in_use() -> None:
    lease = use_or_make(archives_folder() / "key", URI)
    entry = only()
    assert (entry.kind, entry.in_use, entry.is_empty) == (Kind.ARCHIVE, True, True)
    assert remove(entry) is Removal.IN_USE
    lease.release()
    assert not only().in_use
    assert remove(entry) is Removal.REMOVED
    assert entries() == ()


def test_a_repository_that_is_fetched_into_is_in_use() -> None:
    repository()
    lock = lock_of(repositories_folder() / "key")
    with lock:
        assert remove(only()) is Removal.IN_USE
    assert remove(only()) is Removal.REMOVED


def test_the_folder_of_a_run() -> None:
    own = make_own_folder("project", URI)
    entry = only()
    assert (entry.kind, entry.uri, entry.in_use) == (Kind.WORKING, URI, True)
    assert remove(entry) is Removal.IN_USE
    assert own.path.is_dir()
    own.release(keep=True)
    assert only().kind is Kind.KEPT
    assert remove(entry) is Removal.IN_USE  # it was seen as another's
    assert remove(only()) is Removal.REMOVED
    assert os.listdir(work_folder()) == []


def test_a_folder_that_became_a_runs_stays() -> None:
    own = make_own_folder("project", URI)
    seen = only()
    stale = Entry(Kind.LEFT, seen.folder, seen.uri, seen.last_used, in_use=False)
    assert remove(stale) is Removal.IN_USE
    assert own.path.is_dir()


def test_what_was_left_behind() -> None:
    left_folder()
    rest = repositories_folder() / ".gone-key-1"
    rest.mkdir(parents=True)
    assert [entry.kind for entry in entries()] == [Kind.LEFT] * 2
    assert {remove(entry) for entry in entries()} == {Removal.REMOVED}
    assert entries() == ()


def test_what_may_not_be_removed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository()

    def refuse(*_arguments: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        assert remove(only()) is Removal.REFUSED
    assert (folder / "content").exists()
    assert not only().in_use


def test_removing_what_is_gone_is_no_matter() -> None:
    repository()
    entry = only()
    assert remove(entry) is Removal.REMOVED
    assert remove(entry) is Removal.REMOVED
    assert os.listdir(repositories_folder()) == [".locks"]


def test_the_last_used_comes_first() -> None:
    for key, moment in (("b", 2000.0), ("a", 3000.0), ("c", 1000.0)):
        repository(key, last_used=moment)
    assert [entry.key for entry in entries()] == ["a", "b", "c"]


def test_size_is_that_on_the_disk() -> None:
    folder = repository(content=bytes([1]) * 1_000_000)
    size = only().size()
    assert 1_000_000 <= size < 1_100_000
    os.link(folder / "content", folder / "again")
    (folder / "link").symlink_to("/usr")
    assert only().size() < 1_100_000


def test_stray_files_are_no_entries() -> None:
    repository()
    (repositories_folder() / ".nfs0001").touch()
    assert only().key == "key"
