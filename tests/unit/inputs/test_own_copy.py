"""Copies that the user may write into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import InputError
from mlrun.inputs import own_copy as own_copy_module
from mlrun.inputs.own_copy import _remove, own_copy


def copied(storage: Path, source: Path) -> Path:
    """Return where a copy stays when its run is over."""
    with own_copy(storage, 0, source) as copy:
        return copy


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "cache" / "set"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "x").write_bytes(b"1")
    (folder / "deep" / "x").chmod(0o444)
    (folder / "deep").chmod(0o555)
    return folder


def test_a_folder_that_can_be_written(source: Path, tmp_path: Path) -> None:
    copy = copied(tmp_path / "storage", source)
    assert copy == tmp_path / "storage" / "param_0" / "set"
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
    target = tmp_path / "storage" / "param_0" / given.name
    target.parent.mkdir(parents=True)
    for kind in ("folder", "file", "link"):
        if kind == "folder":
            target.mkdir()
        elif kind == "file":
            target.touch()
        else:
            target.symlink_to(other)
        copied(tmp_path / "storage", given)
        assert target.is_dir() is is_folder
        assert not target.is_symlink()
        _remove(target)
    assert (other / "mine").read_text() == "stays"
    assert os.listdir(target.parent) == []


def test_a_failure_leaves_nothing(source: Path, tmp_path: Path) -> None:
    (source / "deep").chmod(0o755)
    os.mkfifo(source / "pipe")
    (tmp_path / "storage").write_text("in the way")
    with pytest.raises(InputError, match="cannot be kept in") as caught:
        copied(tmp_path / "storage", source)
    assert caught.value.hint is not None
    assert "--storage-dir" in caught.value.hint
    assert (tmp_path / "storage").read_text() == "in the way"


def test_no_run_writes_where_another_one_reads(source: Path, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    with own_copy(storage, 0, source) as first, own_copy(storage, 0, source) as second:
        (second / "deep" / "x").write_bytes(b"2")
        assert (first / "deep" / "x").read_bytes() == b"1"
        with own_copy(storage, 0, source) as third:
            assert [one.parent.name for one in (first, second, third)] == [
                "param_0",
                "param_0.2",
                "param_0.3",
            ]
    assert copied(storage, source) == first


def test_what_a_killed_one_began_is_removed_by_the_next(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = tmp_path / "storage"
    with monkeypatch.context() as killed:
        killed.setattr(own_copy_module, "_put", lambda fresh, target: None)
        copied(storage, source)
    (storage / "param_0" / ".mine").touch()
    assert len(os.listdir(storage / "param_0")) == 2
    copied(storage, source)
    assert sorted(os.listdir(storage / "param_0")) == [".mine", "set"]


@pytest.mark.parametrize(
    ("mode", "owner", "is_refused"),
    [(0o1777, "other", True), (0o1777, "me", False), (0o1777, "keeper", False),
     (0o1775, "other", False), (0o777, "other", False)],
)  # fmt: skip
def test_a_folder_that_another_user_has_put_there_is_refused(
    mode: int,
    owner: str,
    is_refused: bool,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    storage = tmp_path / "storage"
    (storage / "param_0").mkdir(parents=True)
    storage.chmod(mode)
    users = {"me": os.geteuid(), "other": 12345, "keeper": storage.stat().st_uid}
    lstat = Path.lstat

    def of_owner(path: Path) -> os.stat_result:
        found = list(lstat(path))
        found[4] = users[owner] if path == storage / "param_0" else found[4]
        return os.stat_result(found)

    monkeypatch.setattr(Path, "lstat", of_owner)
    if is_refused:
        with pytest.raises(InputError, match="is another user's"):
            copied(storage, source)
    else:
        assert copied(storage, source).exists()
