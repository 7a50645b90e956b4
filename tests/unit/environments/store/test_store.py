"""The cache of environments: one build, complete or absent, not removable while in use."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mlrun.environments.errand import Errand, on_errand
from mlrun.environments.store.entries import entries
from mlrun.environments.store.store import (
    BuildPlace,
    EnvironmentStore,
    Facts,
    StoredEnvironment,
    environments_folder,
)
from mlrun.errors import EnvironmentBuildError, EnvironmentNotBuiltError
from tests.unit.environments.storing import KEY, simple, start, usable, wait_for


@pytest.fixture
def store(tmp_path: Path) -> EnvironmentStore:
    return EnvironmentStore(tmp_path / "store")


def obtain(store: EnvironmentStore) -> StoredEnvironment:
    return store.obtain(KEY, simple, usable, print)


def test_it_is_built_once_and_then_found(store: EnvironmentStore, tmp_path: Path) -> None:
    assert store.find(KEY, usable) is None
    assert not (tmp_path / "store").exists()
    first = obtain(store)
    assert first.facts["made"] == "well"
    assert (first.folder / "content").exists()
    assert not (first.folder.parent / "work").exists()
    again = store.find(KEY, usable)
    assert again is not None
    assert again.folder == first.folder


def test_twenty_at_once_make_one_build(tmp_path: Path) -> None:
    # The build goes on when all others wait, which takes as long as the machine is busy.
    processes = [start(tmp_path, "held") for _ in range(20)]
    wait_for(tmp_path / "notes")
    builder = int((tmp_path / "notes").read_text())
    others = [process.stdout for process in processes if process.pid != builder]
    waiting = [stream.readline() for stream in others if stream is not None]
    (tmp_path / "go").touch()
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 20, outputs
    notes = (tmp_path / "notes").read_text().splitlines()
    assert len(notes) == 1
    assert len({output.splitlines()[-1] for output in outputs}) == 1
    assert all("waiting for another mlrun" in line for line in waiting)
    assert any(f"(process {notes[0]}, since " in line for line in waiting)


def test_a_build_that_was_killed_is_done_again(tmp_path: Path, store: EnvironmentStore) -> None:
    hanging = start(tmp_path, "hang")
    wait_for(tmp_path / "notes")
    hanging.kill()
    hanging.communicate()
    assert [entry.is_left for entry in entries(tmp_path / "store")] == [True]
    assert store.find(KEY, usable) is None
    second = start(tmp_path)
    output = second.communicate()[0]
    assert second.returncode == 0, output
    assert len((tmp_path / "notes").read_text().splitlines()) == 2
    attempts = [path for path in (tmp_path / "store" / KEY).iterdir() if path.is_dir()]
    assert len(attempts) == 1


def test_a_build_that_fails_leaves_its_log_alone(store: EnvironmentStore, tmp_path: Path) -> None:
    def failing(place: BuildPlace) -> Facts:
        place.environment.mkdir()
        place.log.write_text("it went wrong here")
        raise EnvironmentBuildError("no such package")

    with pytest.raises(EnvironmentBuildError, match="no such package"):
        store.obtain(KEY, failing, usable, print)
    assert [path.name for path in (tmp_path / "store" / KEY).iterdir()] == ["build.log"]
    assert obtain(store).facts["made"] == "well"


def test_a_full_disk_is_said(store: EnvironmentStore, tmp_path: Path) -> None:
    def full(place: BuildPlace) -> Facts:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(EnvironmentBuildError, match="No space left") as caught:
        store.obtain(KEY, full, usable, print)
    assert "MLRUN_CACHE_DIR" in (caught.value.hint or "")
    assert "mlrun env prune" in (caught.value.hint or "")
    assert list((tmp_path / "store" / KEY).iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file is in the way")
    with pytest.raises(EnvironmentBuildError, match="cannot be kept in"):
        obtain(EnvironmentStore(tmp_path / "store"))


def test_what_is_no_longer_usable_is_built_anew(store: EnvironmentStore) -> None:
    first = obtain(store)
    first.lease.release()
    (first.folder / "content").unlink()

    def is_whole(folder: Path, _facts: Facts) -> bool:
        return (folder / "content").exists()

    second = store.obtain(KEY, simple, is_whole, print)
    assert second.folder != first.folder
    assert not first.folder.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '"x"', '{"attempt": 5}', '{"attempt": "../../elsewhere"}']
)
def test_a_marker_that_was_cut_off_counts_as_none(
    store: EnvironmentStore, tmp_path: Path, text: str
) -> None:
    obtain(store).lease.release()
    (tmp_path / "store" / KEY / "complete.json").write_text(text)
    assert store.find(KEY, usable) is None
    assert obtain(store).facts["made"] == "well"


def test_where_environments_are_kept(tmp_path: Path) -> None:
    assert environments_folder({}) == tmp_path / "cache" / "environments"
    assert environments_folder({"MLFLOW_ENV_ROOT": "/envs"}) == Path("/envs/mlrun")


def test_an_errand_that_may_not_build_only_looks(store: EnvironmentStore, tmp_path: Path) -> None:
    with on_errand(Errand(may_build=False)) as errand:
        with pytest.raises(EnvironmentNotBuiltError) as caught:
            obtain(store)
    assert "mlrun env build" in (caught.value.hint or "")
    assert (errand.keys, errand.built) == ([KEY], [])
    assert not (tmp_path / "store").exists()
    with on_errand(Errand()) as errand:
        obtain(store)
    assert (errand.keys, errand.built) == ([KEY], [KEY])
    with on_errand(Errand(may_build=False)) as errand:
        assert obtain(store).folder.exists()
    assert (errand.keys, errand.built) == ([KEY], [])


def test_the_one_who_waits_is_told_for_whom(store: EnvironmentStore, tmp_path: Path) -> None:
    hanging = start(tmp_path, "hang", "for:/their/project")
    wait_for(tmp_path / "notes")
    second = start(tmp_path)
    assert second.stdout is not None
    line = second.stdout.readline()
    assert f"for /their/project (process {hanging.pid}, since " in line
    assert f"log: {tmp_path / 'store' / KEY / 'build.log'})" in line
    hanging.kill()
    hanging.communicate()
    output = second.communicate()[0]
    assert second.returncode == 0, output
    assert len((tmp_path / "notes").read_text().splitlines()) == 2


def test_two_environments_are_built_at_once(store: EnvironmentStore, tmp_path: Path) -> None:
    hanging = start(tmp_path, "hang")
    wait_for(tmp_path / "notes")
    assert store.obtain("fedc", simple, usable, pytest.fail).folder.exists()
    hanging.kill()
    hanging.communicate()


def test_a_limit_takes_the_least_used_away(store: EnvironmentStore, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    for number, key in enumerate(("old", "older", "used")):
        made = store.obtain(key, simple, usable, print)
        os.utime(folder / key / "lease", (100 - number, 100 - number))
        if key != "used":
            made.lease.release()
    one = entries(folder)[0].size()
    heard: list[str] = []
    with on_errand(Errand(limit=3 * one)) as errand:
        store.obtain(KEY, simple, usable, heard.append)
    for chore in errand.chores:
        chore.join()
    assert {entry.key for entry in entries(folder)} == {KEY, "old", "used"}
    assert len(heard) == 1
    assert "removing 1 environment" in heard[0]
    assert list(folder.glob(".gone-*")) == []
    with on_errand(Errand(limit=1)) as errand:
        store.obtain("last", simple, usable, heard.append)
    assert {entry.key for entry in entries(folder)} == {KEY, "last", "used"}
