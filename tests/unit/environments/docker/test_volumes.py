"""Volumes of a project and of its user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.environments.docker.volumes import (
    make_folders,
    project_volumes,
    together,
    user_volumes,
)
from mlrun.errors import EnvironmentBuildError, Location, ProjectError, UsageError
from mlrun.execution.container.container import Mount

PLACE = Location(Path("MLproject"), 4, 5)


def mounts(*texts: str, folder: Path = Path("/projects/one")) -> list[Mount]:
    return [v.mount for v in project_volumes(texts, folder, {"HOME": "/home/me"}, PLACE)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data:/data", Mount("/data", "/data")),
        ("/data:/data:ro", Mount("/data", "/data", ("ro",))),
        ("/data:/data/:ro,z", Mount("/data", "/data", ("ro", "z"))),
        ("./data:/data", Mount("/projects/one/data", "/data")),
        ("data/raw:/data", Mount("/projects/one/data/raw", "/data")),
        ("../shared:/data", Mount("/projects/shared", "/data")),
        (".:/code", Mount("/projects/one", "/code")),
        ("$(pwd)/mlruns:/mlruns", Mount("/projects/one/mlruns", "/mlruns")),
        ("~/data:/data", Mount("/home/me/data", "/data")),
        ("cache:/cache", Mount("cache", "/cache")),
        ("/scratch", Mount("", "/scratch")),
    ],
)
def test_forms(text: str, expected: Mount) -> None:
    assert mounts(text) == [expected]


def test_a_colon_in_the_project_s_folder_separates_nothing() -> None:
    assert mounts("$(pwd):/code", folder=Path("/a:b")) == [Mount("/a:b", "/code")]
    assert mounts("./x:/code", folder=Path("/a:b")) == [Mount("/a:b/x", "/code")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("C:\\data:/data", "has a path of Windows"),
        ("/a:data", "must be absolute"),
        ("/a:/b:readonly", "has the option 'readonly'; known are: "),
        ("/a:/b:ro:z", "is not of the form"),
        (":/b", "is not of the form"),
        ("", "is not of the form"),
        ("/a:/", "would replace all"),
        ("-x:/b", "neither a folder"),
        ("$NONE:/b", "uses the variable NONE, which is not set"),
    ],
)
def test_what_cannot_be_understood_says_where(text: str, said: str) -> None:
    with pytest.raises(ProjectError) as caught:
        mounts(text)
    assert said in caught.value.message
    assert caught.value.location == PLACE
    assert caught.value.hint


def test_the_line_of_a_volume_is_named(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    file.write_text("docker_env:\n  image: x\n  volumes:\n    - /a:/b\n    - $NONE:/c\n")
    with pytest.raises(ProjectError) as caught:
        project_volumes(("/a:/b", "$NONE:/c"), tmp_path, {}, Location(file, 2, 3))
    assert caught.value.location == Location(file, 5, 7)
    assert "${NAME:-/folder}" in (caught.value.hint or "")


def test_two_volumes_for_one_place_contradict_each_other() -> None:
    with pytest.raises(ProjectError, match="both for /data"):
        mounts("/a:/data", "/b:/data/")
    assert len(mounts("/a:/data", "/a:/data")) == 1


def test_the_user_s_volumes_win_and_are_relative_to_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    own = user_volumes(["./data:/data", "~/x:/x"], tmp_path, os.environ)
    assert [v.mount.source for v in own] == [f"{tmp_path}/data", f"{tmp_path}/home/x"]
    project = project_volumes(["/a:/data", "/b:/b"], tmp_path, {}, PLACE)
    assert {v.mount.target: v.mount.source for v in together(project, own)} == {
        "/data": f"{tmp_path}/data",
        "/b": "/b",
        "/x": f"{tmp_path}/home/x",
    }
    with pytest.raises(UsageError, match=r"-A volume=/a:b has 'b'"):
        user_volumes(["/a:b"], tmp_path, {})


def test_the_user_s_volumes_may_be_written_for_a_shell(tmp_path: Path) -> None:
    (tmp_path / "a$b").mkdir()
    texts = ["$(pwd)/data:/data", "${DATA}:/d", f"{tmp_path}/a$b:/b", "./a$b/:/c"]
    own = user_volumes(texts, tmp_path, {"DATA": "/srv/data"})
    assert [v.mount.source for v in own] == [
        f"{tmp_path}/data", "/srv/data", f"{tmp_path}/a$b", f"{tmp_path}/a$b"
    ]  # fmt: skip
    with pytest.raises(UsageError, match=r"-A volume=\$NONE:/b uses the variable NONE, which is"):
        user_volumes(["$NONE:/b"], tmp_path, {})


def test_folders_that_are_missing_are_made_as_the_user_s(tmp_path: Path) -> None:
    volumes = project_volumes(["./out/models:/out", "name:/x", "/scratch"], tmp_path, {}, PLACE)
    assert make_folders(volumes) == [f"{tmp_path}/out/models"]
    assert (tmp_path / "out" / "models").is_dir()
    assert make_folders(volumes) == []


def test_a_folder_that_is_only_read_must_be_there(tmp_path: Path) -> None:
    volumes = project_volumes(["./data:/data:ro"], tmp_path, {}, PLACE)
    with pytest.raises(EnvironmentBuildError, match="it is only read") as caught:
        make_folders(volumes)
    assert caught.value.location == PLACE
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    volumes = project_volumes(["./file/data:/data"], tmp_path, {}, PLACE)
    with pytest.raises(EnvironmentBuildError, match="it cannot be made: Not a directory"):
        make_folders(volumes)
