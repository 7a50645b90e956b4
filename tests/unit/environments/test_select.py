"""Which environment a project gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.python.environment import PythonEnvironment
from mlrun.environments.select import choose_environment
from mlrun.environments.system import SystemEnvironment
from mlrun.errors import EXIT_USAGE, Location, ProjectError, UsageError
from mlrun.project.model import CondaEnv, DockerEnv, Environment, PythonEnv, PythonEnvFile

HERE = Location(Path("MLproject"), 3, 1)
PYTHON = PythonEnv("3.11", (), (), Path("/project"), None, HERE)
CONDA = CondaEnv(Path("conda.yaml"), HERE)
DOCKER = DockerEnv("image:1", (), (), HERE)


def chosen(manager: str | None, *environments: Environment) -> str:
    return choose_environment(environments, EnvironmentOptions(manager=manager)).manager


@pytest.mark.parametrize(
    ("manager", "environments", "expected"),
    [
        (None, (), "local"),
        ("local", (), "local"),
        ("uv", (), "uv"),
        ("virtualenv", (), "virtualenv"),
        (None, (PYTHON,), "uv"),
        ("uv", (PYTHON,), "uv"),
        ("virtualenv", (PYTHON,), "virtualenv"),
        ("local", (PYTHON,), "local"),
        ("local", (CONDA,), "local"),
        ("local", (DOCKER, CONDA), "local"),
        ("uv", (DOCKER, PYTHON), "uv"),
        ("virtualenv", (DOCKER, PYTHON, CONDA), "virtualenv"),
    ],
)
def test_flag_and_project_decide(
    manager: str | None, environments: tuple[Environment, ...], expected: str
) -> None:
    assert chosen(manager, *environments) == expected


@pytest.mark.parametrize(
    ("manager", "others", "expected"),
    [
        (None, (), "conda"),
        ("conda", (), "conda"),
        ("uv", (), "uv"),
        ("virtualenv", (), "virtualenv"),
        ("conda", (DOCKER, PYTHON), "conda"),
        ("uv", (DOCKER,), "uv"),
    ],
)
def test_a_conda_file_is_made_by_conda_or_from_the_index(
    tmp_path: Path, manager: str | None, others: tuple[Environment, ...], expected: str
) -> None:
    file = tmp_path / "conda.yaml"
    file.write_text("channels: [conda-forge]\ndependencies: [python=3.10, numpy]\n")
    assert chosen(manager, *others, CondaEnv(file, HERE)) == expected


@pytest.mark.parametrize("manager", [None, "local", "uv", "virtualenv", "conda"])
def test_a_container_stays_one_whatever_the_manager(manager: str | None) -> None:
    assert chosen(manager, DOCKER) == "docker"


def test_conda_makes_nothing_where_nothing_is_asked_for() -> None:
    with pytest.raises(UsageError, match="no conda environment"):
        chosen("conda")


def test_an_environment_to_use_excludes_what_makes_one(tmp_path: Path) -> None:
    options = EnvironmentOptions(manager="uv", existing=tmp_path)
    with pytest.raises(UsageError, match="--env-manager uv"):
        choose_environment((PYTHON,), options)


def test_several_environments_are_a_choice() -> None:
    with pytest.raises(UsageError, match="docker_env and conda_env") as caught:
        chosen(None, DOCKER, CONDA)
    assert "--env-manager" in (caught.value.hint or "")
    assert caught.value.location == HERE


def test_conda_cannot_make_a_python_env() -> None:
    with pytest.raises(UsageError, match="conda") as caught:
        chosen("conda", PYTHON)
    assert caught.value.exit_code == EXIT_USAGE


def test_an_unknown_manager_is_named_with_the_near_miss() -> None:
    with pytest.raises(UsageError, match="'virtualenvv'") as caught:
        chosen("virtualenvv")
    assert "'virtualenv'" in (caught.value.hint or "")


def test_a_named_file_is_read_only_when_it_is_wanted(tmp_path: Path) -> None:
    named = PythonEnvFile(tmp_path / "python_env.yaml", HERE)
    assert chosen("local", named) == "local"
    with pytest.raises(ProjectError):
        chosen(None, named)
    named.file.write_text('python: "3.10"\ndependencies: [six]\n')
    environment = choose_environment((named,), EnvironmentOptions(exact_python=True))
    assert isinstance(environment, PythonEnvironment)
    assert environment.spec.python == "3.10"
    assert environment.exact_python


def test_a_version_that_is_none_is_refused_at_once() -> None:
    wrong = PythonEnv("tree.11", (), (), Path("/project"), None, HERE)
    with pytest.raises(ProjectError, match=r"'tree\.11' is not a version") as caught:
        chosen(None, wrong)
    assert caught.value.location == HERE


def test_the_systems_own_has_no_digest() -> None:
    environment = choose_environment((), EnvironmentOptions())
    assert isinstance(environment, SystemEnvironment)
    assert environment.digest() is None
