"""A run's own folder: private, gone at the end, swept after a kill, whole when kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mlrun.disk import Removal, discard
from mlrun.errors import SourceError
from mlrun.lease import claim, share
from mlrun.sources.cache.entries import Kind, entries, remove
from mlrun.sources.own_folder import (
    OwnFolder,
    make_own_folder,
    sweep_own_folders,
    work_folder,
)
from tests.components import missing

HOLD = """
import sys
from mlrun.sources.own_folder import make_own_folder
own = make_own_folder("project", "https://host/project")
(own.path / "sub").mkdir()
print(own.path, flush=True)
sys.stdin.read()
"""
MAKE_AND_CHECK = """
import os, sys
from mlrun.sources.own_folder import make_own_folder, sweep_own_folders
mine = str(os.getpid())
for number in range(int(sys.argv[1])):
    own = make_own_folder("project", "")
    assert os.listdir(own.path) == []
    (own.path / "file").write_text(mine)
    sweep_own_folders()
    assert (own.path / "file").read_text() == mine
    own.release()
"""
LIGHT = """
import sys
from mlrun.sources.own_folder import make_own_folder
own = make_own_folder("project", "")
print(sorted({"tempfile", "shutil", "socket", "filelock", "git", "platformdirs"} & {*sys.modules}))
"""
REMOVE = """
import sys
from mlrun.sources.own_folder import make_own_folder
own = make_own_folder("project", "")
deep = own.path / "pkg" / "mod"
deep.mkdir(parents=True)
(deep / "file").write_text("x")
for path, mode in ((deep / "file", 0o444), (deep, 0o000), (deep.parent, 0o555)):
    path.chmod(mode)
try:
    (deep.parent / "new").write_text("x")
except PermissionError:
    own.release()
    print(own.path.parent.parent)
"""


def about(own: OwnFolder) -> dict[str, object]:
    found = json.loads((own.path.parent / "about.json").read_text())
    assert isinstance(found, dict)
    return found


def left() -> list[str]:
    return sorted(os.listdir(work_folder()))


@contextmanager
def running() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Start a process that makes a folder and goes on; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_it_is_there_empty_and_private() -> None:
    own = make_own_folder("project", "https://host/project.git")
    assert own.path.name == "project"
    assert os.listdir(own.path) == []
    for folder in (own.path, own.path.parent, work_folder()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    facts = about(own)
    assert (facts["uri"], facts["pid"]) == ("https://host/project.git", os.getpid())
    assert facts["host"] == os.uname().nodename
    assert isinstance(facts["start_time"], float)


def test_each_run_has_another() -> None:
    assert make_own_folder("project", "").path != make_own_folder("project", "").path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text())
@example("a/b")
@example("..")
@example(".git")
@example("-rf")
@example("lease")
@example("about.json")
@example("\udce9")
@example("\N{GRINNING FACE}" * 300)
@example("\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 300)
def test_any_name_will_do(name: str) -> None:
    own = make_own_folder(name, "")
    assert own.path.parent.parent == work_folder()
    assert own.path.name[0] not in ".-"
    assert os.listdir(own.path) == []
    own.release()


def test_a_plain_name_is_kept() -> None:
    assert make_own_folder("My_project-2.0", "").path.name == "My_project-2.0"


def test_release_removes_all_and_lets_go(tmp_path: Path) -> None:
    (tmp_path / "mirror").touch()
    lease = share(tmp_path / "mirror")
    assert lease is not None
    own = make_own_folder("project", "")
    own.hold(lease)
    (own.path / "deep").mkdir()
    (own.path / "deep" / "file").touch()
    assert claim(tmp_path / "mirror") is None
    own.release()
    assert left() == []
    assert claim(tmp_path / "mirror") is not None
    own.release()
    own.release(keep=True)
    assert left() == []


def test_links_out_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o555)
    (tmp_path / "file").write_text("x")
    own = make_own_folder("project", "")
    (own.path / "folder").symlink_to(outside)
    (own.path / "file").symlink_to(tmp_path / "file")
    own.release()
    assert left() == []
    assert stat.S_IMODE(outside.stat().st_mode) == 0o555
    assert (tmp_path / "file").read_text() == "x"


def test_read_only_folders_are_removed() -> None:
    """As a user whom modes bind: root loses the right to pass over them."""
    argv = [sys.executable, "-c", REMOVE]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            missing("setpriv", "root has to give up its rights")
        argv = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *argv]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(work_folder())
    assert left() == []


def test_release_bears_that_the_folder_is_gone() -> None:
    own = make_own_folder("project", "")
    shutil.rmtree(work_folder())
    own.release()
    kept = make_own_folder("project", "")
    shutil.rmtree(work_folder())
    kept.release(keep=True)


def test_an_interruption_while_it_is_named_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename
    asked: list[Path] = []

    def interrupted(self: Path, target: Path) -> Path:
        renamed = rename(self, target)
        if not asked:
            asked.append(self)
            signal.raise_signal(signal.SIGINT)
        return renamed

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_own_folder("project", "")
    assert asked
    assert left() == []
    make_own_folder("project", "").release()


def test_an_interruption_of_the_removal_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path) -> bool:
        signal.raise_signal(signal.SIGINT)
        return discard(folder)

    own = make_own_folder("project", "")
    monkeypatch.setattr("mlrun.sources.own_folder.discard", interrupted)
    with pytest.raises(KeyboardInterrupt):
        own.release()
    assert left() == []


def test_who_does_not_wait_for_the_history_keeps_the_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(folder: Path) -> bool:
        raise KeyboardInterrupt

    own = make_own_folder("project", "", borrows=True)
    (own.path / "result").write_text("x")
    monkeypatch.setattr("mlrun.sources.git.dissociation.dissociate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        own.release(keep=True)
    sweep_own_folders()
    assert (own.path / "result").read_text() == "x"


def test_a_kept_folder_outlives_sweeps() -> None:
    own = make_own_folder("project", "https://host/project.git")
    (own.path / "result").write_text("x")
    own.release(keep=True)
    sweep_own_folders()
    # A sweep that looks while the folder becomes a kept one may make the lease anew.
    (own.path.parent / "lease").touch()
    sweep_own_folders()
    assert (own.path / "result").read_text() == "x"
    assert about(own)["uri"] == "https://host/project.git"


def test_the_folder_of_a_living_mlrun_stays_and_that_of_a_killed_one_goes() -> None:
    with running() as (process, path):
        sweep_own_folders()
        assert (path / "sub").is_dir()
        process.kill()
        process.wait()
        assert (path / "sub").is_dir()
        sweep_own_folders()
        assert left() == []


def test_a_name_that_became_a_kept_folders_since_somebody_looked_stays() -> None:
    with running() as (process, path):
        process.kill()
        process.wait()
        (seen,) = entries()
    assert seen.kind is Kind.LEFT
    sweep_own_folders()
    assert remove(seen) is Removal.REMOVED
    own = make_own_folder("project", "https://host/project")
    assert own.path == path
    own.release(keep=True)
    assert remove(seen) is Removal.IN_USE
    (own.path.parent / "lease").touch()
    assert remove(seen) is Removal.IN_USE
    assert path.is_dir()
    assert [remove(entry) for entry in entries()] == [Removal.REMOVED]
    assert left() == []


def age_by(days: float, *paths: Path) -> None:
    moment = time.time() - days * 86400
    for path in paths:
        os.utime(path, (moment, moment))


def test_a_folder_of_another_host_is_left_alone_for_a_week() -> None:
    own = make_own_folder("project", "")
    file = own.path.parent / "about.json"
    facts = about(own)
    own.release(keep=True)
    file.write_text(json.dumps({**facts, "host": "another"}))
    (own.path.parent / "lease").touch()
    age_by(6, file)
    sweep_own_folders()
    assert own.path.exists()
    age_by(8, file)
    sweep_own_folders()
    assert left() == []


def test_what_is_being_made_or_removed_is_left_to_the_one_who_does_it() -> None:
    making, removing = work_folder() / ".new-1", work_folder() / ".gone-1"
    for folder in (making, removing):
        (folder / "project").mkdir(parents=True)
    lease = claim(removing / "lease")
    assert lease is not None
    sweep_own_folders()
    assert left() == [".gone-1", ".new-1"]
    age_by(2, making)
    lease.release()
    sweep_own_folders()
    assert left() == []


def test_the_rest_of_a_removal_goes_also_without_its_lease() -> None:
    (work_folder() / ".gone-1" / "project").mkdir(parents=True)
    sweep_own_folders()
    assert left() == []


def test_there_may_be_nothing_to_sweep() -> None:
    sweep_own_folders()
    assert not work_folder().exists()


def test_sweeps_take_no_folder_that_is_being_made() -> None:
    argv = [sys.executable, "-c", MAKE_AND_CHECK, "60"]
    processes = [subprocess.Popen(argv) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert left() == []


def test_runs_that_follow_each_other_see_the_same_path() -> None:
    first = make_own_folder("project", "https://host.example/project#a")
    beside = make_own_folder("project", "https://host.example/project#b")
    other = make_own_folder("project", "https://host.example/other")
    assert len({first.path, beside.path, other.path}) == 3
    first.release()
    next_one = make_own_folder("project", "https://host.example/project#c")
    assert next_one.path == first.path
    for own in (next_one, beside, other):
        own.release()
    assert left() == []


def test_a_cache_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(SourceError, match="cannot be kept in") as error:
        make_own_folder("project", "")
    assert "MLRUN_CACHE_DIR" in str(error.value.hint)


def test_it_costs_no_heavy_import() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
