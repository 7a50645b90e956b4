"""Real MLflow real Git servers and real container engines for these tests."""

from tests.docker_engine import (
    base_image,
    docker_engine,
    podman_engine,
    podman_service,
    private_engine,
)
from tests.docker_registry import registry
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
    "base_image",
    "docker_engine",
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
    "podman_engine",
    "podman_service",
    "private_engine",
    "registry",
    "tracking_server",
]
