"""What MLflow asks of a project file when it loads one (as of 3.17), in a few lines.

Written from its behaviour, so that a test can say that we take what it takes. Files that a
project file names are left out of it.
"""

from __future__ import annotations

from typing import Any


def mlflow_takes(content: Any) -> bool:
    """Return whether MLflow loads a file with this content (as `yaml.safe_load` gives it)."""
    if not isinstance(content, dict):
        return False
    if len({"python_env", "conda_env", "docker_env"} & content.keys()) > 1:
        return False
    entry_points = content.get("entry_points", {})
    if not isinstance(entry_points, dict):
        return False
    return all(_takes_entry_point(each) for each in entry_points.values()) and (
        _takes_environment(content)
    )


def _takes_entry_point(entry_point: Any) -> bool:
    if not isinstance(entry_point, dict):
        return False
    parameters = entry_point.get("parameters", {})
    return isinstance(parameters, dict) and all(
        isinstance(declared, (str, dict)) for declared in parameters.values()
    )


def _takes_environment(content: dict[Any, Any]) -> bool:
    if not all(isinstance(content.get(key) or "", str) for key in ("python_env", "conda_env")):
        return False
    docker = content.get("docker_env") or {"image": "none"}
    if not isinstance(docker, dict) or not docker.get("image"):
        return False
    return _is_list_of(docker.get("volumes"), str) and (
        _is_list_of(docker.get("environment"), (str, list))
    )


def _is_list_of(value: Any, kinds: type | tuple[type, ...]) -> bool:
    return not value or (isinstance(value, list) and all(isinstance(v, kinds) for v in value))
