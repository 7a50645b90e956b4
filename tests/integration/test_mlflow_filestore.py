"""A file store shared with real MLflow clients, an old and a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.base import RunEnd, RunStart, RunStatus
from mlrun.tracking.filestore import FileStore
from tests.integration.scripts import LOG_INTO_THE_RUN, READ_RUN
from tests.mlflow_fixtures import MlflowClient

# A single quote is missing: the client itself cannot look up such a name in a file store.
ODD_NAMES = ["a: b # c", "null", "0x1F", 'q "& {x}"', "ünder \U0001f600", "word " * 40 + "end"]

MAKE_EXPERIMENTS = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient()
ids = {name: client.create_experiment(name) for name in json.loads(sys.argv[1])}
gone = client.create_experiment("gone")
client.delete_experiment(gone)
run = client.create_run(ids["null"], run_name="theirs")
client.log_param(run.info.run_id, "alpha", "1")
dropped = client.create_run(ids["null"])
client.delete_run(dropped.info.run_id)
print(json.dumps([ids, gone, run.info.run_id, dropped.info.run_id]))
"""


def begin(**changes: Any) -> RunStart:
    given = {
        "start_time": 1_700_000_000_123,
        "user": "ada",
        "tags": {"mlflow.source.type": "PROJECT", "a/b": "deep\ntext"},
        "parameters": {"alpha": "0.5", "data/path": "x 'y' ü"},
    }
    return RunStart(**{**given, **changes})


@pytest.mark.parametrize("experiment", [None, "a: b # c"])
def test_a_client_reads_what_mlrun_wrote(
    tmp_path: Path, mlflow_client: MlflowClient, experiment: str | None
) -> None:
    store = FileStore(tmp_path / "ml runs")
    run = store.start(begin(experiment_name=experiment, run_name="oak"))
    end = RunEnd(run.run_id, RunStatus.FAILED, 1_700_000_009_999, {"mlrun.why": "code 7"})
    store.finish(end)
    found = mlflow_client.run(READ_RUN, run.variables, run.run_id, experiment or "Default")
    assert found["info"] == {
        "run_id": run.run_id,
        "run_name": "oak",
        "experiment_id": run.experiment_id,
        "status": "FAILED",
        "start_time": 1_700_000_000_123,
        "end_time": 1_700_000_009_999,
        "user_id": "ada",
        "artifact_uri": run.artifact_uri,
        "lifecycle_stage": "active",
    }
    assert found["params"] == {"alpha": "0.5", "data/path": "x 'y' ü"}
    assert found["tags"] == {
        "mlflow.runName": "oak",
        "mlflow.source.type": "PROJECT",
        "a/b": "deep\ntext",
        "mlrun.why": "code 7",
    }
    assert found["experiment"] == run.experiment_id
    assert found["searched"] == [run.run_id]


def test_a_script_logs_into_the_run_that_mlrun_made(
    tmp_path: Path, mlflow_client: MlflowClient
) -> None:
    store = FileStore(tmp_path / "ml runs")
    run = store.start(begin(experiment_name="mine: all"))
    # Its own set_experiment of the same experiment must not lead it elsewhere.
    used = mlflow_client.run(LOG_INTO_THE_RUN, run.variables, "mine: all")
    assert used == run.run_id
    assert store.status(run.run_id) is RunStatus.FINISHED
    store.finish(RunEnd(run.run_id, RunStatus.FINISHED, 1_700_000_009_999))
    found = mlflow_client.run(READ_RUN, run.variables, run.run_id, "mine: all")
    assert found["params"]["inner"] == "2"
    assert found["params"]["alpha"] == "0.5"
    assert found["metrics"] == {"loss": 0.25}
    assert found["artifacts"] == ["note.txt"]
    assert found["info"]["end_time"] == 1_700_000_009_999
    assert found["searched"] == [run.run_id]


def test_mlrun_finds_what_a_client_made(tmp_path: Path, mlflow_client: MlflowClient) -> None:
    root = tmp_path / "theirs"
    variables = {"MLFLOW_TRACKING_URI": root.as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"}
    ids, gone, run_id, dropped = mlflow_client.run(
        MAKE_EXPERIMENTS, variables, json.dumps(ODD_NAMES)
    )
    store = FileStore(root)
    for name in ODD_NAMES:
        assert store.start(begin(experiment_name=name)).experiment_id == ids[name]
    for given in ({"experiment_name": "gone"}, {"experiment_id": gone}, {"run_id": dropped}):
        with pytest.raises(TrackingRefusedError, match="deleted"):
            store.start(begin(**given))
    again = store.start(begin(run_id=run_id, run_name="ours"))
    assert "'alpha' as '1'" in again.warnings[0].message
    store.finish(RunEnd(run_id, RunStatus.KILLED, 1_700_000_009_999))
    found = mlflow_client.run(READ_RUN, again.variables, run_id, "null")
    assert (found["info"]["run_name"], found["info"]["status"]) == ("ours", "KILLED")
    assert found["params"] == {"alpha": "1", "data/path": "x 'y' ü"}
    assert len(found["searched"]) == 2
