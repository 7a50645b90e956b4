from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import ProjectError
from mlrun.project.project_file import find_project_file, project_folders_in


@pytest.mark.parametrize("name", ["MLproject", "MLProject", "mlproject", "MLPROJECT"])
def test_any_letter_case(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    found = find_project_file(tmp_path)
    assert found.path == tmp_path / name
    assert found.lints == ()


@pytest.mark.parametrize("name", ["MLproject.yaml", "MLproject.yml", "mlproject.YAML"])
def test_a_suffix_that_mlflow_does_not_see(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    found = find_project_file(tmp_path)
    assert found.path == tmp_path / name
    assert "MLflow does not see" in found.lints[0].message


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["mlproject", "MLproject", "MLPROJECT"], "MLproject"),
        (["mlproject", "MLPROJECT"], "MLPROJECT"),
        (["MLproject.yaml", "mlproject"], "mlproject"),
    ],
)
def test_of_several_one_is_chosen_and_the_others_named(
    tmp_path: Path, names: list[str], chosen: str
) -> None:
    for name in names:
        (tmp_path / name).touch()
    if len(list(tmp_path.iterdir())) < len(names):
        pytest.skip("letter case makes no difference to this file system")
    found = find_project_file(tmp_path)
    assert found.path == tmp_path / chosen
    assert len(found.lints) == len(names) - 1
    assert all("is ignored beside" in lint.message for lint in found.lints)


def test_other_names_are_none(tmp_path: Path) -> None:
    for name in ("MLproject.txt", "MLprojects", "xMLproject"):
        (tmp_path / name).touch()
    assert find_project_file(tmp_path).path is None


def test_a_folder_of_the_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "MLProject").mkdir()
    assert find_project_file(tmp_path).path is None


def test_a_link_to_a_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "real").touch()
    (tmp_path / "MLproject").symlink_to("real")
    assert find_project_file(tmp_path).path == tmp_path / "MLproject"


@pytest.mark.parametrize("kind", ["dangling", "pipe"])
def test_neither_a_file_nor_a_link_to_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "MLproject"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere")
    with pytest.raises(ProjectError, match="neither a file nor a link"):
        find_project_file(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read: no such file"):
        find_project_file(tmp_path / "gone")


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ProjectError, match="cannot be read: not a directory"):
        find_project_file(tmp_path / "file")


def test_projects_further_down(tmp_path: Path) -> None:
    for name in ("b", "a", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "MLproject").touch()
    (tmp_path / "b" / "mlproject.yml").touch()
    assert project_folders_in(tmp_path) == (tmp_path / "a", tmp_path / "b")
    assert project_folders_in(tmp_path / "gone") == ()
