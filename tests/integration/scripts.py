"""What MLflow's clients are told to do; each script prints one line of JSON."""

from __future__ import annotations

READ_RUN = """
import json, sys
from mlflow import MlflowClient
run_id, name = sys.argv[1:]
client = MlflowClient()
run = client.get_run(run_id)
experiment = client.get_experiment_by_name(name)
fields = ("run_id run_name experiment_id status start_time end_time user_id artifact_uri "
          "lifecycle_stage").split()
print(json.dumps({
    "info": {field: getattr(run.info, field) for field in fields},
    "params": run.data.params,
    "tags": run.data.tags,
    "metrics": run.data.metrics,
    "experiment": experiment.experiment_id,
    "artifacts": [a.path for a in client.list_artifacts(run_id)],
    "searched": [r.info.run_id for r in client.search_runs([experiment.experiment_id])],
}))
"""
"""Arguments: the run's id, its experiment's name."""

LOG_INTO_THE_RUN = """
import json, sys
import mlflow
if sys.argv[1:]:
    mlflow.set_experiment(sys.argv[1])
with mlflow.start_run() as run:
    mlflow.log_param("inner", 2)
    mlflow.log_metric("loss", 0.25)
    mlflow.log_text("hello", "note.txt")
print(json.dumps(run.info.run_id))
"""
"""Argument: the experiment to set, if any."""
