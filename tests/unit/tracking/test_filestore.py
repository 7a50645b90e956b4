"""The file store's own rules: whole files, clear refusals, nothing outside its folder."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlrun.errors import TrackingError, TrackingRefusedError, TrackingUnavailableError
from mlrun.tracking.base import RunEnd, RunStart, RunStatus
from mlrun.tracking.filestore import FileStore
from tests.components import missing


def begin(**changes: Any) -> RunStart:
    given = {"start_time": 5, "user": "ada", "tags": {"t": "1"}, "parameters": {"p": "2"}}
    return RunStart(**{**given, **changes})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "ml runs"


def files_below(folder: Path) -> set[str]:
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}


def test_the_layout_is_mlflows(root: Path) -> None:
    run = FileStore(root).start(begin(parameters={"a/b": "1", "c": ""}, run_name="oak"))
    folder = root / "0" / run.run_id
    assert files_below(root) == {
        "0/meta.yaml",
        *(f"0/{run.run_id}/{name}" for name in ("meta.yaml", "params/a/b", "params/c")),
        *(f"0/{run.run_id}/tags/{name}" for name in ("t", "mlflow.runName")),
    }
    assert {p.name for p in folder.iterdir()} == {
        *("meta.yaml", "params", "tags", "metrics", "artifacts"),
    }
    assert (root / ".trash").is_dir()
    fields = yaml.safe_load((folder / "meta.yaml").read_text())
    assert fields["artifact_uri"] == run.artifact_uri == f"{folder.as_uri()}/artifacts"
    assert (fields["status"], fields["start_time"], fields["end_time"]) == (1, 5, None)
    assert (fields["run_id"], fields["run_uuid"], fields["experiment_id"]) == (
        *(run.run_id, run.run_id),
        "0",
    )
    experiment = yaml.safe_load((root / "0" / "meta.yaml").read_text())
    assert (experiment["name"], experiment["lifecycle_stage"]) == ("Default", "active")


def test_the_command_is_told_all_it_needs(root: Path) -> None:
    run = FileStore(root).start(begin())
    assert run.variables == {
        "MLFLOW_TRACKING_URI": root.as_uri(),
        "MLFLOW_RUN_ID": run.run_id,
        "MLFLOW_EXPERIMENT_ID": "0",
        "MLFLOW_ALLOW_FILE_STORE": "true",
    }
    assert run.unset == ("MLFLOW_EXPERIMENT_NAME",)


def test_values_keep_their_line_breaks(root: Path) -> None:
    value = "a\r\nb\rc\n\u2028d"
    run = FileStore(root).start(begin(parameters={"p": value}))
    assert (root / "0" / run.run_id / "params" / "p").read_bytes() == value.encode()


def test_a_run_without_a_name_gets_one(root: Path) -> None:
    run = FileStore(root).start(begin())
    name = (root / "0" / run.run_id / "tags" / "mlflow.runName").read_text()
    assert name.count("-") == 2
    assert f'run_name: "{name}"' in (root / "0" / run.run_id / "meta.yaml").read_text()


def test_parameters_that_exclude_each_other_as_files(root: Path) -> None:
    run = FileStore(root).start(begin(parameters={"a": "1", "a/b": "2", "c/d": "3", "c": "4"}))
    assert [w.message.split("'")[1] for w in run.warnings] == ["a/b", "c"]
    assert (root / "0" / run.run_id / "params" / "a").read_text() == "1"


def test_a_name_that_is_too_long_for_a_file(root: Path) -> None:
    run = FileStore(root).start(begin(parameters={"ü" * 200: "1"}))
    assert "not recorded" in run.warnings[0].message


def test_no_name_leads_outside(root: Path, tmp_path: Path) -> None:
    store = FileStore(root)
    names = {"../../x": "1", "/tmp/x": "1", "a/../../../x": "1", "": "1"}
    run = store.start(begin(parameters=names, tags=names))
    assert len(run.warnings) == 8
    for given in ({"run_id": "../../x"}, {"experiment_id": "../x"}, {"experiment_id": ".trash"}):
        with pytest.raises(TrackingRefusedError):
            store.start(begin(**given))
    with pytest.raises(TrackingRefusedError):
        store.finish(RunEnd("../x", RunStatus.FINISHED, 1))
    assert {p.name for p in tmp_path.iterdir()} <= {root.name, "state", "cache"}


def test_an_end_keeps_what_others_wrote(root: Path) -> None:
    store = FileStore(root)
    run = store.start(begin())
    meta = root / "0" / run.run_id / "meta.yaml"
    meta.write_text(meta.read_text() + "later_field: [1, {a: null}]\nrun_name: 2024-01-01\n")
    store.finish(RunEnd(run.run_id, RunStatus.FINISHED, 9, {"x/y": "z"}))
    fields = yaml.safe_load(meta.read_text())
    assert (fields["status"], fields["end_time"]) == (3, 9)
    assert fields["later_field"] == [1, {"a": None}]
    assert (root / "0" / run.run_id / "tags" / "x" / "y").read_text() == "z"


def test_no_draft_is_left(root: Path) -> None:
    store = FileStore(root)
    run = store.start(begin())
    store.start(begin(run_id=run.run_id, parameters={"q": "1"}, tags={"t": "2"}))
    store.finish(RunEnd(run.run_id, RunStatus.FINISHED, 9))
    assert [p for p in root.rglob(".*") if p.name != ".trash"] == []


def test_a_full_disk_leaves_no_half_run(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = ["-o", "size=64k"]
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", *size, "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode != 0:
        missing("tmpfs", "a small disk has to be mounted, which takes root")
    try:
        store = FileStore(disk / "mlruns")
        store.start(begin())
        (disk / "filler").write_bytes(b"x" * 28_000)
        before = files_below(disk)
        parameters = {f"p{i}": "x" * 5000 for i in range(20)}
        with pytest.raises(TrackingUnavailableError) as caught:
            store.start(begin(parameters=parameters))
        assert "No space left" in caught.value.message
        assert "room" in str(caught.value.hint)
        assert files_below(disk) == before
        assert len(list((disk / "mlruns" / "0").iterdir())) == 2
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_where_the_folder_should_be(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(TrackingRefusedError) as caught:
        FileStore(tmp_path / place).start(begin())
    assert str(tmp_path / place) in caught.value.message
    assert "--tracking-uri" in str(caught.value.hint)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    # Without permission; root may write everywhere but there.
    place = tmp_path / "closed"
    place.mkdir(mode=0o500)
    target = Path("/proc/mlruns") if os.geteuid() == 0 else place / "mlruns"
    with pytest.raises(TrackingError) as caught:
        FileStore(target).start(begin())
    assert str(target) in caught.value.message
    assert caught.value.hint


def test_damaged_files_are_named(root: Path) -> None:
    store = FileStore(root)
    run = store.start(begin())
    meta = root / "0" / run.run_id / "meta.yaml"
    meta.write_text("status: [")
    with pytest.raises(TrackingRefusedError, match="damaged") as caught:
        store.finish(RunEnd(run.run_id, RunStatus.FINISHED, 9))
    assert str(meta) in caught.value.message
    (root / "0" / "meta.yaml").write_bytes(b"\xff\x00")
    with pytest.raises(TrackingRefusedError, match="damaged"):
        store.start(begin())


def test_experiments_are_not_made_twice(root: Path) -> None:
    """Several processes begin a new store and a new experiment at once."""
    code = (
        "import sys; from pathlib import Path\n"
        "from mlrun.tracking.filestore import FileStore\n"
        "from mlrun.tracking.base import RunStart\n"
        "s = RunStart(start_time=1, user='u', tags={}, parameters={}, experiment_name='new: one')\n"
        "sys.stdin.read(1)\n"
        "print(FileStore(Path(sys.argv[1])).start(s).experiment_id)"
    )

    def one(_: int) -> str:
        command = [sys.executable, "-c", code, str(root)]
        done = subprocess.run(command, input="x", capture_output=True, text=True, check=True)
        return done.stdout.strip()

    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(one, range(6)))
    assert len(found) == 1
    names = [yaml.safe_load(f.read_text())["name"] for f in root.glob("*/meta.yaml")]
    assert sorted(names) == ["Default", "new: one"]


def test_a_kill_at_any_moment_leaves_sound_files(root: Path) -> None:
    """What a killed mlrun leaves is a whole run or none that a client would list."""
    code = (
        "import sys; from pathlib import Path\n"
        "from mlrun.tracking.filestore import FileStore\n"
        "from mlrun.tracking.base import RunEnd, RunStart, RunStatus\n"
        "s = RunStart(start_time=1, user='u', tags={'t': 'x' * 4000}, parameters={'p': '1'})\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    store = FileStore(Path(sys.argv[1]))\n"
        "    store.finish(RunEnd(store.start(s).run_id, RunStatus.FINISHED, 2))\n"
    )
    for _ in range(4):
        command = [sys.executable, "-c", code, str(root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.kill()
    for meta in root.glob("*/*/meta.yaml"):
        fields = yaml.safe_load(meta.read_text())
        assert fields["run_id"] == meta.parent.name
        assert len((meta.parent / "tags" / "t").read_text()) == 4000
