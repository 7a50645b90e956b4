"""Real MLflow for these tests."""

from tests.mlflow_fixtures import mlflow2, mlflow3, mlflow_client, mlflow_server

__all__ = ["mlflow2", "mlflow3", "mlflow_client", "mlflow_server"]
