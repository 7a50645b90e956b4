"""Real project files, which lie beside the repository: each loads, or is refused with a reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlrun.errors import ProjectError
from mlrun.project.environments.python_env_file import read_python_env
from mlrun.project.load import find_entry_point, load_project
from mlrun.project.model import CondaEnv, DockerEnv, Project, PythonEnv, PythonEnvFile
from mlrun.project.parameters.types import ParameterType
from tests import components
from tests.unit.project.mlflow_rules import mlflow_takes

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"

STARTER = "udacity__nd0821-c2-build-model-workflow-starter"

REFUSED: Mapping[str, tuple[int, str]] = {
    # A template: its name and its parameters are yet to be filled in.
    f"{STARTER}/cookie-mlflow-step/{{{{cookiecutter.step_name}}}}/MLproject": (1, "a template"),
    # `command` is indented like `main`, which is left empty.
    "GOURAVRISHI__simple_dvc_project/MLProject": (7, "beside the entry point 'main'"),
    # An entry point's name ends in `:e`.
    "2025-1-productos-de-datos__PRE-10-mlflow-ambiente-docker-ArleyHL/MLproject": (
        8, "'elasticnet:e' has no space after its colon",
    ),
    # The file ends inside the command.
    "Charlestng__disney_review/MLProject": (16, "never closed"),
}  # fmt: skip
"""Path, line, and what the message says; above each, why it is right to refuse it."""

CANNOT_RUN: Mapping[tuple[str, str], str] = {
    # The file ends after an empty `parameters`.
    ("kimkihoon0515__AIP/project/MLproject", "main"): "has no `command`",
}
"""Entry points that load and cannot run, and why."""


def corpus_paths() -> list[str]:
    index = CORPUS / "index.jsonl"
    if not index.is_file():
        return []
    lines = [json.loads(line) for line in index.read_text(encoding="utf-8").splitlines()]
    return [f"{line['dir']}/{line['mlproject']}" for line in lines]


PATHS = corpus_paths()
LOADED = [path for path in PATHS if path not in REFUSED]


@pytest.fixture(autouse=True)
def _corpus() -> None:
    if not PATHS:
        components.missing("corpus", "the folder shared/corpus beside the repository")


def load(path: str) -> Project:
    project = load_project((CORPUS / path).parent)
    assert project.file == CORPUS / path
    return project


@pytest.mark.parametrize("path", PATHS or [""])
def test_each_file_loads_or_is_refused_with_a_reason(path: str) -> None:
    if path not in REFUSED:
        load(path)
        return
    line, words = REFUSED[path]
    with pytest.raises(ProjectError) as caught:
        load(path)
    assert words in caught.value.message
    assert caught.value.hint
    assert caught.value.location is not None
    assert caught.value.location.file == CORPUS / path
    assert caught.value.location.line == line


def mlflow_content(path: str) -> Any:
    """Return what a file holds, None where MLflow's loader refuses it."""
    try:
        content = yaml.safe_load((CORPUS / path).read_bytes())
    except yaml.YAMLError:
        return None
    return content if mlflow_takes(content) else None


@pytest.mark.parametrize("path", PATHS or [""])
def test_what_mlflow_takes_is_taken_and_means_the_same(path: str) -> None:
    content = mlflow_content(path)
    if content is None:
        return
    project = load(path)
    assert project.name == (None if content.get("name") is None else str(content["name"]))
    assert list(project.entry_points) == list(content["entry_points"])
    for name, declared in content["entry_points"].items():
        found = project.entry_points[name]
        assert found.command == (declared.get("command") or "")
        expected = {key: _default(of) for key, of in declared.get("parameters", {}).items()}
        assert {p.name: p.default for p in found.parameters.values()} == expected


def _default(declared: Any) -> str | None:
    """Return the default that MLflow passes, or that the author meant where it finds none."""
    if isinstance(declared, str):
        return None
    if declared.get("default") is not None:
        return str(declared["default"])
    for key, value in declared.items():
        if key == "defulat":
            return str(value)
        if value is None and key.startswith("default"):
            return str(yaml.safe_load(key.removeprefix("default").strip(" :=")))
    return None


@pytest.mark.parametrize("path", LOADED or [""])
def test_each_entry_point_can_be_found_or_says_why_not(path: str) -> None:
    project = load(path)
    for name in project.entry_points:
        if (path, name) in CANNOT_RUN:
            with pytest.raises(ProjectError, match=CANNOT_RUN[path, name]):
                find_entry_point(project, name)
        else:
            assert find_entry_point(project, name).command


@pytest.mark.parametrize("path", LOADED or [""])
def test_each_python_environment_that_is_there_can_be_read(path: str) -> None:
    for environment in load(path).environments:
        if isinstance(environment, PythonEnvFile) and not environment.file.exists():
            with pytest.raises(ProjectError, match="there is no environment file") as caught:
                read_python_env(environment)
            assert caught.value.location == environment.location
        elif isinstance(environment, (PythonEnv, PythonEnvFile)):
            assert read_python_env(environment).dependencies


def test_the_tables_name_files_of_the_corpus() -> None:
    assert {*REFUSED, *(path for path, _ in CANNOT_RUN)} <= set(PATHS)


def test_the_corpus_as_a_whole() -> None:
    assert sum(mlflow_content(path) is not None for path in PATHS) > 125
    projects = [load(path) for path in LOADED]
    kinds = Counter(type(e) for project in projects for e in project.environments)
    assert kinds[CondaEnv] > 50
    assert kinds[DockerEnv] > 20
    assert kinds[PythonEnvFile] > 10
    parameters = [
        parameter
        for project in projects
        for entry_point in project.entry_points.values()
        for parameter in entry_point.parameters.values()
    ]
    types = Counter(parameter.type for parameter in parameters)
    assert types[ParameterType.INT] > 100
    assert types[ParameterType.PATH] > 50
    assert not any("type" in lint.message and "not known" in lint.message
                   for project in projects for lint in project.lints)  # fmt: skip


def test_an_environment_is_a_choice_where_two_are_named() -> None:
    project = load("user27c__project-03-ml-pipeline-tracking/mlflow/MLproject")
    assert [type(e) for e in project.environments] == [DockerEnv, CondaEnv]


def test_a_null_environment_is_none() -> None:
    assert load("Jimaras08__mlops-lab-example-yelp/MLProject").environments == ()


def test_an_inline_environment_with_a_nested_pip() -> None:
    (environment,) = load("Bwillia13x__value_partner/models/MLproject").environments
    assert isinstance(environment, PythonEnv)
    assert environment.dependencies == ("-r models/requirements.txt",)


def test_an_environment_file_with_a_nested_pip() -> None:
    (environment,) = load("pedroilidio__ijcnn2024/experiments/MLproject").environments
    assert isinstance(environment, PythonEnvFile)
    found = read_python_env(environment)
    assert (found.python, found.dependencies) == ("3.12.3", ("pip", "-r requirements.txt"))


def test_keys_that_a_missing_space_has_joined() -> None:
    project = load("0shimax__PyTorch-SoftTriple/src/MLproject")
    parameters = project.entry_points["main"].parameters.values()
    assert {p.name: (p.type, p.default) for p in parameters} == {
        "n-class": (ParameterType.INT, "10"),
        "batch-size": (ParameterType.INT, "128"),
        "epochs": (ParameterType.INT, "1"),
    }
    (lint,) = project.lints
    assert lint.location is not None
    assert lint.location.line == 8


def test_a_misspelt_default() -> None:
    project = load("pchding__kph/mlflow/MLproject")
    found = project.entry_points["pull_pmed_data"].parameters["inputfile"]
    assert (found.type, found.default) == (ParameterType.INT, "1")
    assert any("'defulat'" in lint.message for lint in project.lints)


def test_a_list_as_default_has_pythons_form() -> None:
    project = load("InseeFrLab__hackathon-ntts-2025/training/MLproject")
    parameters = project.entry_points["main"].parameters
    assert parameters["datasets"].default == "['mayotte_2022', 'martinique_2022']"
    assert parameters["datasets_test"].default == "[]"
