"""The local database beside MLflow's own: the same schema, the same answers, readable both ways."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.base import RunEnd, RunStart, RunStatus
from mlrun.tracking.database import experiments, metric_history, recording, runs
from mlrun.tracking.database.opening import connect
from mlrun.tracking.database.session import Database
from mlrun.tracking.database.store import DatabaseStore
from tests.mlflow_databases import HEADS, MlflowDatabases, mlflow_databases
from tests.mlflow_fixtures import MlflowClient
from tests.operations import Api, Json, LocalApi, ServerApi

__all__ = ["mlflow_databases"]

ROUTES = [r for m in (experiments, runs, recording, metric_history) for r in m.ROUTES]

MAKE = """
import sys
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
SqlAlchemyStore("sqlite:///" + sys.argv[1], "/artifacts")
print("null")
"""

READ = """
import json, math, sys
from mlflow.tracking import MlflowClient

client = MlflowClient("sqlite:///" + sys.argv[1])
run = client.get_run(sys.argv[2])
history = client.get_metric_history(run.info.run_id, "loss")
experiment = client.get_experiment(run.info.experiment_id)
print(json.dumps({
    "experiment": [experiment.name, experiment.artifact_location, experiment.lifecycle_stage],
    "info": [run.info.status, run.info.start_time, run.info.end_time, run.info.artifact_uri],
    "params": run.data.params,
    "tags": run.data.tags,
    "metrics": {key: str(value) for key, value in run.data.metrics.items()},
    "history": [[m.step, m.timestamp, str(m.value)] for m in history],
}))
"""

UPGRADE = """
import sys
import mlflow.cli
sys.argv = ["mlflow", "db", "upgrade", "sqlite:///" + sys.argv[1]]
mlflow.cli.cli(standalone_mode=False)
print("null")
"""


def describe(path: Path) -> dict[str, Any]:
    """Return what SQLite says of each table: columns, keys, indexes."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            table: (
                connection.execute(f"PRAGMA table_info({table})").fetchall(),
                sorted(connection.execute(f"PRAGMA foreign_key_list({table})").fetchall()),
                sorted(
                    (index[1:], connection.execute(f"PRAGMA index_xinfo({index[1]})").fetchall())
                    for index in connection.execute(f"PRAGMA index_list({table})").fetchall()
                ),
            )
            for (table,) in names.fetchall()
        }


def counts(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for (table,) in names.fetchall()
        }


def head(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def record(path: Path) -> str:
    """Record a run with something of each kind, and return its id."""
    store = DatabaseStore(path, "/artifacts")
    start = RunStart(
        1_700_000_000_000, "ada", {"t": "ü"}, {"p": "1"}, experiment_name="mine", run_name="oak"
    )
    run = store.start(start)
    store.finish(RunEnd(run.run_id, RunStatus.FAILED, 1_700_000_009_000, {"end": "1"}))
    store.close()
    database = Database(path, "/artifacts")
    metrics = [
        {"key": "loss", "value": value, "timestamp": 9 - step, "step": step}
        for step, value in enumerate((0.5, "NaN", "Infinity", 0.25))
    ]
    api = LocalApi(database, ROUTES)
    fields: Json = {
        "run_id": run.run_id,
        "metrics": [*metrics, {"key": "odd", "value": "NaN", "timestamp": 1, "step": -1}],
        "params": [{"key": "q", "value": "x" * 500}],
        "tags": [{"key": "u", "value": "2"}],
    }
    assert api.ask("POST", "/runs/log-batch", fields) == (200, {})
    tag = {"experiment_id": run.experiment_id, "key": "k", "value": "v"}
    assert api.ask("POST", "/experiments/set-experiment-tag", tag) == (200, {})
    database.close()
    return run.run_id


def check_read(client: MlflowClient, path: Path, run_id: str) -> None:
    read = client.run(READ, {}, str(path), run_id)
    number = read["experiment"][1].rpartition("/")[2]
    assert read["experiment"] == ["mine", f"/artifacts/{number}", "active"]
    uri = f"/artifacts/{number}/{run_id}/artifacts"
    assert read["info"] == ["FAILED", 1_700_000_000_000, 1_700_000_009_000, uri]
    assert read["params"] == {"p": "1", "q": "x" * 500}
    assert read["tags"] == {"t": "ü", "u": "2", "end": "1", "mlflow.runName": "oak"}
    assert read["metrics"] == {"loss": "0.25", "odd": "nan"}
    assert sorted(read["history"]) == [
        [0, 9, "0.5"],
        [1, 8, "nan"],
        [2, 7, "1.7976931348623157e+308"],
        [3, 6, "0.25"],
    ]


def test_schema_is_that_of_mlflow_3_1(mlflow_3_1: MlflowClient, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs.db", tmp_path / "ours.db"
    mlflow_3_1.run(MAKE, {}, str(theirs))
    connect(ours, "/artifacts", 1).close()
    assert describe(ours) == describe(theirs)
    assert head(ours) == head(theirs)
    assert counts(ours) == counts(theirs)


def test_mlflow_3_1_reads_what_we_made(mlflow_3_1: MlflowClient, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    run_id = record(path)
    check_read(mlflow_3_1, path, run_id)
    assert head(path) == HEADS["3.1"]


def test_upgrade_to_3_17_loses_nothing(
    mlflow_3_17: MlflowClient, mlflow_databases: MlflowDatabases, tmp_path: Path
) -> None:
    path = tmp_path / "mlflow.db"
    run_id = record(path)
    before = counts(path)
    mlflow_3_17.run(UPGRADE, {}, str(path))
    after = counts(path)
    assert {table: after[table] for table in before} == before
    assert head(path) == HEADS["3.17"]
    assert set(describe(path)) == set(describe(mlflow_databases.copy("3.17", tmp_path / "new.db")))
    check_read(mlflow_3_17, path, run_id)
    # And we use it on.
    later = record_again(path)
    assert later != run_id


def record_again(path: Path) -> str:
    store = DatabaseStore(path, "/artifacts")
    run_id = store.start(RunStart(1, "ada", {}, {"p": "1"}, experiment_name="mine")).run_id
    store.close()
    return run_id


@pytest.mark.parametrize(
    ("version", "client"),
    [
        ("1.30", "mlflow_1_30"),
        ("2.22", "mlflow_2_22"),
        ("3.1", "mlflow_3_1"),
        ("3.17", "mlflow_3_17"),
    ],
)
def test_databases_of_all_versions_are_used_as_they_are(
    request: pytest.FixtureRequest,
    mlflow_databases: MlflowDatabases,
    tmp_path: Path,
    version: str,
    client: str,
) -> None:
    path = mlflow_databases.copy(version, tmp_path / "mlflow.db")
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    run_id = record(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name, sql FROM sqlite_master").fetchall() == before
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        # MLflow's own client, too, makes the default experiment when it opens a database.
        assert connection.execute("SELECT count(*) FROM experiments").fetchone()[0] == 2
    assert head(path) == HEADS[version]
    check_read(request.getfixturevalue(client), path, run_id)
    assert head(path) == HEADS[version]


@dataclass(frozen=True)
class Step:
    """One request; `$name` in texts stands for what an earlier answer gave.

    Attributes:
        keep: A name for the id in the answer.
        own_words: Whether an error may have another text than MLflow's.
    """

    method: str
    path: str
    fields: Json
    keep: str = ""
    own_words: bool = False


def run_step(what: str, **fields: Any) -> Step:
    return Step("POST", f"/runs/{what}", {"run_id": "$run", **fields})


def metric(**fields: Any) -> Json:
    return {"key": "m", "value": 1.5, "timestamp": 5, "step": 0, **fields}


MODEL = json.dumps(
    {
        "artifact_path": "m",
        "flavors": {"python_function": {"a": 1, "config": {}}},
        "utc_time_created": "2020",
        "run_id": "r",
        "model_uuid": "u",
    }
)

EXPERIMENT_STEPS = [
    Step(
        "POST", "/experiments/create", {"name": "$new", "tags": [{"key": "k", "value": "v"}]}, "e"
    ),
    Step("POST", "/experiments/create", {"name": "$new"}, own_words=True),
    Step("POST", "/experiments/create", {"name": ""}),
    Step("POST", "/experiments/create", {"name": "x" * 501}),
    Step("POST", "/experiments/create", {"name": "y", "artifact_location": "s3://b/k#x"}),
    Step("POST", "/experiments/create", {"name": "y", "artifact_location": "runs:/k"}),
    Step("POST", "/experiments/create", {"name": "$at", "artifact_location": "s3://b/k?x=1"}, "q"),
    Step("GET", "/experiments/get", {"experiment_id": "$q"}),
    Step("GET", "/experiments/get", {"experiment_id": "987654"}),
    Step("GET", "/experiments/get", {"experiment_id": "x"}),
    Step("GET", "/experiments/get", {}),
    Step("GET", "/experiments/get-by-name", {"experiment_name": "$new"}),
    Step("GET", "/experiments/get-by-name", {"experiment_name": "nowhere"}),
    Step("POST", "/experiments/update", {"experiment_id": "$e", "new_name": "$newer"}),
    Step("POST", "/experiments/set-experiment-tag", {"experiment_id": "$e", "key": "a b"}),
    Step("POST", "/experiments/set-experiment-tag", {"experiment_id": "$e", "key": "a/../b"}),
    Step("POST", "/experiments/set-experiment-tag", {"experiment_id": "$e", "key": "k" * 251}),
    Step("POST", "/experiments/delete-experiment-tag", {"experiment_id": "$e", "key": "none"}),
    Step("POST", "/experiments/delete-experiment-tag", {"experiment_id": "$e", "key": "a b"}),
    Step("POST", "/runs/create", {"experiment_id": "$e", "run_name": "r"}, "of_deleted"),
    Step("POST", "/experiments/delete", {"experiment_id": "$e"}),
    Step("POST", "/experiments/delete", {"experiment_id": "$e"}),
    Step("GET", "/runs/get", {"run_id": "$of_deleted"}),
    Step("POST", "/experiments/update", {"experiment_id": "$e", "new_name": "z"}),
    Step("POST", "/experiments/set-experiment-tag", {"experiment_id": "$e", "key": "a"}),
    Step("POST", "/runs/create", {"experiment_id": "$e"}),
    Step("POST", "/experiments/restore", {"experiment_id": "$e"}),
    Step("POST", "/experiments/restore", {"experiment_id": "$e"}),
    Step("GET", "/runs/get", {"run_id": "$of_deleted"}),
    Step("GET", "/experiments/get", {"experiment_id": "$e"}),
    Step("POST", "/runs/create", {"experiment_id": "$q", "run_name": "at"}),
    Step("POST", "/runs/create", {"experiment_id": "987654"}),
]

BATCHES: tuple[Json, ...] = (
    {"metrics": [metric(key="b", step=1), metric(key="b", value="NaN", step=1)]},
    {"metrics": [metric()] * 1001},
    {"params": [{"key": f"b{i}", "value": "1"} for i in range(101)]},
    {"tags": [{"key": f"b{i}", "value": "1"} for i in range(101)]},
    {"params": [{"key": "p", "value": "3"}, {"key": "q", "value": "3"}]},
    {"params": [{"key": "p", "value": "3"}, {"key": "p", "value": "3"}]},
    *({"params": [{"value": "3"}]}, {"metrics": [{"key": "a"}]}, {"tags": [{}]}),
    *({"tags": [{"key": "$x"}]}, {"params": [{"key": "$x"}]}),
    *({"metrics": [metric(key="$x")]}, {"metrics": [metric(timestamp=-1)]}),
    *({"run_id": "none"}, {"run_id": ""}, {"run_id": "$"}),
    {"tags": [{"key": "mlflow.runName", "value": "newest"}]},
)

RUN_STEPS = [
    Step(
        "POST",
        "/runs/create",
        {"experiment_id": "0", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]},
    ),
    Step(
        "POST",
        "/runs/create",
        {
            "experiment_id": "0",
            "user_id": "me",
            "start_time": "123",
            "run_name": "oak",
            "tags": [{"key": "x$", "value": "b" * 9000}],
        },
        "run",
    ),
    *(
        run_step("log-metric", **metric(**fields))
        for fields in (
            *({}, {"value": "NaN", "step": 2}, {"value": "Infinity", "key": "i"}),
            *({"key": ""}, {"key": "$x"}, {"key": "a//b"}, {"timestamp": -1}, {"value": None}),
            *({"step": "7", "timestamp": "9"}, {"key": "k" * 251}, {"run_id": "none"}),
            *({"value": "-Infinity", "key": "n"}, {"value": 1, "key": "c:d/e f.g-h_i"}),
        )
    ),
    replace(run_step("log-metric", **metric(value="x")), own_words=True),
    *(
        run_step("log-parameter", **{"key": "p", "value": "1", **fields})
        for fields in (
            *({}, {}, {"value": "2"}, {"key": "$x"}, {"key": ""}, {"key": "none", "value": None}),
            *({"key": "long", "value": "x" * 6001}, {"run_id": "none"}, {"key": "k" * 251}),
        )
    ),
    *(
        run_step("set-tag", **{"key": "t", "value": "1", **fields})
        for fields in (
            *({}, {"value": "2"}, {"key": "mlflow.runName", "value": "new"}, {"key": "$x"}),
            *({"key": "mlflow.runName", "value": ""}, {"key": "k" * 251}),
            *({"key": "long", "value": "x" * 8001}, {"key": "none", "value": None}),
        )
    ),
    *(run_step("log-batch", **fields) for fields in BATCHES),
    *(
        Step("GET", "/metrics/get-history", {"run_id": "$run", "metric_key": "m", **fields})
        for fields in ({}, {"max_results": 1}, {"max_results": 0}, {"run_id": "none"})
    ),
    *(
        Step(
            "GET",
            "/metrics/get-history-bulk-interval",
            {"run_ids": ["$run"], "metric_key": "m", **fields},
            own_words="max_results" in fields,
        )
        for fields in (
            *({}, {"start_step": 1}, {"start_step": 1, "end_step": 0}, {"max_results": 5000}),
            *({"max_results": 2}, {"max_results": 1}, {"start_step": 1, "end_step": 3}),
        )
    ),
    run_step("update", status="FINISHED", end_time=55),
    run_step("update", status=4),
    run_step("update", run_name="zz"),
    run_step("update", run_name=""),
    run_step("delete-tag", key="none"),
    run_step("delete-tag", key="t"),
    run_step("log-model", model_json="{"),
    run_step("log-model", model_json=MODEL),
    run_step("log-model", model_json=MODEL),
    Step("GET", "/runs/get", {"run_id": "$run"}),
    Step("GET", "/runs/get", {"run_uuid": "$run"}),
    Step("GET", "/runs/get", {"run_id": "none"}),
    run_step("delete"),
    run_step("delete"),
    run_step("log-metric", **metric()),
    run_step("log-parameter", key="p", value="1"),
    run_step("set-tag", key="t", value="1"),
    run_step("log-batch"),
    run_step("update", status="FINISHED"),
    run_step("delete-tag", key="t"),
    Step("GET", "/runs/get", {"run_id": "$run"}),
    run_step("restore"),
    run_step("restore"),
    run_step("restore", run_id="none"),
    Step("GET", "/runs/get", {"run_id": "$run"}),
]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Api]:
    database = Database(tmp_path / "mlflow.db", "mlflow-artifacts:")
    yield LocalApi(database, ROUTES)
    database.close()


def perform(api: Api, step: Step, known: dict[str, str]) -> tuple[int, Any]:
    """Make a request, and return status and answer with what must differ blotted out."""
    text = json.dumps(step.fields)
    for name, value in known.items():
        text = re.sub(rf'"\${name}"', json.dumps(value), text)
    status, answer = api.ask(step.method, step.path, json.loads(text))
    if step.keep:
        known[step.keep] = answer.get("experiment_id") or answer["run"]["info"]["run_id"]
    if status != 200:
        text = "" if step.own_words else blotted(answer["message"], known)
        return status, (answer["error_code"], text)
    return status, json.loads(blotted(json.dumps(without_others(answer)), known))


def without_others(answer: Any) -> Any:
    if isinstance(answer, dict):
        others = ("creation_time", "last_update_time", "workspace")
        return {k: without_others(v) for k, v in answer.items() if k not in others}
    return [without_others(member) for member in answer] if isinstance(answer, list) else answer


def blotted(text: str, known: dict[str, str]) -> str:
    text = re.sub(r"[0-9a-f]{32}", "<id>", text)
    for name in ("e", "q"):
        if name in known:
            text = re.sub(rf'"experiment_id": "{known[name]}"', f'"experiment_id": "${name}"', text)
            text = re.sub(rf"(id=|id |experiment )({known[name]})\b", rf"\1${name}", text)
            text = re.sub(rf"(mlflow-artifacts:/){known[name]}\b", rf"\1${name}", text)
    return text


@pytest.mark.parametrize("steps", [EXPERIMENT_STEPS, RUN_STEPS], ids=["experiments", "runs"])
def test_answers_are_those_of_a_real_server(
    local: Api, mlflow_server: str, tmp_path: Path, steps: list[Step]
) -> None:
    names = {name: f"{name} {tmp_path.name} {id(steps)}" for name in ("new", "newer", "at")}
    known = {"ours": dict(names), "theirs": dict(names)}
    for step in steps:
        ours = perform(local, step, known["ours"])
        theirs = perform(ServerApi(mlflow_server), step, known["theirs"])
        assert ours == theirs, step
