"""The environments that a project file names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.lint.linted_projects import MAIN, found_in, mended, only, places, rules_in


def test_one_whose_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").touch()
    assert found_in(tmp_path, f"conda_env: conda.yaml\n{MAIN}") == ()


def test_no_environment_at_all(tmp_path: Path) -> None:
    assert found_in(tmp_path, MAIN) == ()
    (tmp_path / "conda.yaml").touch()
    assert found_in(tmp_path, MAIN) == ()


@pytest.mark.parametrize("key", ["conda_env", "python_env", "renv_env"])
def test_a_file_that_is_not_there(tmp_path: Path, key: str) -> None:
    (tmp_path / "environment.yml").touch()
    problem = only(tmp_path, f"{key}: enviroment.yml\n{MAIN}")
    assert problem.rule == "missing-environment-file"
    assert problem.hint == "did you mean 'environment.yml'?"
    assert places((problem,)) == [("missing-environment-file", 1, len(key) + 3)]


@pytest.mark.parametrize("name", ['"a\\0b"', "a" * 300, ".", "/", "../" * 100 + "x", "a/b/c"])
def test_a_name_that_no_file_has(tmp_path: Path, name: str) -> None:
    assert rules_in(tmp_path, f"conda_env: {name}\n{MAIN}") == ["missing-environment-file"]


def test_a_file_in_the_parent_folder(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").touch()
    folder = tmp_path / "project"
    folder.mkdir()
    problem = only(folder, f"conda_env: ../conda.yaml\n{MAIN}")
    assert problem.rule == "outer-environment-file"
    assert "'../conda.yaml'" in problem.message


def test_a_file_that_lies_in_the_folder_above(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").touch()
    folder = tmp_path / "project"
    folder.mkdir()
    problem = only(folder, f"conda_env: conda.yaml\n{MAIN}")
    assert problem.rule == "missing-environment-file"
    assert problem.hint == "did you mean '../conda.yaml'?"


@pytest.mark.parametrize(
    ("written", "column", "hint"),
    [
        ("docker_env: {volumes: [], image: Churn:V1}", 34, "no capital letters: churn:v1"),
        ("docker_env: a b", 13, "write NAME"),
    ],
)
def test_an_image_that_no_engine_can_have(
    tmp_path: Path, written: str, column: int, hint: str
) -> None:
    problems = found_in(tmp_path, f"{written}\n{MAIN}")
    (problem,) = (p for p in problems if p.rule == "bad-image")
    assert places((problem,)) == [("bad-image", 1, column)]
    assert hint in str(problem.hint)


def test_an_image_of_an_entry_point(tmp_path: Path) -> None:
    problems = found_in(tmp_path, f"{MAIN}    docker_env: {{image: Churn}}\n")
    (problem,) = (p for p in problems if p.rule == "bad-image")
    assert problem.location is not None
    assert problem.location.line == len(MAIN.splitlines()) + 1


@pytest.mark.parametrize("name", ["Host.example:5000/churn:V1", "churn:V1", "a/b_c", "a" * 64])
def test_an_image_that_an_engine_can_have(tmp_path: Path, name: str) -> None:
    assert "bad-image" not in rules_in(tmp_path, f"docker_env: {{image: {name}}}\n{MAIN}")


def test_a_file_far_away_is_named_by_its_whole_path(tmp_path: Path) -> None:
    assert "'/bin/sh'" in only(tmp_path, f"conda_env: /bin/sh\n{MAIN}").message
    assert "'/none.yaml'" in only(tmp_path, f"conda_env: /none.yaml\n{MAIN}").message


def test_a_project_that_is_named_by_a_way_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("project", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "project" / "conda.yaml").touch()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert found_in(Path("../project"), f"conda_env: conda.yaml\n{MAIN}") == ()
    assert found_in(Path("../project"), f"conda_env: ../project/conda.yaml\n{MAIN}") == ()


def test_a_file_of_an_entry_point(tmp_path: Path) -> None:
    assert sorted(map(str, rules_in(tmp_path, f"{MAIN}    conda_env: conda.yaml\n"))) == [
        "missing-environment-file", "own-environment",
    ]  # fmt: skip


def test_a_windows_path(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "é.yaml").touch()
    text = f"conda_env: 'envs\\é.yaml'\n{MAIN}"
    problem = only(tmp_path, text)
    assert problem.rule == "windows-path"
    assert problem.hint == "write envs/é.yaml"
    assert mended(tmp_path, text) == f"conda_env: 'envs/é.yaml'\n{MAIN}"


def test_a_windows_path_in_double_quotes_is_not_mended(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert [p.edits for p in found_in(tmp_path, f'conda_env: ".\\\\a"\n{MAIN}')] == [()]


def test_a_variable_of_windows_in_a_volume(tmp_path: Path) -> None:
    volumes = '["%cd%:/app", "%DATA%:/data", "100%:/b", "$(pwd):/c"]'
    problems = found_in(tmp_path, f"docker_env:\n  image: a\n  volumes: {volumes}\n{MAIN}")
    assert places(problems) == [("windows-variable", 3, 13), ("windows-variable", 3, 26)]
    assert [problem.hint for problem in problems] == ["write $(pwd)", "write ${DATA}"]


def test_two_environments(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").touch()
    text = f"conda_env: conda.yaml\ndocker_env: {{image: a}}\n{MAIN}"
    assert rules_in(tmp_path, text) == ["several-environments"]


def test_two_environments_that_are_wrong_themselves(tmp_path: Path) -> None:
    text = f"conda_env: [a]\ndocker_env: {{}}\nrenv_env: {{}}\n{MAIN}"
    assert sorted(map(str, rules_in(tmp_path, text))) == [
        "several-environments", *["wrong-shape"] * 3,
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["", "null", "~", "''"])
def test_an_environment_without_a_value(tmp_path: Path, value: str) -> None:
    assert rules_in(tmp_path, f"conda_env: {value}\n{MAIN}") == ["null-environment"]


def test_an_environment_in_the_project_file(tmp_path: Path) -> None:
    text = f"python_env:\n  python: '3.11'\n  dependencies: [numpy==2.1.0]\n{MAIN}"
    assert places(found_in(tmp_path, text)) == [("inline-python-env", 1, 1)]


class TestDocker:
    @pytest.mark.parametrize("image", ["a:1", "'a:1'", '"a:1"'])
    def test_an_image_alone(self, tmp_path: Path, image: str) -> None:
        text = f"docker_env: {image}  # é\n{MAIN}"
        assert only(tmp_path, text).rule == "docker-env-text"
        assert mended(tmp_path, text) == f"docker_env: {{image: {image}}}  # é\n{MAIN}"

    def test_an_image_alone_on_many_lines_is_not_mended(self, tmp_path: Path) -> None:
        assert only(tmp_path, f"docker_env: |-\n  a\n{MAIN}").edits == ()

    @pytest.mark.parametrize("rest", ["volumes: a:/b", "environment: A", "environment: {A: b}"])
    def test_what_is_no_list(self, tmp_path: Path, rest: str) -> None:
        text = f"docker_env:\n  image: a\n  {rest}\n{MAIN}"
        assert rules_in(tmp_path, text) == ["docker-list"]

    def test_each_item_is_looked_at(self, tmp_path: Path) -> None:
        text = f"docker_env:\n  volumes: [[a], b:/c, {{}}]\n  environment: [[a], B, '']\n{MAIN}"
        assert rules_in(tmp_path, text) == ["wrong-shape"] * 5

    def test_a_project_with_capital_letters(self, tmp_path: Path) -> None:
        docker = f"docker_env: {{image: a}}\n{MAIN}"
        assert places(found_in(tmp_path, f"name: Churn\n{docker}")) == [("image-name", 1, 7)]
        assert found_in(tmp_path, f"name: churn\n{docker}") == ()
        assert found_in(tmp_path, f"name: Churn\n{MAIN}") == ()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements.in", "pyproject.TOML"])
def test_a_file_that_mlflow_does_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    found = found_in(tmp_path, f"python_env: {name}\n{MAIN}")
    assert places(found) == [("mlflow-environment", 1, 13)]


def test_a_packaging_file_that_nobody_names(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    assert found_in(tmp_path, MAIN) == ()
