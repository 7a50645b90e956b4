"""Which URIs are folders here, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import NotSupportedError, SourceError
from mlrun.sources.fetch import fetch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "my project" / "sub").mkdir(parents=True)
    return tmp_path / "my project"


def test_folder_is_named_in_each_way(project: Path, tmp_path: Path) -> None:
    for uri in ("my project", str(project), f"file://{project}", project.as_uri(), "'my project'"):
        assert fetch(uri, None, tmp_path).path == project


def test_subfolder(project: Path, tmp_path: Path) -> None:
    assert fetch("my project#sub", None, tmp_path).path == project / "sub"
    assert fetch(f"{project.as_uri()}#sub", None, tmp_path).path == project / "sub"


def test_folder_with_a_hash_in_its_name_is_itself(tmp_path: Path) -> None:
    (tmp_path / "a#b").mkdir()
    assert fetch("a#b", None, tmp_path).path == tmp_path / "a#b"


@pytest.mark.parametrize("subfolder", ["../x", "a/../../x", "/etc"])
def test_subfolder_stays_inside(project: Path, subfolder: str) -> None:
    with pytest.raises(SourceError, match="does not lie inside"):
        fetch(f"{project}#{subfolder}", None, Path("/"))


def test_missing_folder_names_its_neighbour(project: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no folder") as raised:
        fetch("my projct", None, tmp_path)
    assert str(project) in str(raised.value.hint)


@pytest.mark.parametrize("uri", ["", " ", "''"])
def test_empty_name_is_not_the_current_folder(uri: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no project is named"):
        fetch(uri, None, tmp_path)


def test_file_instead_of_a_folder(project: Path) -> None:
    (project / "train.py").write_text("")
    with pytest.raises(SourceError, match="is a file") as raised:
        fetch(str(project / "train.py"), None, Path("/"))
    assert "-e train.py" in str(raised.value.hint)


def test_project_file_instead_of_its_folder(project: Path) -> None:
    (project / "MLproject").write_text("")
    with pytest.raises(SourceError, match="is a file") as raised:
        fetch(str(project / "MLproject"), None, Path("/"))
    assert raised.value.hint == f"run its folder: mlrun run '{project}'"


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("s3://bucket/project", "of the kind s3://"),
        ("https://host.example/p", "a Git repository"),
        ("git@host.example:p", "a Git repository"),
        ("https://host.example/p.zip", "an archive"),
    ],
)
def test_other_sources_are_called_what_they_are(uri: str, kind: str, tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match=f"is {kind}, and"):
        fetch(uri, None, tmp_path)


@pytest.mark.parametrize(
    "uri",
    [
        "https://user:s3cret@host.example/team/p.git",
        "git@host.example:team/p.git",
        "ssh://git@host.example/p",
        "git://host.example/p#sub",
        "https://host.example/p.zip",
    ],
)
def test_other_sources_are_refused_by_name(uri: str, tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError) as raised:
        fetch(uri, None, tmp_path)
    assert "s3cret" not in str(raised.value)


def test_version_of_a_local_folder_is_refused_and_touches_nothing(project: Path) -> None:
    with pytest.raises(NotSupportedError, match="version"):
        fetch(str(project), "v1", Path("/"))
