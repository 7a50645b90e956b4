"""MLflow's own interface over what was recorded, up to what a person sees in a browser."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import time
import urllib.error
from contextlib import closing
from pathlib import Path

import pytest

from mlrun.environments.python.mlflow_program import SCHEMA_HEAD, prepare_mlflow
from mlrun.viewing.address import chosen_address
from mlrun.viewing.database_file import head_of
from mlrun.viewing.team_server import _asked_revision
from tests.browser import browser_page
from tests.functional.commands import MLRUN, Place
from tests.functional.driven import wait_until
from tests.looking import Interface, interface, processes_below, wait_until_open
from tests.mlflow_fixtures import _CACHE, MlflowClient
from tests.unit.viewing.databases import digests

RECORD = """
import json
import mlflow
mlflow.set_experiment("looked at")
with mlflow.start_run() as run:
    mlflow.log_param("alpha", "0.125")
    mlflow.log_metric("loss", 0.5, step=19)
    with open("note.txt", "w") as file:
        file.write("what an artifact says")
    mlflow.log_artifact("note.txt")
print(json.dumps([run.info.experiment_id, run.info.run_id]))
"""

STEPS = 20
TRAIN = f"""
import mlflow
from sklearn.linear_model import LinearRegression
with mlflow.start_run():
    for step in range({STEPS}):
        mlflow.log_metric("loss", step % 2 + 1 / (step + 1), step=step)
    mlflow.log_text("what an artifact says", "note.txt")
    mlflow.sklearn.log_model(LinearRegression().fit([[0], [1]], [0, 1]), name="straight")
"""


@pytest.fixture(autouse=True)
def shared_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build the environment of the interface once for all tests."""
    monkeypatch.setenv("MLFLOW_ENV_ROOT", str(_CACHE / "environments"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def record(client: MlflowClient, folder: Path) -> tuple[str, str]:
    """Record a run in the folder's database; return the ids of its experiment and itself."""
    uri = {"MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"}
    script = f"import os; os.chdir({str(folder)!r})\n{RECORD}"
    experiment, run = client.run(script, uri)
    return experiment, run


def ui_folders() -> list[str]:
    root = Path(os.environ["MLRUN_CACHE_DIR"]) / "ui"
    return os.listdir(root) if root.exists() else []


def test_databases_of_all_versions_are_shown_as_they_are(
    each_mlflow: MlflowClient, folder: Path
) -> None:
    _, run = record(each_mlflow, folder)
    database = folder / "mlflow.db"
    before, head = digests(database), head_of(database)
    with interface(folder) as shown:
        answer = shown.ask(f"/api/2.0/mlflow/runs/get?run_id={run}")
        data = answer["run"]["data"]
        assert [(p["key"], p["value"]) for p in data["params"]] == [("alpha", "0.125")]
        assert [(m["key"], m["step"]) for m in data["metrics"]] == [("loss", 19)]
        note = shown.get(f"/get-artifact?path=note.txt&run_uuid={run}")
        assert note == "what an artifact says"
        assert ("a copy is shown" in shown.said()) == (head != SCHEMA_HEAD)
        assert shown.end() == 0
    assert digests(database) == before
    assert processes_below(folder.parent) == []
    assert ui_folders() == []


def test_the_copy_follows_the_database_and_takes_no_changes(
    mlflow_3_1: MlflowClient, folder: Path
) -> None:
    experiment, run = record(mlflow_3_1, folder)
    search = {"experiment_ids": [experiment]}
    with interface(folder) as shown:
        tag = {"run_id": run, "key": "a", "value": "b"}
        with pytest.raises(urllib.error.HTTPError) as refused:
            shown.ask("/api/2.0/mlflow/runs/set-tag", tag)
        assert "mlrun ui --upgrade lets it be changed" in refused.value.read().decode()
        _, second = record(mlflow_3_1, folder)
        while second not in shown.get("/api/2.0/mlflow/runs/search", search):
            time.sleep(0.5)  # The test's own time limit is the end of patience.
        assert shown.end(signal.SIGTERM) == 0


def test_an_upgrade_makes_a_backup_and_takes_changes(
    mlflow_2_22: MlflowClient, folder: Path
) -> None:
    _, run = record(mlflow_2_22, folder)
    database = folder / "mlflow.db"
    head = head_of(database)
    with interface(folder, "--upgrade") as shown:
        shown.ask("/api/2.0/mlflow/runs/set-tag", {"run_id": run, "key": "a", "value": "b"})
        assert "a copy is shown" not in shown.said()
        assert shown.end() == 0
    assert head_of(database) == SCHEMA_HEAD
    assert head_of(database.with_name(f"mlflow.db.{head}.backup")) == head
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT value FROM tags WHERE run_uuid = ? AND key = 'a'"
        assert connection.execute(query, (run,)).fetchall() == [("b",)]


def test_a_killed_mlrun_leaves_no_server(mlflow_3_1: MlflowClient, folder: Path) -> None:
    record(mlflow_3_1, folder)
    with interface(folder) as shown:
        shown.process.kill()
    wait_until(lambda: not processes_below(folder.parent), "the server to end")


def test_a_database_of_a_later_mlflow_is_named_so(mlflow_3_17: MlflowClient, folder: Path) -> None:
    record(mlflow_3_17, folder)
    with closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    done = Place(folder).mlrun("ui", timeout=300)
    assert done.returncode == 125
    assert "does not know" in done.stderr
    assert ui_folders() == []


def test_a_file_store_is_shown(mlflow_2_22: MlflowClient, folder: Path) -> None:
    uri = {"MLFLOW_TRACKING_URI": "mlruns"}
    script = f"import os; os.chdir({str(folder)!r})\n{RECORD}"
    experiment, run = mlflow_2_22.run(script, uri)
    with interface(folder, "--run", run) as shown:
        assert shown.page == f"{shown.base}/#/experiments/{experiment}/runs/{run}"
        answer = shown.ask(f"/api/2.0/mlflow/runs/get?run_id={run}")
        assert answer["run"]["data"]["params"] == [{"key": "alpha", "value": "0.125"}]
        note = shown.get(f"/get-artifact?path=note.txt&run_uuid={run}")
        assert note == "what an artifact says"


def test_a_server_for_a_team_takes_the_place_of_mlrun(
    mlflow_2_22: MlflowClient, folder: Path
) -> None:
    _, run = record(mlflow_2_22, folder)
    with chosen_address("127.0.0.1", None) as address:
        words = [*MLRUN, "server", "--backend-store-uri", "sqlite:///mlflow.db", "--upgrade"]
        words += ["--artifacts-destination", "kept", "--port", str(address.port), "--workers", "1"]
        said = folder.parent / "said"
        with open(said, "w") as log, subprocess.Popen(words, cwd=folder, stderr=log) as process:
            try:
                shown = Interface(process, address.url, said)
                wait_until_open(shown)
                assert run in shown.get(f"/api/2.0/mlflow/runs/get?run_id={run}")
                program = Path(f"/proc/{process.pid}/cmdline").read_bytes()
                assert b"mlflow\0server\0" in program
                assert shown.end(signal.SIGTERM) == 0
            finally:
                process.kill()
    assert head_of(folder / "mlflow.db") == SCHEMA_HEAD
    wait_until(lambda: not processes_below(folder), "its workers to end")


def test_other_words_are_those_of_mlflows_server(folder: Path) -> None:
    done = Place(folder).mlrun("server", "--no-such-option", "3", timeout=300)
    assert done.returncode == 2
    assert "--no-such-option" in done.stderr
    assert "mlflow server" in done.stderr


def test_a_database_of_another_kind_is_asked_for_its_schema(
    mlflow_2_22: MlflowClient, folder: Path
) -> None:
    record(mlflow_2_22, folder)
    environment = prepare_mlflow(lambda _: None)
    uri = f"sqlite:///{folder}/mlflow.db"
    assert _asked_revision(environment, uri, os.environ) == head_of(folder / "mlflow.db")
    assert _asked_revision(environment, f"sqlite:///{folder}/new.db", os.environ) is None
    assert _asked_revision(environment, "postgresql://127.0.0.1:1/none", os.environ) is None
    environment.release()


def test_a_person_sees_in_a_browser_what_mlrun_recorded(
    mlflow_3_17: MlflowClient, folder: Path
) -> None:
    place = Place(folder)
    command = f"{shlex.quote(str(mlflow_3_17.python))} train.py"
    place.write(
        "name: looked-at\nentry_points:\n  main:\n    parameters: {alpha: {type: float, default: "
        f"0.125}}}}\n    command: {json.dumps(command)}\n",
        train_py=TRAIN,
    )
    done = place.run_project("--experiment-name", "looked at")
    assert done.returncode == 0, done.stderr
    assert head_of(folder / "mlflow.db") != SCHEMA_HEAD

    async def look(address: str) -> None:
        async with browser_page(folder.parent / "profile") as page:
            await page.go(address)
            await page.until_text("Parameters (1)", "alpha", "0.125", "Metrics (1)", "loss")
            await page.until_text("Logged models (1)", "straight")
            await page.go(f"{address}/model-metrics")
            await page.until_text("loss")
            # The chart's line has a point for each step.
            line = "document.querySelector('.js-plotly-plot .scatterlayer .js-line')"
            path = await page.until(f"{line} && {line}.getAttribute('d')")
            assert str(path).count("L") + 1 == STEPS
            await page.go(f"{address}/artifacts/note.txt")
            await page.until_text("note.txt", "what an artifact says")

    with interface(folder, "--run", "last") as shown:
        assert shown.page.startswith(f"{shown.base}/#/experiments/1/runs/")
        asyncio.run(look(shown.page))
        assert shown.end() == 0
