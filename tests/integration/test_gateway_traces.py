"""Real clients of MLflow trace before a gateway, and find what they traced."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateways import gateway_over
from tests.mlflow_fixtures import MlflowClient

TRACES = """
import json, warnings, mlflow
from mlflow import MlflowClient
@mlflow.trace
def double(x):
    return 2 * x
experiment = mlflow.set_experiment("traced")
double(21)
if hasattr(mlflow, "flush_trace_async_logging"):
    mlflow.flush_trace_async_logging()
client = MlflowClient()
(trace,) = client.search_traces([experiment.experiment_id])
info = trace.info
trace_id = getattr(info, "trace_id", None) or info.request_id
client.set_trace_tag(trace_id, "kept", "yes")
client.set_trace_tag(trace_id, "gone", "no")
client.delete_trace_tag(trace_id, "gone")
again = client.get_trace(trace_id)
def count(text):
    return len(client.search_traces([experiment.experiment_id], filter_string=text))
print(json.dumps({
    "status": str(getattr(again.info, "status", "")).split(".")[-1],
    "spans": [span.name for span in again.data.spans],
    "response": again.data.response,
    "tags": sorted(key for key in again.info.tags if key in ("kept", "gone")),
    "name": again.info.tags["mlflow.traceName"],
    "found": [
        count("tags.kept = 'yes'"), count("tags.kept = 'no'"), count("status = 'OK'"),
        count("timestamp_ms > 1 AND name = 'double'"),
    ],
    "deleted": client.delete_traces(experiment.experiment_id, trace_ids=[trace_id])
    if "trace_ids" in client.delete_traces.__code__.co_varnames
    else client.delete_traces(experiment.experiment_id, request_ids=[trace_id]),
    "left": len(client.search_traces([experiment.experiment_id])),
}))
"""


@pytest.mark.parametrize("version", ["mlflow_2_22", "mlflow_3_17"])
def test_traces_are_kept_and_found(
    version: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    client: MlflowClient = request.getfixturevalue(version)
    with gateway_over(tmp_path) as served:
        variables = {"MLFLOW_TRACKING_URI": served.gateway.address}
        variables["MLFLOW_TRACKING_TOKEN"] = served.gateway.token
        told = client.run(TRACES, variables)
    assert told == {
        "status": "OK",
        "spans": ["double"],
        "response": "42",
        "tags": ["kept"],
        "name": "double",
        "found": [1, 0, 1, 1],
        "deleted": 1,
        "left": 0,
    }
