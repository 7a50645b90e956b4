from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import Location
from mlrun.project.load import load_project
from mlrun.project.model import CondaEnv, DockerEnv, Environment, PythonEnv, PythonEnvFile
from tests.unit.project.written import lint_messages, load_text, place, refused


def only(folder: Path, text: str) -> Environment:
    (environment,) = load_text(folder, text).environments
    return environment


def docker(folder: Path, text: str) -> DockerEnv:
    environment = only(folder, text)
    assert isinstance(environment, DockerEnv)
    return environment


def test_a_python_env_file_need_not_be_there(tmp_path: Path) -> None:
    found = only(tmp_path, "name: x\npython_env: envs/python_env.yaml\n")
    expected = Location(tmp_path / "MLproject", 2, 13)
    assert found == PythonEnvFile(tmp_path / "envs/python_env.yaml", expected)


def test_a_conda_env_file_need_not_be_there(tmp_path: Path) -> None:
    found = only(tmp_path, "conda_env: conda.yml\n")
    assert found == CondaEnv(tmp_path / "conda.yml", Location(tmp_path / "MLproject", 1, 12))


def test_an_environment_may_lie_in_the_parent_folder(tmp_path: Path) -> None:
    found = only(tmp_path, "conda_env: ../environment.yml\n")
    assert isinstance(found, CondaEnv)
    assert found.file == tmp_path.parent / "environment.yml"


def test_a_windows_path_means_the_same_file(tmp_path: Path) -> None:
    found = only(tmp_path, "conda_env: envs\\conda.yaml\n")
    assert isinstance(found, CondaEnv)
    assert found.file == tmp_path / "envs" / "conda.yaml"


def test_a_file_that_has_a_backslash_in_its_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "envs\\conda.yaml").touch()
    found = only(tmp_path, "conda_env: envs\\conda.yaml\n")
    assert isinstance(found, CondaEnv)
    assert found.file == tmp_path / "envs\\conda.yaml"


def test_an_inline_python_env(tmp_path: Path) -> None:
    found = only(tmp_path, "python_env:\n  python: 3.10\n  dependencies:\n  - pip: [-r r.txt]\n")
    assert isinstance(found, PythonEnv)
    assert (found.python, found.dependencies) == ("3.10", ("-r r.txt",))
    assert (found.folder, found.file) == (tmp_path, None)
    assert (found.location.line, found.location.column) == (2, 3)


@pytest.mark.parametrize("nothing", ["", "~", "null", "''"])
@pytest.mark.parametrize("key", ["python_env", "conda_env", "docker_env"])
def test_null_is_no_environment(tmp_path: Path, key: str, nothing: str) -> None:
    (tmp_path / "conda.yaml").touch()
    assert load_text(tmp_path, f"{key}: {nothing}\n").environments == ()


@pytest.mark.parametrize("has_project_file", [True, False])
def test_the_usual_files_are_found(tmp_path: Path, has_project_file: bool) -> None:
    if has_project_file:
        (tmp_path / "MLproject").write_text("name: x")
    assert load_project(tmp_path).environments == ()
    conda = tmp_path / "conda.yaml"
    conda.touch()
    assert load_project(tmp_path).environments == (CondaEnv(conda, Location(conda)),)
    python = tmp_path / "python_env.yaml"
    python.touch()
    assert load_project(tmp_path).environments == (PythonEnvFile(python, Location(python)),)


def test_several_environments_are_a_choice_in_mlflows_order(tmp_path: Path) -> None:
    project = load_text(
        tmp_path, "conda_env: c.yaml\npython_env: p.yaml\ndocker_env: {image: i}\nname: x\n"
    )
    kinds = [type(environment) for environment in project.environments]
    assert kinds == [DockerEnv, PythonEnvFile, CondaEnv]
    assert "more than one environment is named: `docker_env`, `python_env`" in lint_messages(
        project
    )
    assert "--env-manager" in lint_messages(project)


def test_docker_in_full(tmp_path: Path) -> None:
    found = docker(
        tmp_path,
        """\
        docker_env:
          image: me/image:1.0
          volumes: ["/a:/b", "$(pwd):/c:ro"]
          environment: [COPIED, [SET, 1], [DAY, "x=y"], "PLAIN=z"]
        """,
    )
    assert found.image == "me/image:1.0"
    assert found.volumes == ("/a:/b", "$(pwd):/c:ro")
    assert found.environment == (
        ("COPIED", None), ("SET", "1"), ("DAY", "x=y"), ("PLAIN", "z"),
    )  # fmt: skip
    assert (found.location.line, found.location.column) == (2, 3)


def test_docker_as_a_text_is_the_image(tmp_path: Path) -> None:
    assert docker(tmp_path, "docker_env: me/image").image == "me/image"


def test_docker_with_one_volume_and_a_mapping_of_variables(tmp_path: Path) -> None:
    found = docker(tmp_path, "docker_env: {image: i, volumes: /a:/b, environment: {A: 1, B: }}")
    assert found.volumes == ("/a:/b",)
    assert found.environment == (("A", "1"), ("B", None))


def test_dockers_unknown_keys_are_ignored_with_a_lint(tmp_path: Path) -> None:
    project = load_text(tmp_path, "docker_env: {image: i, build_context: .}")
    assert "'build_context'" in lint_messages(project)


@pytest.mark.parametrize(
    ("text", "message", "expected"),
    [
        ("docker_env: {volumes: [a]}", "names no `image`", (1, 13)),
        ("docker_env: {image: }", "names no `image`", (1, 13)),
        ("docker_env: [a]", "`docker_env` must be a mapping, not a list", (1, 13)),
        ("docker_env: {image: i, volumes: {a: b}}", "`volumes` must be a list", (1, 33)),
        ("docker_env: {image: i, volumes: [[a]]}", "a volume must be a text", (1, 34)),
        ("docker_env: {image: i, environment: [[A, B, C]]}", "no variable", (1, 38)),
        ("docker_env: {image: i, environment: [~]}", "no variable", (1, 38)),
        ("docker_env: {image: i, environment: [[A=B, C]]}", "no variable", (1, 38)),
        ("docker_env: {image: i, environment: {A=B: C}}", "no variable", (1, 38)),
        ('docker_env: {image: i, environment: [[A, "B\\0"]]}', "no variable", (1, 38)),
        ("conda_env: {name: x}", "`conda_env` must be the path of a file, not a map", (1, 12)),
        ("python_env: [a]", "`python_env` must be the path of a file, not a list", (1, 13)),
    ],
)
def test_a_wrong_form_is_located(
    tmp_path: Path, text: str, message: str, expected: tuple[int, int]
) -> None:
    error = refused(tmp_path, text)
    assert message in error.message
    assert place(error) == expected
    assert error.hint


def test_a_variable_without_a_name_is_not_quoted(tmp_path: Path) -> None:
    error = refused(tmp_path, "docker_env: {image: i, environment: [[A, B, C]]}")
    assert error.message == "a list is no variable"
