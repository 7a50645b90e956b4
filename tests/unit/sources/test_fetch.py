"""What a URI brings: a folder in place, or something fetched that goes again."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import SourceError, UsageError
from mlrun.sources.base import Checkout, FetchRequest
from mlrun.sources.fetch import fetch
from tests.functional.fetched import work_folders


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "my project" / "sub").mkdir(parents=True)
    return tmp_path / "my project"


def fetched(uri: str, cwd: Path, version: str | None = None) -> Checkout:
    return fetch(FetchRequest(uri, version, cwd))


def test_folder_is_named_in_each_way(project: Path, tmp_path: Path) -> None:
    for uri in ("my project", str(project), f"file://{project}", project.as_uri(), "'my project'"):
        checkout = fetched(uri, tmp_path)
        assert checkout.path == project
        assert checkout.is_in_place


def test_subfolder(project: Path, tmp_path: Path) -> None:
    assert fetched("my project#sub", tmp_path).path == project / "sub"
    assert fetched(f"{project.as_uri()}#sub", tmp_path).path == project / "sub"


def test_folder_with_a_hash_in_its_name_is_itself(tmp_path: Path) -> None:
    (tmp_path / "a#b").mkdir()
    assert fetched("a#b", tmp_path).path == tmp_path / "a#b"


@pytest.mark.parametrize("subfolder", ["../x", "a/../../x", "/etc"])
def test_subfolder_stays_inside(project: Path, subfolder: str) -> None:
    with pytest.raises(SourceError, match="does not lie inside"):
        fetched(f"{project}#{subfolder}", Path("/"))


def test_missing_folder_names_its_neighbour(project: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no folder") as raised:
        fetched("my projct", tmp_path)
    assert str(project) in str(raised.value.hint)


@pytest.mark.parametrize("uri", ["", " ", "''"])
def test_empty_name_is_not_the_current_folder(uri: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no project is named"):
        fetched(uri, tmp_path)


def test_file_instead_of_a_folder(project: Path) -> None:
    (project / "train.py").write_text("")
    with pytest.raises(SourceError, match="is a file") as raised:
        fetched(str(project / "train.py"), Path("/"))
    assert "-e train.py" in str(raised.value.hint)


def test_project_file_instead_of_its_folder(project: Path) -> None:
    (project / "MLproject").write_text("")
    with pytest.raises(SourceError, match="is a file") as raised:
        fetched(str(project / "MLproject"), Path("/"))
    assert raised.value.hint == f"run its folder: mlrun run '{project}'"


def test_version_of_a_folder_outside_any_repository_is_refused(project: Path) -> None:
    with pytest.raises(SourceError, match="lies in no Git repository"):
        fetched(str(project), Path("/"), "v1")


def test_an_archive_has_no_versions_and_leaves_nothing(project: Path, tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(b"")
    with pytest.raises(UsageError, match="an archive has no versions"):
        fetched("p.zip", tmp_path, "v1")
    with pytest.raises(SourceError):
        fetched("p.zip", tmp_path)
    assert work_folders() == []


def test_web_address_and_version_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names a version") as raised:
        fetched("https://host.example/team/name/tree/main/sub", tmp_path, "v1")
    assert "https://host.example/team/name" in str(raised.value.hint)
