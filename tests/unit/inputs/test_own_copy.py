"""Copies that the user may write into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import InputError
from mlrun.inputs import own_copy
from mlrun.inputs.own_copy import copy_into


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "cache" / "set"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "x").write_bytes(b"1")
    (folder / "deep" / "x").chmod(0o444)
    (folder / "deep").chmod(0o555)
    return folder


def test_a_folder_that_can_be_written(source: Path, tmp_path: Path) -> None:
    copy = copy_into(tmp_path / "storage", source)
    assert copy == tmp_path / "storage" / "set"
    file = copy / "deep" / "x"
    assert not file.samefile(source / "deep" / "x")
    assert file.stat().st_mode & 0o200
    assert (copy / "deep").stat().st_mode & 0o200
    file.write_bytes(b"2")
    assert (source / "deep" / "x").read_bytes() == b"1"


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_was_there_is_replaced_whatever_it_was(
    source: Path, tmp_path: Path, is_folder: bool
) -> None:
    other = tmp_path / "else"
    other.mkdir()
    (other / "mine").write_text("stays")
    given = source if is_folder else source / "deep" / "x"
    target = tmp_path / "storage" / given.name
    target.parent.mkdir()
    for kind in ("folder", "file", "link"):
        if kind == "folder":
            target.mkdir()
        elif kind == "file":
            target.touch()
        else:
            target.symlink_to(other)
        copy_into(tmp_path / "storage", given)
        assert target.is_dir() is is_folder
        assert not target.is_symlink()
        own_copy._remove(target)
    assert (other / "mine").read_text() == "stays"
    assert os.listdir(tmp_path / "storage") == []


def test_a_failure_leaves_nothing(source: Path, tmp_path: Path) -> None:
    (source / "deep").chmod(0o755)
    os.mkfifo(source / "pipe")
    (tmp_path / "storage").write_text("in the way")
    with pytest.raises(InputError, match="cannot be kept in"):
        copy_into(tmp_path / "storage", source)
    assert (tmp_path / "storage").read_text() == "in the way"
