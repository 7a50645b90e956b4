"""Which files a path means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import UsageError
from mlrun.lint.rules.rule import Subject
from mlrun.lint.targets import targets_of
from tests.unit.lint.checked import PYTHON, write

PROJECT = "entry_points: {main: {command: 'true'}}\n"
CONDA = "channels: [conda-forge]\ndependencies: [python=3.11]\n"


def means(*paths: Path, within: Path) -> list[tuple[str, Subject]]:
    return [(str(t.file.relative_to(within)), t.subject) for t in targets_of(paths)]


def files(*paths: Path, within: Path) -> list[str]:
    return [file for file, _ in means(*paths, within=within)]


def test_a_project_file_means_itself(tmp_path: Path) -> None:
    write(tmp_path, {"MLproject": f"python_env: e.yaml\n{PROJECT}", "e.yaml": PYTHON})
    assert means(tmp_path / "MLproject", within=tmp_path) == [("MLproject", Subject.PROJECT)]


def test_a_folder_means_its_project_file_and_what_that_names(tmp_path: Path) -> None:
    text = "python_env: e.yaml\nentry_points: {fit: {conda_env: sub/c.yaml, command: 'true'}}\n"
    write(tmp_path, {"mlproject": text, "e.yaml": PYTHON, "sub/c.yaml": CONDA, "conda.yaml": ""})
    assert means(tmp_path, within=tmp_path) == [
        ("mlproject", Subject.PROJECT),
        ("e.yaml", Subject.PYTHON_ENV),
        ("sub/c.yaml", Subject.CONDA),
    ]


def test_a_folder_means_the_environment_that_it_implies(tmp_path: Path) -> None:
    write(tmp_path, {"MLproject": PROJECT, "environment.yml": CONDA, "requirements.txt": ""})
    assert files(tmp_path, within=tmp_path) == ["MLproject", "environment.yml"]
    write(tmp_path, {"MLproject": f"conda_env: ~\n{PROJECT}"})
    assert files(tmp_path, within=tmp_path) == ["MLproject"]


def test_an_environment_of_an_entry_point_leaves_the_implied_one(tmp_path: Path) -> None:
    text = "entry_points: {fit: {conda_env: c.yaml, command: 'true'}}\n"
    write(tmp_path, {"MLproject": text, "c.yaml": CONDA, "python_env.yaml": PYTHON})
    assert files(tmp_path, within=tmp_path) == ["MLproject", "c.yaml", "python_env.yaml"]


def test_a_file_by_any_name_is_read_as_mlrun_reads_it(tmp_path: Path) -> None:
    text = "python_env: uv.lock\nentry_points: {fit: {conda_env: c.txt, command: 'true'}}\n"
    write(tmp_path, {"MLproject": text, "uv.lock": "version = 1", "c.txt": CONDA})
    assert means(tmp_path, within=tmp_path)[1:] == [
        ("uv.lock", Subject.PYTHON_ENV),
        ("c.txt", Subject.CONDA),
    ]


@pytest.mark.parametrize("named", ["gone.yaml", "requirements.txt", "pyproject.toml", "''", "[a]"])
def test_what_is_no_environment_file_of_yaml_is_left_out(tmp_path: Path, named: str) -> None:
    text = f"python_env: {named}\n{PROJECT}"
    write(tmp_path, {"MLproject": text, "requirements.txt": "", "pyproject.toml": ""})
    assert files(tmp_path, within=tmp_path) == ["MLproject"]


def test_the_environment_file_may_be_of_another_folder_or_system(tmp_path: Path) -> None:
    project = tmp_path / "here"
    text = f"conda_env: ..\\there\\c.yaml\n{PROJECT}"
    write(tmp_path, {"here/MLproject": text, "there/c.yaml": CONDA})
    assert files(project, within=tmp_path) == ["here/MLproject", "there/c.yaml"]


def test_a_broken_project_file_is_checked_alone(tmp_path: Path) -> None:
    write(tmp_path, {"MLproject": "python_env: 'e.yaml\n", "e.yaml": PYTHON})
    assert files(tmp_path, within=tmp_path) == ["MLproject"]


def test_a_folder_without_one_means_all_projects_below(tmp_path: Path) -> None:
    left_out = (".git", ".venv", "node_modules", "__pycache__")
    write(
        tmp_path,
        {
            "b/MLproject": f"python_env: e.yaml\n{PROJECT}",
            "b/e.yaml": PYTHON,
            "b/inner/MLproject": f"conda_env: null\n{PROJECT}",
            "a/deep/MLProject.yaml": f"conda_env: null\n{PROJECT}",
            "env/pyvenv.cfg": "",
            "env/lib/MLproject": PROJECT,
            **{f"{name}/MLproject": PROJECT for name in left_out},
        },
    )
    assert files(tmp_path, within=tmp_path) == [
        "a/deep/MLProject.yaml", "b/MLproject", "b/e.yaml", "b/inner/MLproject",
    ]  # fmt: skip


def test_a_folder_of_scripts_means_its_environment(tmp_path: Path) -> None:
    write(tmp_path, {"train.py": "", "python_env.yaml": PYTHON})
    assert files(tmp_path, within=tmp_path) == ["python_env.yaml"]


def test_a_folder_with_nothing_to_check_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no project file"):
        targets_of([tmp_path])


@pytest.mark.parametrize(
    ("name", "text", "subject"),
    [
        ("python_env.yml", "", Subject.PYTHON_ENV),
        ("Conda.YAML", "", Subject.CONDA),
        ("env.yaml", CONDA, Subject.CONDA),
        ("env.yaml", "name: a\ndependencies: []\n", Subject.CONDA),
        ("env.yaml", PYTHON, Subject.PYTHON_ENV),
        ("env.yaml", "build_dependencies: []\n", Subject.PYTHON_ENV),
        ("project.yaml", PROJECT, Subject.PROJECT),
        ("MLPROJECT", "", Subject.PROJECT),
    ],
)
def test_a_file_is_told_by_its_name_or_its_keys(
    tmp_path: Path, name: str, text: str, subject: Subject
) -> None:
    write(tmp_path, {name: text})
    assert means(tmp_path / name, within=tmp_path) == [(name, subject)]


@pytest.mark.parametrize("text", ["", "a: 1\n", "- a\n", "a: 'b\n", "name: a\n"])
def test_a_file_that_cannot_be_told_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"some.yaml": text})
    with pytest.raises(UsageError, match=r"some\.yaml"):
        targets_of([tmp_path / "some.yaml"])


def test_a_path_that_is_not_there_gets_its_near_miss(tmp_path: Path) -> None:
    write(tmp_path, {"MLproject": PROJECT})
    with pytest.raises(UsageError, match="there is no file or folder") as caught:
        targets_of([tmp_path / "MLprojct"])
    assert caught.value.hint == f"did you mean '{tmp_path / 'MLproject'}'?"
    with pytest.raises(UsageError):
        targets_of([tmp_path / "no" / "MLproject"])


def test_the_same_file_is_checked_once(tmp_path: Path) -> None:
    write(tmp_path, {"MLproject": f"python_env: e.yaml\n{PROJECT}", "e.yaml": PYTHON})
    (tmp_path / "link.yaml").symlink_to(tmp_path / "e.yaml")
    paths = [tmp_path, tmp_path / "MLproject", tmp_path / "link.yaml", tmp_path / "e.yaml"]
    assert files(*paths, within=tmp_path) == ["MLproject", "e.yaml"]


def test_the_folder_that_one_stands_in_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"MLproject": PROJECT, "conda.yaml": CONDA})
    monkeypatch.chdir(tmp_path)
    assert [str(target.file) for target in targets_of([Path()])] == ["MLproject", "conda.yaml"]


def test_a_link_that_leads_nowhere_is_checked_nevertheless(tmp_path: Path) -> None:
    (tmp_path / "MLproject").symlink_to("gone")
    assert files(tmp_path, tmp_path / "MLproject", within=tmp_path) == ["MLproject"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "MLproject")
    for path in (tmp_path, tmp_path / "MLproject"):
        with pytest.raises(UsageError, match="neither a file"):
            targets_of([path])


def test_among_folders_below_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"a/MLproject": PROJECT, "b/x": ""})
    os.mkfifo(tmp_path / "b" / "MLproject")
    assert files(tmp_path, within=tmp_path) == ["a/MLproject"]
