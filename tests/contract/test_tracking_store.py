"""What every tracking store must do, whichever it is."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.base import RunEnd, RunStart, RunStatus, TrackingStore
from mlrun.tracking.target import open_store

NUMBERS = {1: "RUNNING", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


@dataclass(frozen=True)
class Recorded:
    """A run as its store has it, read without mlrun."""

    experiment_id: str
    name: str
    user: str
    status: str
    start_time: int
    end_time: int | None
    tags: dict[str, str]
    parameters: dict[str, str]


@dataclass(frozen=True)
class Subject:
    """A store to be tested, and how to look into it."""

    open: Callable[[], TrackingStore]
    read: Callable[[str], Recorded]


@pytest.fixture(params=["folder", "database", "server"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    if request.param == "folder":
        root = tmp_path / "mlruns"
        return Subject(
            lambda: open_store(root.as_uri(), {}), lambda run_id: _read_folder(root, run_id)
        )
    if request.param == "database":
        file = tmp_path / "mlflow.db"
        return Subject(
            lambda: open_store(f"sqlite:///{file}", {}, cwd=tmp_path),
            lambda run_id: _read_database(file, run_id),
        )
    address = request.getfixturevalue("mlflow_server")
    return Subject(
        lambda: open_store(address, {"HOME": str(tmp_path)}),
        lambda run_id: _read_server(address, run_id),
    )


@pytest.fixture
def store(subject: Subject) -> Iterator[TrackingStore]:
    store = subject.open()
    yield store
    store.close()


def begin(**changes: Any) -> RunStart:
    given = {
        "start_time": 1_700_000_000_123,
        "user": "ada",
        "tags": {"mlflow.source.type": "PROJECT", "mine/deep": "1"},
        "parameters": {"alpha": "0.5", "data/path": "x y"},
    }
    return RunStart(**{**given, **changes})


def test_a_run_begins_as_asked(store: TrackingStore, subject: Subject) -> None:
    run = store.start(begin(run_name="oak"))
    store.after_launch()
    found = subject.read(run.run_id)
    assert re.fullmatch("[0-9a-f]{32}", run.run_id)
    assert run.experiment_id == found.experiment_id == "0"
    assert (found.name, found.user, found.status) == ("oak", "ada", "RUNNING")
    assert (found.start_time, found.end_time) == (1_700_000_000_123, None)
    assert found.parameters == {"alpha": "0.5", "data/path": "x y"}
    assert {"mlflow.source.type": "PROJECT", "mine/deep": "1"}.items() <= found.tags.items()
    assert found.tags["mlflow.runName"] == "oak"
    assert run.warnings == ()


def test_the_command_learns_where_its_run_is(store: TrackingStore) -> None:
    run = store.start(begin())
    assert run.variables["MLFLOW_TRACKING_URI"] == store.uri
    assert run.variables["MLFLOW_RUN_ID"] == run.run_id
    assert run.variables["MLFLOW_EXPERIMENT_ID"] == run.experiment_id
    assert "MLFLOW_EXPERIMENT_NAME" in run.unset
    assert run.artifact_uri is not None
    assert run.artifact_uri.endswith(f"/{run.run_id}/artifacts")


def test_a_run_without_a_name_is_given_one(store: TrackingStore, subject: Subject) -> None:
    assert subject.read(store.start(begin()).run_id).name


@pytest.mark.parametrize("kind", ["plain", "a: 'b' \"c\" # {d}", "über/ünter \U0001f600", "null"])
def test_an_experiment_is_made_once(store: TrackingStore, subject: Subject, kind: str) -> None:
    name = f"{kind} {uuid4().hex}"
    first = store.start(begin(experiment_name=name))
    store.after_launch()
    other = subject.open()
    second = other.start(begin(experiment_name=name))
    other.close()
    assert first.experiment_id == second.experiment_id != "0"
    assert first.run_id != second.run_id
    assert first.experiment_name == name
    by_id = store.start(begin(experiment_id=first.experiment_id))
    assert subject.read(by_id.run_id).experiment_id == first.experiment_id
    assert subject.read(first.run_id).parameters["alpha"] == "0.5"


def test_an_unknown_experiment_id_is_refused(store: TrackingStore) -> None:
    with pytest.raises(TrackingRefusedError, match="987654"):
        store.start(begin(experiment_id="987654"))


@pytest.mark.parametrize("status", list(RunStatus))
def test_an_end_is_recorded_and_may_be_repeated(
    store: TrackingStore, subject: Subject, status: RunStatus
) -> None:
    run = store.start(begin())
    assert store.status(run.run_id) is RunStatus.RUNNING
    end = RunEnd(run.run_id, status, 1_700_000_009_999, {"mlrun.why": "it\nended"})
    store.finish(end)
    later = subject.open()
    later.finish(end)
    assert later.status(run.run_id) is status
    later.close()
    found = subject.read(run.run_id)
    assert (found.status, found.end_time) == (status.value, 1_700_000_009_999)
    assert found.tags["mlrun.why"] == "it\nended"
    assert found.parameters["alpha"] == "0.5"


def test_a_run_is_continued(store: TrackingStore, subject: Subject) -> None:
    first = store.start(begin(run_name="oak"))
    store.finish(RunEnd(first.run_id, RunStatus.FAILED, 1_700_000_000_500))
    again = store.start(
        begin(
            run_id=first.run_id,
            parameters={"alpha": "0.9", "data/path": "x y", "beta": "1"},
            tags={"mine/deep": "2"},
        )
    )
    store.after_launch()
    found = subject.read(first.run_id)
    assert again.run_id == first.run_id
    assert again.variables == first.variables
    assert (found.status, found.name, found.start_time) == ("RUNNING", "oak", 1_700_000_000_123)
    assert found.parameters == {"alpha": "0.5", "data/path": "x y", "beta": "1"}
    assert found.tags["mine/deep"] == "2"
    assert ["alpha" in warning.message for warning in again.warnings] == [True]


def test_an_unknown_run_is_refused(store: TrackingStore) -> None:
    store.start(begin())
    unknown = uuid4().hex
    with pytest.raises(TrackingRefusedError, match=unknown):
        store.start(begin(run_id=unknown))
    with pytest.raises(TrackingRefusedError):
        store.finish(RunEnd(unknown, RunStatus.FINISHED, 1))
    with pytest.raises(TrackingRefusedError):
        store.status(unknown)


def test_texts_of_all_kinds_survive(store: TrackingStore, subject: Subject) -> None:
    texts = {
        "empty": "",
        "lines": "a\nb\tc\n",
        "quotes": "'\"\\ ${x} {y} `z`",
        "letters": "ü \U0001f600 \u2028 \x7f",
        "long": "x" * 5000,
        "a.b-c_d e:f/g": "odd name",
    }
    run = store.start(begin(parameters=texts, tags=texts))
    found = subject.read(run.run_id)
    assert run.warnings == ()
    assert found.parameters == texts
    assert texts.items() <= found.tags.items()


def test_what_no_store_takes_is_a_warning(store: TrackingStore, subject: Subject) -> None:
    given = {"bad?name": "1", "../up": "1", "good": "1", "long": "x" * 7000}
    run = store.start(begin(parameters=given))
    assert len(run.warnings) == 3
    found = subject.read(run.run_id)
    assert set(found.parameters) == {"good", "long"}
    assert len(found.parameters["long"]) == 6000


def test_many_parameters(store: TrackingStore, subject: Subject) -> None:
    given = {f"p{i}": str(i) for i in range(230)}
    run = store.start(begin(parameters=given))
    store.after_launch()
    assert subject.read(run.run_id).parameters == given


def _read_folder(root: Path, run_id: str) -> Recorded:
    folder = next(root.glob(f"*/{run_id}"))
    fields = yaml.safe_load((folder / "meta.yaml").read_text(encoding="utf-8"))
    tags, parameters = (
        {
            str(file.relative_to(folder / kind)): file.read_bytes().decode()
            for file in (folder / kind).rglob("*")
            if file.is_file()
        }
        for kind in ("tags", "params")
    )
    return Recorded(
        experiment_id=fields["experiment_id"],
        name=fields["run_name"],
        user=fields["user_id"],
        status=NUMBERS[fields["status"]],
        start_time=fields["start_time"],
        end_time=fields["end_time"],
        tags=tags,
        parameters=parameters,
    )


def _read_database(file: Path, run_id: str) -> Recorded:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        run = database.execute(
            "SELECT experiment_id, name, user_id, status, start_time, end_time "
            "FROM runs WHERE run_uuid = ?",
            (run_id,),
        ).fetchone()
        tags, parameters = (
            dict(database.execute(f"SELECT key, value FROM {kind} WHERE run_uuid = ?", (run_id,)))
            for kind in ("tags", "params")
        )
    experiment_id, name, user, status, start_time, end_time = run
    return Recorded(str(experiment_id), name, user, status, start_time, end_time, tags, parameters)


def _read_server(address: str, run_id: str) -> Recorded:
    query = urllib.parse.urlencode({"run_id": run_id})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/api/2.0/mlflow/runs/get?{query}", timeout=60) as answer:
        run = json.load(answer)["run"]
    info, data = run["info"], run["data"]
    return Recorded(
        experiment_id=info["experiment_id"],
        name=info["run_name"],
        user=info["user_id"],
        status=info["status"],
        start_time=info["start_time"],
        end_time=info.get("end_time"),
        tags={entry["key"]: entry["value"] for entry in data.get("tags", [])},
        parameters={entry["key"]: entry["value"] for entry in data.get("params", [])},
    )


def test_a_file_of_mlruns_own_is_kept_with_the_artifacts(store: TrackingStore) -> None:
    run = store.start(begin())
    kept = store.keep_artifact(run, "mlrun/lock file.json", b"{}")
    uri = run.artifact_uri or ""
    if uri.startswith("mlflow-artifacts:"):
        assert kept
        place = uri.removeprefix("mlflow-artifacts:").lstrip("/")
        quoted = urllib.parse.quote(f"{place}/mlrun/lock file.json")
        address = f"{store.uri}/api/2.0/mlflow-artifacts/artifacts/{quoted}"
        assert urllib.request.urlopen(address).read() == b"{}"
    else:
        assert kept
        folder = Path(urllib.parse.unquote(urllib.parse.urlsplit(uri).path))
        assert (folder / "mlrun/lock file.json").read_bytes() == b"{}"
