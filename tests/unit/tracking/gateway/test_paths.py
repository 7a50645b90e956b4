"""The prefixes of MLflow's REST API."""

from __future__ import annotations

import pytest

from mlrun.tracking.gateway.paths import endpoint_of


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/api/2.0/mlflow/runs/get?run_id=1", "/runs/get"),
        ("/api/2.0/preview/mlflow/runs/get", "/runs/get"),
        ("/ajax-api/2.0/mlflow/runs/get", "/runs/get"),
        ("/ajax-api/2.0/preview/mlflow/runs/get", "/runs/get"),
        ("/api/2.0/mlflow/logged-models/a%2Fb", "/logged-models/a%2Fb"),
        ("/api/3.0/mlflow/traces/search", "/api/3.0/mlflow/traces/search"),
        ("/ajax-api/3.0/mlflow/traces", "/api/3.0/mlflow/traces"),
        ("/ajax-api/2.0/mlflow-artifacts/artifacts", "/api/2.0/mlflow-artifacts/artifacts"),
        ("/health", "/health"),
        ("/", "/"),
        ("*", "*"),
    ],
)
def test_a_path_is_known_by_its_endpoint(path: str, endpoint: str) -> None:
    assert endpoint_of(path) == endpoint
