from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import NotSupportedError, ProjectError
from mlrun.project.load import find_entry_point, load_project
from tests.unit.project.written import lint_messages, load_text, place, refused


def refusal(folder: Path, name: str = "main") -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        find_entry_point(load_project(folder), name)
    return caught.value


def test_a_folder_without_a_project_file(tmp_path: Path) -> None:
    project = load_project(tmp_path)
    assert (project.name, project.file, project.entry_points) == (None, None, {})
    assert project.folder == tmp_path


def test_the_folder_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_project(Path()).folder == tmp_path


@pytest.mark.parametrize(
    ("written", "name"), [("demo", "demo"), ("1.10", "1.10"), ("", None), ("~", None), ("''", None)]
)
def test_the_name_is_as_written(tmp_path: Path, written: str, name: str | None) -> None:
    assert load_text(tmp_path, f"name: {written}\n").name == name


@pytest.mark.parametrize(
    ("text", "message", "expected"),
    [
        ("", "the file is empty", (None, None)),
        ("# nothing\n", "the file is empty", (None, None)),
        ("~\n", "the file is empty", (None, None)),
        ("- a\n", "the project file must be a mapping, not a list", (1, 1)),
        ("hello\n", "the project file must be a mapping, not one text", (1, 1)),
        ("name: [a]\n", "`name` must be one text, not a list", (1, 7)),
        ("name: a\nname: b\n", "'name' is given twice, first on line 1", (2, 1)),
        ("name: a\nentrypoints:\n  main: {}\n", "'entrypoints' is not a key", (2, 1)),
        ("entry_point: {main: {}}\n", "'entry_point' is not a key", (1, 1)),
        ("Entry_Points: {main: {}}\n", "'Entry_Points' is not a key", (1, 1)),
        ("name: {{ cookiecutter.name }}\n", "a template", (1, 7)),
        ("a: 1\n\tb: 2\n", "a tab", (2, 1)),
    ],
)
def test_a_wrong_file_is_one_located_error(
    tmp_path: Path, text: str, message: str, expected: tuple[int | None, int | None]
) -> None:
    error = refused(tmp_path, text)
    assert message in error.message
    assert len(error.problems) == 1
    assert place(error) == expected
    assert error.hint


def test_a_misspelt_key_names_the_right_one(tmp_path: Path) -> None:
    assert refused(tmp_path, "entrypoints: {}").hint == "did you mean `entry_points`?"
    assert "did you mean `docker_env`?" in lint_messages(load_text(tmp_path, "docker-env: x"))


def test_other_tools_keys_are_ignored_in_one_lint(tmp_path: Path) -> None:
    project = load_text(tmp_path, "name: x\nuv_env: a\nhooks: {a: 1, a: 2}\nrocket: [b]\n")
    (lint,) = project.lints
    assert "'uv_env', 'hooks', 'rocket'" in lint.message
    assert lint.location is not None
    assert lint.location.line == 2


def test_a_description_is_no_lint(tmp_path: Path) -> None:
    assert load_text(tmp_path, "description: about it\n").lints == ()


def test_a_job_for_databricks_alone_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match="databricks_spark_job") as caught:
        load_text(tmp_path, "name: x\ndatabricks_spark_job: {python_file: x.py}\n")
    assert caught.value.location is not None
    assert caught.value.location.line == 2


def test_a_job_for_databricks_beside_entry_points_is_ignored(tmp_path: Path) -> None:
    project = load_text(
        tmp_path, "databricks_spark_job: {}\nentry_points: {main: {command: echo}}\n"
    )
    assert "is ignored" in lint_messages(project)
    assert find_entry_point(project).command == "echo"


def test_a_declared_entry_point_comes_before_a_script(tmp_path: Path) -> None:
    (tmp_path / "x.py").touch()
    project = load_text(tmp_path, "entry_points: {x.py: {command: echo declared}}")
    assert find_entry_point(project, "x.py").command == "echo declared"


def test_a_script_beside_declared_entry_points(tmp_path: Path) -> None:
    (tmp_path / "x.py").touch()
    project = load_text(tmp_path, "entry_points: {main: {command: echo}}")
    assert find_entry_point(project, "x.py").command == "python x.py"


def test_without_main_the_choice_is_named(tmp_path: Path) -> None:
    (tmp_path / "tool.sh").touch()
    load_text(tmp_path, "entry_points: {fit: {command: a}, 'two words': {command: b}}")
    error = refusal(tmp_path)
    assert error.message == "the project has no entry point 'main'"
    assert error.hint == "choose one: -e fit, -e 'two words', -e tool.sh"
    assert error.location is not None
    assert error.location.file == tmp_path / "MLproject"


@pytest.mark.parametrize(
    ("name", "meant"), [("trian", "train"), ("Train", "train"), ("prep", "prepare_data")]
)
def test_a_near_miss_is_named_first(tmp_path: Path, name: str, meant: str) -> None:
    load_text(tmp_path, "entry_points: {train: {command: a}, prepare_data: {command: b}}")
    error = refusal(tmp_path, name)
    assert (error.hint or "").startswith(f"did you mean -e {meant}?")
    other = {"train": "prepare_data", "prepare_data": "train"}[meant]
    assert other in (error.hint or "")


def test_a_missing_script(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    error = refusal(tmp_path, "tran.py")
    assert error.message == "the project has no script 'tran.py'"
    assert error.hint == "did you mean -e train.py?"


def test_no_project_file_but_scripts(tmp_path: Path) -> None:
    (tmp_path / "train.sh").touch()
    error = refusal(tmp_path)
    assert "there is no project file (MLproject)" in error.message
    assert error.hint == "choose one: -e train.sh"


def test_no_project_file_but_a_folder_of_its_name(tmp_path: Path) -> None:
    inside = tmp_path / "MLProject"
    inside.mkdir()
    (inside / "MLproject").write_text("name: x")
    assert refusal(tmp_path).hint == f"a project lies further down: {inside}"


def test_nothing_at_all(tmp_path: Path) -> None:
    hint = "name the folder of a project, or write an MLproject file in this one"
    assert refusal(tmp_path).hint == hint


def test_many_names_are_cut(tmp_path: Path) -> None:
    names = ", ".join(f"n{n}: {{command: a}}" for n in range(20))
    load_text(tmp_path, f"entry_points: {{{names}}}")
    assert (refusal(tmp_path).hint or "").endswith("-e n7, and 12 more")


def test_a_file_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read"):
        load_project(tmp_path / "gone")
