from __future__ import annotations

import pytest

from mlrun.project.parameters.types import ParameterType, parse_type, suggest_type


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        *((kind.value, kind) for kind in ParameterType),
        ("str", ParameterType.STRING),
        (" String ", ParameterType.STRING),
        ("integer", ParameterType.INT),
        ("number", ParameterType.FLOAT),
        ("double", ParameterType.FLOAT),
        ("Boolean", ParameterType.BOOL),
        ("list[float]", ParameterType.LIST),
        ("List(str)", ParameterType.LIST),
        ("array<int>", ParameterType.LIST),
        ("dict", ParameterType.JSON),
        ("dict[str, list[int]]", ParameterType.JSON),
        ("object", ParameterType.JSON),
    ],
)
def test_spellings_of_real_files_are_understood(spelling: str, expected: ParameterType) -> None:
    assert parse_type(spelling) is expected


@pytest.mark.parametrize(
    "spelling", ["", "flaot", "file", "url", "int[3]", "[float]", "list[", "?"]
)
def test_others_are_not_known(spelling: str) -> None:
    assert parse_type(spelling) is None


@pytest.mark.parametrize(
    ("spelling", "meant"),
    [("flaot", "float"), ("strng", "string"), ("Dir", "path"), ("url", "uri"), ("banana", None)],
)
def test_a_near_miss_is_named(spelling: str, meant: str | None) -> None:
    assert suggest_type(spelling) == meant
