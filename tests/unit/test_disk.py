"""Files and folders that others may have touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.disk import content_of, discard, names_in, read_json, size_of, write_atomically


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert (content_of(file), names_in(file), read_json(file), size_of(file)) == (b"", [], None, 0)
    file.write_text("{")
    assert (content_of(file), names_in(file), read_json(file)) == (b"{", [], None)
    assert names_in(tmp_path) == ["file"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_atomically(file, "1")
    assert read_json(file) == 1
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "absent" / "file", "2")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in it").touch()
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "folder", "2")
    assert names_in(tmp_path) == ["file", "folder"]


def test_the_size_is_that_of_all_levels(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    before = size_of(tmp_path)
    (inner / "file").write_bytes(os.urandom(100_000))
    assert size_of(tmp_path) - before >= 100_000


def test_read_only_folders_are_removed(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    inner.chmod(0o500)
    assert discard(tmp_path / "outer")
    assert names_in(tmp_path) == []


def test_a_link_in_the_place_of_a_folder_is_removed_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (elsewhere / "file").write_text("x")
    link = tmp_path / "link"
    link.symlink_to(elsewhere)
    assert discard(link)
    assert not os.path.lexists(link)
    assert (elsewhere / "file").read_text() == "x"
    assert elsewhere.stat().st_mode & 0o777 == 0o755
