"""Tables of the keys that project and environment files have, from their schemas."""

from __future__ import annotations

import json
from typing import Any

from mlrun.project.parameters.types import ParameterType, spellings_of
from mlrun.schema_files import read_schema

_HEAD = (
    "| key | takes | meaning | default | example | MLflow |\n| --- | --- | --- | --- | --- | --- |"
)
_TYPES_HEAD = "| type | also written | takes | MLflow |\n| --- | --- | --- | --- |"
_CHECKED_BY_MLFLOW = ("path", "uri")


def project_keys() -> str:
    """Return a table of the keys of a project file."""
    return _table("mlproject", read_schema("mlproject"))


def entry_point_keys() -> str:
    """Return a table of the keys of an entry point that a project does not have too."""
    project = read_schema("mlproject")
    return _table("mlproject", project["$defs"]["entry_point"], without=project["properties"])


def parameter_keys() -> str:
    """Return a table of the keys of a parameter."""
    return _table("mlproject", read_schema("mlproject")["$defs"]["parameter"])


def docker_keys() -> str:
    """Return a table of the keys of `docker_env`."""
    return _table("mlproject", read_schema("mlproject")["$defs"]["docker_env"])


def python_env_keys() -> str:
    """Return a table of the keys of `python_env.yaml`."""
    return _table("python_env", read_schema("python_env"))


def conda_keys() -> str:
    """Return a table of the keys of `conda.yaml`."""
    return _table("conda", read_schema("conda"))


def parameter_types() -> str:
    """Return a table of the types of parameters."""
    properties = read_schema("mlproject")["$defs"]["parameter"]["properties"]
    offered = properties["type"]["anyOf"][0]
    meanings = dict(zip(offered["enum"], offered["markdownEnumDescriptions"], strict=True))
    return "\n".join(
        [_TYPES_HEAD, *(_type_row(kind, meanings[kind.value]) for kind in ParameterType)]
    )


def _type_row(kind: ParameterType, meaning: str) -> str:
    others = ", ".join(f"`{spelling}`" for spelling in spellings_of(kind))
    checked = "yes, in lower case" if kind.value in _CHECKED_BY_MLFLOW else "any text"
    return f"| `{kind.value}` | {others} | {meaning} | {checked} |"


def _table(name: str, owner: dict[str, Any], without: dict[str, Any] | None = None) -> str:
    parts = read_schema(name).get("$defs", {})
    rows = [
        _row(key, {**_target(part, parts), **part})
        for key, part in owner["properties"].items()
        if key not in (without or {}) or key == "description"
    ]
    return "\n".join([_HEAD, *rows])


def _target(part: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = parts[part["$ref"].rpartition("/")[2]] if "$ref" in part else {}
    return target


def _row(key: str, part: dict[str, Any]) -> str:
    default = _code(part["default"]) if "default" in part else ""
    example = _code(part["examples"][0]) if part.get("examples") else ""
    of_mlflow = "yes" if part["x-mlflow"] else "ignores it"
    cells = (f"`{key}`", part["x-takes"], part["description"], default, example, of_mlflow)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _code(value: object) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"
