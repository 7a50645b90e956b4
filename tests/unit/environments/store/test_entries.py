"""What lies in the store of environments, and taking it away while others use it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from mlrun.disk import Removal
from mlrun.environments.errand import Errand, on_errand
from mlrun.environments.store.entries import (
    Entry,
    entries,
    leftovers,
    remove,
    short_keys,
    take_away,
    tidy,
)
from mlrun.environments.store.store import BuildPlace, EnvironmentStore, Facts, StoredEnvironment
from mlrun.errors import EnvironmentBuildError
from tests.unit.environments.storing import KEY, simple, start, usable, wait_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def obtain(folder: Path, key: str = KEY, project: str | None = None) -> StoredEnvironment:
    with on_errand(Errand(project=project)):
        return EnvironmentStore(folder).obtain(key, simple, usable, print)


def test_entries_tell_what_they_are(folder: Path) -> None:
    before = time.time() - 2
    obtain(folder)
    other = obtain(folder, "fedc")
    os.utime(other.folder.parents[1] / "lease", (1, 1))
    first, second = entries(folder)
    assert (first.key, second.key) == (KEY, "fedc")
    assert first.is_complete
    assert first.facts["made"] == "well"
    assert before < first.last_used
    assert first.folder is not None
    assert (first.folder / "content").exists()
    assert not first.lock
    (first.folder.parent / "lock.json").touch()
    assert first.lock == first.folder.parent / "lock.json"
    again = EnvironmentStore(folder).find("fedc", usable)
    assert again is not None
    assert [entry.key for entry in entries(folder)] == ["fedc", KEY]


def test_the_size_is_counted_once(folder: Path) -> None:
    """Walking a big environment takes long: a list must not do it for each."""
    made = obtain(folder)
    (entry,) = entries(folder)
    size = entry.size()
    assert 1000 < size < 100_000
    (made.folder / "later").write_bytes(b"x" * 500_000)
    assert entry.size() == size


def test_all_who_use_it_are_named(folder: Path) -> None:
    for project in ("one", "two", "one", "two"):
        obtain(folder, project=project).lease.release()
    obtain(folder).lease.release()
    (entry,) = entries(folder)
    assert entry.facts["source"] == "one"
    assert entry.projects == ("one", "two")


@pytest.mark.parametrize("text", ["", "{", "{}", '"x"', "[1, null]"])
def test_a_list_of_users_that_was_cut_off_harms_nothing(folder: Path, text: str) -> None:
    made = obtain(folder, project="one")
    (made.folder.parents[1] / "projects.json").write_text(text)
    assert entries(folder)[0].projects[0] == "one"
    obtain(folder, project="two")
    assert "two" in entries(folder)[0].projects


@pytest.mark.skipif(os.name == "nt", reason="Windows needs no lease")
def test_what_is_used_cannot_be_removed(folder: Path) -> None:
    environment = obtain(folder)
    (entry,) = entries(folder)
    assert entry.is_in_use()
    assert remove(entry) is Removal.IN_USE
    assert environment.folder.exists()
    environment.lease.release()
    assert not entry.is_in_use()
    assert remove(entry) is Removal.REMOVED
    assert entries(folder) == ()
    assert [p.name for p in folder.iterdir()] == [".locks"]
    assert EnvironmentStore(folder).find(KEY, usable) is None
    assert remove(entry) is Removal.REMOVED


def test_what_is_being_built_says_so_and_cannot_be_removed(tmp_path: Path, folder: Path) -> None:
    hanging = start(tmp_path, "hang")
    try:
        wait_for(tmp_path / "notes")
        (entry,) = entries(folder)
        assert entry.builder is not None
        assert entry.builder.pid == hanging.pid
        assert not entry.is_left
        assert remove(entry) is Removal.IN_USE
    finally:
        hanging.kill()
        hanging.communicate()
    (entry,) = entries(folder)
    assert entry.is_left
    assert remove(entry) is Removal.REMOVED


def failing(place: BuildPlace) -> Facts:
    place.log.write_text("it went wrong here")
    raise EnvironmentBuildError("no such package")


def test_a_failed_build_is_left_with_its_log(folder: Path) -> None:
    with pytest.raises(EnvironmentBuildError):
        EnvironmentStore(folder).obtain(KEY, failing, usable, print)
    (entry,) = entries(folder)
    assert entry.is_left
    assert entry.log.read_text() == "it went wrong here"
    assert entry.folder is None


def test_a_removal_that_was_cut_off_can_be_ended(folder: Path) -> None:
    obtain(folder).lease.release()
    (entry,) = entries(folder)
    gone = take_away(entry)
    assert entries(folder) == ()
    assert leftovers(folder) == (gone,)
    assert obtain(folder).folder.exists()


def test_what_a_killed_build_left_beside_a_complete_one_is_tidied(folder: Path) -> None:
    made = obtain(folder)
    left = made.folder.parents[1] / "abc" / "env"
    left.mkdir(parents=True)
    (left / "content").write_bytes(b"x" * 10_000)
    (entry,) = entries(folder)
    assert tidy(entry) == 0
    assert left.exists()
    made.lease.release()
    assert tidy(entry) > 10_000
    assert not left.exists()
    assert made.folder.exists()


def test_keys_are_shown_as_long_as_they_must_be() -> None:
    keys = ("0123456789abcdef", "0123456789ffffff", "fedcba9876543210")
    found = [Entry(key, Path(key), {}, 0.0) for key in keys]
    assert list(short_keys(found).values()) == ["0123456789a", "0123456789f", "fedcba98"]


def test_a_store_that_is_not_there_has_no_entries(folder: Path) -> None:
    assert entries(folder) == ()
    assert leftovers(folder) == ()
    assert not folder.exists()


def test_removing_beside_those_who_use_it(tmp_path: Path, folder: Path) -> None:
    """Whoever obtains an environment has it, however often it is removed meanwhile."""
    users: list[subprocess.Popen[str]] = [start(tmp_path, "often") for _ in range(3)]
    removed = 0
    while any(user.poll() is None for user in users):
        removed += sum(remove(entry) is Removal.REMOVED for entry in entries(folder))
    outputs = [user.communicate()[0] for user in users]
    assert [user.returncode for user in users] == [0, 0, 0], outputs
    assert removed > 0
