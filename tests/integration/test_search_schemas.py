"""Searches, and traces, in databases of all versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.database import (
    experiments,
    inputs,
    logged_models,
    model_versions,
    recording,
    registered_models,
    runs,
    traces,
)
from mlrun.tracking.database.search import datasets as datasets_search
from mlrun.tracking.database.search import experiments as experiments_search
from mlrun.tracking.database.search import logged_models as logged_models_search
from mlrun.tracking.database.search import model_versions as model_versions_search
from mlrun.tracking.database.search import registered_models as registered_models_search
from mlrun.tracking.database.search import runs as runs_search
from mlrun.tracking.database.search import traces as traces_search
from mlrun.tracking.database.session import Database
from tests.mlflow_databases import HEADS, MlflowDatabases, mlflow_databases
from tests.operations import LocalApi

__all__ = ["mlflow_databases"]

_MODULES = (
    experiments,
    inputs,
    logged_models,
    model_versions,
    recording,
    registered_models,
    runs,
    traces,
    datasets_search,
    experiments_search,
    logged_models_search,
    model_versions_search,
    registered_models_search,
    runs_search,
    traces_search,
)
_OLDEST = (
    "DROP INDEX IF EXISTS idx_params_run_uuid",
    "ALTER TABLE experiments DROP COLUMN creation_time",
    "ALTER TABLE experiments DROP COLUMN last_update_time",
    "ALTER TABLE runs DROP COLUMN deleted_time",
)
"""Makes the tables of 1.30 those of 1.20."""


@pytest.mark.parametrize("version", [*HEADS, "1.20"])
def test_all_searches_work(version: str, mlflow_databases: MlflowDatabases, tmp_path: Path) -> None:
    path = mlflow_databases.copy("1.30" if version == "1.20" else version, tmp_path / "mlflow.db")
    database = Database(path, str(tmp_path / "mlruns"))
    if version == "1.20":
        with database.writing() as session:
            for statement in _OLDEST:
                session.change(statement)
    api = LocalApi(database, [route for module in _MODULES for route in module.ROUTES])

    def ask(method: str, path: str, **fields: Any) -> dict[str, Any]:
        status, answer = api.ask(method, path, fields)
        assert status == 200, answer
        return answer

    experiment = ask("POST", "/experiments/create", name="searched")["experiment_id"]
    run = ask("POST", "/runs/create", experiment_id=experiment, start_time=5, run_name="r")
    run_id = run["run"]["info"]["run_id"]
    ask("POST", "/runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1, step=0)
    ask("POST", "/registered-models/create", name="model")
    ask("POST", "/model-versions/create", name="model", source="s3://b/m", run_id=run_id)

    wanted = {"experiment_ids": [experiment], "order_by": ["metrics.m", "end_time DESC"]}
    text = "metrics.m = 1 AND run_name = 'r' AND start_time > 1 AND params.p IS NULL"
    (found,) = ask("POST", "/runs/search", **wanted, filter=text)["runs"]
    assert found["info"]["run_id"] == run_id
    assert ask("POST", "/runs/search", **wanted, filter="dataset.name != 'x'") == {}
    for order in ([], ["creation_time"], ["last_update_time DESC"]):
        known = ask("POST", "/experiments/search", filter="name = 'searched'", order_by=order)
        assert [one["experiment_id"] for one in known["experiments"]] == [experiment]
    late = ask("POST", "/experiments/search", filter="creation_time > 5 AND name = 'searched'")
    assert bool(late) == (version != "1.20")
    models = ask("GET", "/registered-models/search", filter="name LIKE 'mod%'")
    assert [model["name"] for model in models["registered_models"]] == ["model"]
    versions = ask("GET", "/model-versions/search", filter=f"run_id = '{run_id}'")
    assert [one["name"] for one in versions["model_versions"]] == ["model"]
    assert ask("POST", "/logged-models/search", experiment_ids=[experiment]) == {}
    assert ask("POST", "/experiments/search-datasets", experiment_ids=[experiment]) == {}
    assert ask("GET", "/traces", experiment_ids=experiment) == {}
    _, told = api.ask("POST", "/traces", {"experiment_id": experiment, "timestamp_ms": 5})
    if version in ("1.20", "1.30", "2.3"):
        assert told["error_code"] == "BAD_REQUEST"
    else:
        trace = told["trace_info"]["request_id"]
        ask("PATCH", f"/traces/{trace}", status="OK", timestamp_ms=9)
        (shown,) = ask("GET", "/traces", experiment_ids=experiment, filter="status = 'OK'")[
            "traces"
        ]
        assert shown["request_id"] == trace
    database.close()
