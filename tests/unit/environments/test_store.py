"""The cache of environments: one build, complete or absent, not removable while in use."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlrun.environments.store import (
    BuildPlace,
    EnvironmentStore,
    Facts,
    StoredEnvironment,
    environments_folder,
)
from mlrun.errors import EnvironmentBuildError

DRIVER = Path(__file__).with_name("store_driver.py")
KEY = "0123456789abcdef"


def usable(_folder: Path, _facts: Facts) -> bool:
    return True


def simple(place: BuildPlace) -> Facts:
    place.environment.mkdir()
    (place.work / "scratch").touch()
    (place.environment / "content").write_text("x" * 1000)
    return {"made": "well"}


@pytest.fixture
def store(tmp_path: Path) -> EnvironmentStore:
    return EnvironmentStore(tmp_path / "store")


def obtain(store: EnvironmentStore) -> StoredEnvironment:
    return store.obtain(KEY, simple, usable, print)


def start(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    argv = [sys.executable, str(DRIVER), str(tmp_path / "store"), KEY, str(tmp_path / "notes")]
    return subprocess.Popen(
        [*argv, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() or file.stat().st_size == 0:
        assert time.monotonic() < deadline, f"{file} never came"
        time.sleep(0.02)


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
    assert any(f"(process {notes[0]})" in line for line in waiting)


def test_a_build_that_was_killed_is_done_again(tmp_path: Path, store: EnvironmentStore) -> None:
    hanging = start(tmp_path, "hang")
    wait_for(tmp_path / "notes")
    hanging.kill()
    hanging.communicate()
    assert [entry.is_complete for entry in store.entries()] == [False]
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


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"x"'])
def test_a_marker_that_was_cut_off_counts_as_none(
    store: EnvironmentStore, tmp_path: Path, text: str
) -> None:
    obtain(store).lease.release()
    (tmp_path / "store" / KEY / "complete.json").write_text(text)
    assert store.find(KEY, usable) is None
    assert obtain(store).facts["made"] == "well"


@pytest.mark.skipif(os.name == "nt", reason="Windows needs no lease")
def test_what_is_used_cannot_be_removed(store: EnvironmentStore, tmp_path: Path) -> None:
    environment = obtain(store)
    (entry,) = store.entries()
    assert store.remove(entry) is False
    assert environment.folder.exists()
    environment.lease.release()
    assert store.remove(entry) is True
    assert store.entries() == ()
    assert [p.name for p in (tmp_path / "store").iterdir()] == [".locks"]
    assert store.find(KEY, usable) is None
    assert store.remove(entry) is True


def test_what_is_being_built_cannot_be_removed(tmp_path: Path, store: EnvironmentStore) -> None:
    hanging = start(tmp_path, "hang")
    try:
        wait_for(tmp_path / "notes")
        (entry,) = store.entries()
        assert store.remove(entry) is False
    finally:
        hanging.kill()
        hanging.communicate()
    assert store.remove(entry) is True


def test_entries_tell_what_they_are(store: EnvironmentStore) -> None:
    before = time.time() - 2
    obtain(store)
    other = store.obtain("fedc", simple, usable, print)
    os.utime(other.folder.parents[1] / "lease", (1, 1))
    first, second = store.entries()
    assert (first.key, second.key) == (KEY, "fedc")
    assert first.is_complete
    assert first.facts["made"] == "well"
    assert first.last_used is not None
    assert first.last_used > before
    assert first.size() > 1000
    again = store.find("fedc", usable)
    assert again is not None
    assert [entry.key for entry in store.entries()] == ["fedc", KEY]


def test_where_environments_are_kept(tmp_path: Path) -> None:
    assert environments_folder({}) == tmp_path / "cache" / "environments"
    assert environments_folder({"MLFLOW_ENV_ROOT": "/envs"}) == Path("/envs/mlrun")
