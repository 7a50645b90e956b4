"""The types that a parameter can have, and the spellings of them that real files use."""

from __future__ import annotations

from enum import Enum


class ParameterType(str, Enum):
    """A parameter's type. The first four are MLflow's, the others are additions."""

    STRING = "string"
    FLOAT = "float"
    PATH = "path"
    URI = "uri"
    INT = "int"
    BOOL = "bool"
    LIST = "list"
    JSON = "json"
