"""The schemas themselves: found, sound, and explained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mlrun.errors import UsageError
from mlrun.project.parameters.types import _BY_SPELLING, ParameterType, parse_type
from mlrun.schema_files import URN, read_schema, schema_file, schema_names
from tests.schemas import validator

WRITTEN_BY_PEOPLE = ("conda", "mlproject", "params", "python_env")
PRINTED = ("cache", "env", "event", "lock", "plan", "result")
SUBSCHEMAS = ("$defs", "properties")


def parts(schema: dict[str, Any], *path: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield each schema within a schema, itself first, with its path."""
    yield path, schema
    for key, value in schema.items():
        if key in SUBSCHEMAS:
            for name, part in value.items():
                if isinstance(part, dict):
                    yield from parts(part, *path, key, name)
        elif key in ("items", "additionalProperties", "if", "then", "else", "not"):
            if isinstance(value, dict):
                yield from parts(value, *path, key)
        elif key in ("allOf", "anyOf", "oneOf"):
            for number, part in enumerate(value):
                yield from parts(part, *path, key, str(number))


def test_they_are_all_there() -> None:
    assert set(schema_names()) >= {*WRITTEN_BY_PEOPLE, *PRINTED}
    assert list(schema_names()) == sorted(schema_names())


@pytest.mark.parametrize("name", schema_names())
def test_each_is_a_schema_that_says_what_it_is(name: str) -> None:
    schema = read_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"{URN}{name}"
    assert schema["title"]
    assert schema["description"].endswith(".")
    assert schema["examples"]


@pytest.mark.parametrize("name", schema_names())
def test_each_example_is_one(name: str) -> None:
    schema = read_schema(name)
    for path, part in parts(schema):
        checker = Draft202012Validator({"$defs": schema.get("$defs", {}), **part})
        for example in part.get("examples", []):
            found = [error.message for error in checker.iter_errors(example)]
            assert not found, (path, example)


@pytest.mark.parametrize("name", schema_names())
def test_each_key_is_described(name: str) -> None:
    schema = read_schema(name)
    for path, part in parts(schema):
        if len(path) < 2 or path[-2] != "properties" or {"if", "then", "else"} & set(path):
            continue
        target = schema["$defs"][part["$ref"].split("/")[-1]] if "$ref" in part else {}
        text = part.get("description") or target.get("description")
        assert text, path
        assert text.endswith("."), path


@pytest.mark.parametrize("name", WRITTEN_BY_PEOPLE)
def test_an_editor_shows_what_is_described(name: str) -> None:
    """A description in Markdown hides the plain one, so it says that too."""
    for path, part in parts(read_schema(name)):
        text = part.get("description", "")
        assert part.get("markdownDescription", text).startswith(text), path
        assert "`" not in text or "markdownDescription" in part, path


def test_a_schema_is_found_in_any_letter_case() -> None:
    assert schema_file("MLproject") == schema_file("mlproject")
    assert schema_file("mlproject").is_absolute()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mlprojct", "did you mean 'mlproject'?"),
        ("conda.yaml", "did you mean 'conda'?"),
        ("events", "did you mean 'event'?"),
        ("nonsense", f"choose one: {', '.join(schema_names())}"),
    ],
)
def test_a_wrong_name_gets_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match="there is no schema") as caught:
        read_schema(name)
    assert caught.value.hint == hint


def test_the_python_environment_within_a_project_file_is_that_of_its_file() -> None:
    """An editor follows no reference from one schema to another, so it stands in both."""
    inline, own = read_schema("mlproject"), read_schema("python_env")
    assert inline["$defs"]["python_env"]["properties"] == own["properties"]
    assert inline["$defs"].items() >= own["$defs"].items()


SPELLINGS = [
    *_BY_SPELLING, "Float", " INT ", "List[float]", "dict[str, int]", "list (a)", "ARRAY<x>",
    "list[", "list[x)", "string[x]", "flot", "file", "", "list[a](b)", "list(a)[b]", "list[]",
]  # fmt: skip


@pytest.mark.parametrize("text", SPELLINGS)
@pytest.mark.parametrize("is_short", [True, False])
def test_the_types_are_those_that_are_read(text: str, is_short: bool) -> None:
    declared = text if is_short else {"type": text}
    project = {"entry_points": {"main": {"command": "x", "parameters": {"p": declared}}}}
    assert validator("mlproject").is_valid(project) is (parse_type(text) is not None)


def test_the_types_that_an_editor_offers_are_all() -> None:
    properties = read_schema("mlproject")["$defs"]["parameter"]["properties"]
    assert properties["type"]["anyOf"][0]["enum"] == [kind.value for kind in ParameterType]


def test_a_working_copy_has_them_beside_the_package() -> None:
    assert schema_file("plan").parent == Path(__file__).parents[2] / "schemas"
