"""The paths of MLflow's REST API, whichever of their prefixes a client uses."""

from __future__ import annotations

_ROOT = "/mlflow"
_SERVED = ("/api/2.0", "/ajax-api/2.0", "/api/2.0/preview", "/ajax-api/2.0/preview")
_PREFIXES = tuple(f"{prefix}{_ROOT}/" for prefix in _SERVED)


def endpoint_of(path: str) -> str:
    """Return a path without query and without prefix.

    `/api/2.0/mlflow/runs/get?run_id=1` becomes `/runs/get`. A path with another prefix is
    returned whole; `/ajax-api` is another name of `/api`.
    """
    path = path.partition("?")[0]
    for prefix in _PREFIXES:
        if path.startswith(prefix):
            return path[len(prefix) - 1 :]
    return f"/api{path[9:]}" if path.startswith("/ajax-api/") else path
