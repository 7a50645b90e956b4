"""Whatever is in a project file: it loads, or is refused with one clear error."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mlrun.errors import MlrunError
from mlrun.project.environments.python_env_file import read_python_env
from mlrun.project.load import find_entry_point, load_project
from mlrun.project.model import Project, PythonEnv, PythonEnvFile
from mlrun.project.reading.hidden_blanks import HIDDEN
from tests.unit.project.mlflow_rules import mlflow_takes

KEYS = st.sampled_from(
    [
        *("name", "entry_points", "entrypoints", "python_env", "conda_env", "docker_env"),
        *("databricks_spark_job", "main", "command", "comand", "parameters", "parameter"),
        *("type", "default", "defulat", "type:int", "default:0.1", "description", "image"),
        *("volumes", "environment", "python", "build_dependencies", "dependencies", "pip", "x.py"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=8)
    | st.text(max_size=12)
    | st.sampled_from(["int", "flaot", "list[str]", "../x", "a\\b", "{x}", "python=3.8", "3.10"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | SCALARS, inner, max_size=5),
    max_leaves=20,
)
PARAMETERS = st.dictionaries(
    st.text(min_size=1, max_size=8) | st.integers(),
    st.fixed_dictionaries({}, optional={"type": SCALARS, "default": VALUES}) | st.text(max_size=6),
    max_size=4,
)
PLAUSIBLE = st.fixed_dictionaries(
    {
        "entry_points": st.dictionaries(
            st.text(min_size=1, max_size=8),
            st.fixed_dictionaries({"command": SCALARS}, optional={"parameters": PARAMETERS}),
            max_size=4,
        )
    },
    optional={"name": st.text(max_size=8), "conda_env": st.text(max_size=8)},
)
SNIPPETS = st.lists(
    st.sampled_from(list(":-?{}[],&*!|>'\"%@`#\t\n\n  ~<=")) | KEYS | st.text(max_size=3),
    max_size=60,
).map("".join)


@contextmanager
def folder_with(data: bytes, name: str = "MLproject") -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        yield Path(folder)


def load(data: bytes) -> Project | None:
    """Load a project with all that can be asked of it; None where it is refused."""
    with folder_with(data) as folder:
        try:
            project = load_project(folder)
        except MlrunError:
            return None
        for name in (*project.entry_points, "main", "x.py"):
            with suppress(MlrunError):
                assert find_entry_point(project, name).name == name
        assert all(p.location is not None for p in project.lints)
        return project


def read_environment(data: bytes) -> PythonEnv | None:
    with folder_with(data, "python_env.yaml") as folder:
        file = folder / "python_env.yaml"
        (named,) = load_project(folder).environments
        assert isinstance(named, PythonEnvFile)
        assert named.file == file
        try:
            return read_python_env(named)
        except MlrunError:
            return None


@settings(deadline=None)
@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfe")
def test_any_bytes(data: bytes) -> None:
    load(data)
    read_environment(data)


@settings(deadline=None, max_examples=400)
@given(SNIPPETS)
@example("a: &a [*a]")
@example("<<: 1")
@example("a: {<<: [1]}")
@example("? - a\n")
@example("!!set {a}")
@example("!!omap [a: 1]")
def test_any_text_that_looks_like_yaml(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    load(data)
    read_environment(data)


@settings(deadline=None, max_examples=200)
@given(VALUES)
def test_any_yaml(value: Any) -> None:
    data = yaml.safe_dump(value).encode()
    load(data)
    read_environment(data)


@settings(deadline=None, max_examples=200)
@given(PLAUSIBLE, st.sampled_from([True, False, None]))
def test_what_mlflow_takes_is_taken_with_the_same_defaults(
    content: dict[str, Any], flow: bool | None
) -> None:
    text = yaml.safe_dump(content, default_flow_style=flow, allow_unicode=True)
    again = yaml.safe_load(text)
    assert mlflow_takes(again)
    # `1` and `'1'` are two names to MLflow, of which its command line can reach one.
    assume(not any(_is_doubled(mapping) for mapping in _mappings(again)))
    # A name that begins with a no-break space is refused: indentation is what was meant.
    mappings = (again["entry_points"], *_mappings(again))
    assume(not any(str(key).startswith(tuple(HIDDEN)) for mapping in mappings for key in mapping))
    project = load(text.encode())
    assert project is not None
    for name, entry_point in again["entry_points"].items():
        for key, declared in (entry_point.get("parameters") or {}).items():
            if not isinstance(declared, dict) or not isinstance(key, str):
                continue
            default = declared.get("default")
            found = project.entry_points[name].parameters[key].default
            assert found == (None if default is None else str(default))


def _mappings(content: dict[str, Any]) -> Iterator[dict[Any, Any]]:
    for entry_point in content["entry_points"].values():
        yield entry_point.get("parameters") or {}


def _is_doubled(mapping: dict[Any, Any]) -> bool:
    return len({str(key) for key in mapping}) < len(mapping)
