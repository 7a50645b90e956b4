"""Real MLflow and real Git servers for these tests."""

from tests.git_servers import git_environment, git_servers
from tests.mlflow_fixtures import (
    each_mlflow,
    mlflow2,
    mlflow3,
    mlflow_1_30,
    mlflow_2_22,
    mlflow_3_1,
    mlflow_3_17,
    mlflow_client,
    mlflow_server,
    tracking_server,
)

__all__ = [
    "each_mlflow",
    "git_environment",
    "git_servers",
    "mlflow2",
    "mlflow3",
    "mlflow_1_30",
    "mlflow_2_22",
    "mlflow_3_1",
    "mlflow_3_17",
    "mlflow_client",
    "mlflow_server",
    "tracking_server",
]
