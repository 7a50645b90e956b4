"""A mended file is written whole or not at all, and keeps all but its text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import UsageError
from mlrun.lint.writing import refuse_unwritable, write_text


def test_the_mode_stays(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    file.write_text("a")
    file.chmod(0o750)
    write_text(file, "é\r\n", before="a")
    assert file.read_bytes() == "é\r\n".encode()
    assert file.stat().st_mode & 0o7777 == 0o750
    assert os.listdir(tmp_path) == ["MLproject"]


def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    file.write_bytes(b"\xef\xbb\xbfa")
    write_text(file, "b", before="a")
    assert file.read_bytes() == b"\xef\xbb\xbfb"


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("a")
    link = tmp_path / "link"
    link.symlink_to("there/file")
    write_text(link, "b", before="a")
    assert link.is_symlink()
    assert (tmp_path / "there" / "file").read_text() == "b"


def test_a_file_that_is_read_only_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    file.write_text("a")
    refuse_unwritable(file)
    file.chmod(0o444)
    with pytest.raises(UsageError, match="read-only") as caught:
        refuse_unwritable(file)
    assert caught.value.hint is not None
    assert "chmod u+w" in caught.value.hint


def test_a_file_that_has_gone_is_refused(tmp_path: Path) -> None:
    for action in (refuse_unwritable, lambda file: write_text(file, "a", before="a")):
        with pytest.raises(UsageError, match="cannot be mended: no such file"):
            action(tmp_path / "MLproject")
    assert os.listdir(tmp_path) == []


def test_a_write_that_fails_leaves_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "MLproject"
    file.write_text("a")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="no space left on device"):
        write_text(file, "b", before="a")
    assert file.read_text() == "a"
    assert os.listdir(tmp_path) == ["MLproject"]


def test_what_somebody_else_has_written_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    file.write_text("c")
    with pytest.raises(UsageError, match="was changed"):
        write_text(file, "b", before="a")
    assert file.read_text() == "c"
    assert os.listdir(tmp_path) == ["MLproject"]
