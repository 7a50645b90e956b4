"""Contents of Git LFS take the place of their pointers in a working tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mlrun.sources.git.lfs.contents import Pointer, fill_in, pointers_of
from mlrun.sources.git.placing import Placement, place
from tests.lfs_pointers import CONTENT, LFS_ATTRIBUTES, OID, keep, pointer_text, pointer_to
from tests.repositories import Files, Program, make_repository

A = Pointer("a.bin", OID, len(CONTENT))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    keep(folder, CONTENT)
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.bin").write_bytes(pointer_to(CONTENT))
    return folder


def test_a_pointer_becomes_its_content(tree: Path, store: Path) -> None:
    (tree / "a.bin").chmod(0o640)
    assert fill_in(tree, [A], [store]) == ()
    assert (tree / "a.bin").read_bytes() == CONTENT
    assert (tree / "a.bin").stat().st_mode & 0o7777 == 0o640
    assert os.listdir(tree) == ["a.bin"]


def test_what_the_run_writes_stays_out_of_the_store(tree: Path, store: Path) -> None:
    fill_in(tree, [A], [store])
    with (tree / "a.bin").open("ab") as file:
        file.write(b"more")
    stored = store / OID[:2] / OID[2:4] / OID
    assert stored.read_bytes() == CONTENT
    assert stored.stat().st_nlink == 1


def test_stores_are_asked_in_order(tree: Path, store: Path, tmp_path: Path) -> None:
    assert fill_in(tree, [A], [tmp_path / "none", store]) == ()
    assert (tree / "a.bin").read_bytes() == CONTENT


def test_what_no_store_has_is_returned(tree: Path, tmp_path: Path) -> None:
    assert fill_in(tree, [A], [tmp_path / "none"]) == (A,)
    assert (tree / "a.bin").read_bytes() == pointer_to(CONTENT)


def test_a_content_that_was_cut_off_does_not_count(tree: Path, store: Path) -> None:
    (store / OID[:2] / OID[2:4] / OID).write_bytes(CONTENT[:-1])
    assert fill_in(tree, [A], [store]) == (A,)
    assert (tree / "a.bin").read_bytes() == pointer_to(CONTENT)


@pytest.mark.parametrize(
    "content",
    [b"data of the project's own", pointer_text("0" * 64, 12), pointer_to(CONTENT) + b" " * 2000],
)
def test_another_content_is_left(content: bytes, tree: Path, store: Path) -> None:
    (tree / "a.bin").write_bytes(content)
    assert fill_in(tree, [A], [store]) == ()
    assert (tree / "a.bin").read_bytes() == content


def test_nothing_is_written_through_a_link(tree: Path, store: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    victim = outside / "a.bin"
    victim.write_bytes(pointer_to(CONTENT))
    (tree / "file.bin").symlink_to(victim)
    (tree / "folder").symlink_to(outside)
    paths = ("file.bin", "folder/a.bin", "../outside/a.bin", "x/../a.bin", "none/a.bin")
    pointers = [Pointer(path, OID, len(CONTENT)) for path in paths]
    assert fill_in(tree, pointers, [store]) == ()
    assert victim.read_bytes() == pointer_to(CONTENT)
    assert (tree / "file.bin").is_symlink()
    assert os.listdir(outside) == ["a.bin"]


def test_a_pipe_in_its_place_is_not_opened(tree: Path, store: Path) -> None:
    (tree / "a.bin").unlink()
    os.mkfifo(tree / "a.bin")
    assert fill_in(tree, [A], [store]) == ()


def test_a_folder_that_cannot_be_written(
    tree: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has begun is taken away, and the pointer stays."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        fill_in(tree, [A], [store])
    assert os.listdir(tree) == ["a.bin"]
    assert (tree / "a.bin").read_bytes() == pointer_to(CONTENT)


def test_a_checkout_counts_as_unchanged(tmp_path: Path, store: Path, git_environment: Path) -> None:
    files: Files = {
        ".gitattributes": LFS_ATTRIBUTES,
        "a.bin": pointer_to(CONTENT),
        "ä b\t/x.bin": Program(pointer_to(CONTENT)),
        "b.bin": pointer_to(b"of another time"),
    }
    repository = make_repository(tmp_path / "r.git")
    commit = repository.commit(files)
    folder = tmp_path / "checkout"
    folder.mkdir()
    place(Placement(repository.path, commit), folder)
    missing = fill_in(folder, pointers_of(repository.path, commit), [store])
    assert [pointer.path for pointer in missing] == ["b.bin"]
    assert (folder / "ä b\t/x.bin").read_bytes() == CONTENT
    assert os.access(folder / "ä b\t/x.bin", os.X_OK)
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=folder, capture_output=True, check=True
    )
    assert status.stdout == b""
