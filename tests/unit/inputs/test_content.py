"""What an entry holds, and seeing what others have done to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.inputs.entry import entries_of
from tests.data_server import DataServer
from tests.unit.inputs.fetching import Said, fetch
from tests.unit.inputs.folders import Folder

ALTERED = "data: its copy in the cache was altered, and is fetched again"


@pytest.fixture
def folder() -> Folder:
    """Data of three files."""
    return Folder({"a": b"1", "deep/b": b"22", "deep/er/c": b"333"})


def fetched(folder: Folder, said: Said | None = None) -> Path:
    return fetch("runs:/1/set", said, resolve=lambda uri: folder).path


def test_all_is_read_only_and_as_it_was(folder: Folder) -> None:
    top = fetched(folder)
    assert {p.relative_to(top).as_posix() for p in top.rglob("*") if p.is_file()} == set(
        folder.contents
    )
    assert all(not p.stat().st_mode & 0o222 for p in [top, *top.rglob("*")])


def alter(top: Path) -> None:
    (top / "a").chmod(0o644)
    (top / "a").write_bytes(b"9")


def add(top: Path) -> None:
    (top / "deep").chmod(0o755)
    (top / "deep" / "more").write_bytes(b"")


def remove(top: Path) -> None:
    (top / "deep").chmod(0o755)
    (top / "deep" / "b").unlink()


def link(top: Path) -> None:
    top.chmod(0o755)
    (top / "a").rename(top.parent.parent / "elsewhere")
    (top / "a").symlink_to(top.parent.parent / "elsewhere")


@pytest.mark.parametrize("harm", [alter, add, remove, link])
def test_what_others_did_is_undone(folder: Folder, harm: object) -> None:
    assert callable(harm)
    top = fetched(folder)
    harm(top)
    folder.read_paths.clear()
    said = Said()
    assert fetched(folder, said) == top
    assert said.lines[0] == ALTERED
    assert {
        p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()
    } == (folder.contents)
    assert not (top / "a").is_symlink()
    # What was not altered is not fetched once more.
    assert len(folder.read_paths) <= 1


def test_a_file_that_has_become_a_folder(server: DataServer) -> None:
    server.files["/x"] = b"1"
    path = fetch(f"{server.url}/x").path
    path.unlink()
    path.mkdir()
    assert fetch(f"{server.url}/x").path.read_bytes() == b"1"


def test_a_digest_of_a_folder_is_of_names_and_contents(folder: Folder) -> None:
    digest = fetch("runs:/1/set", resolve=lambda uri: folder).digest
    assert fetch("runs:/1/set", resolve=lambda uri: folder).digest == digest
    folder.contents["a"] = b"2"
    changed = fetch("runs:/1/set", resolve=lambda uri: folder).digest
    del folder.contents["a"]
    folder.contents["a2"] = b"2"
    renamed = fetch("runs:/1/set", resolve=lambda uri: folder).digest
    assert len({digest, changed, renamed}) == 3
    assert len(entries_of(folder.key)) == 3


def test_of_a_folder_whole_files_stay_when_one_fails(folder: Folder) -> None:
    folder.broken = "deep/er/c"
    with pytest.raises(RuntimeError, match="broken"):
        fetched(folder)
    folder.broken = ""
    folder.read_paths.clear()
    top = fetched(folder)
    assert (top / "deep" / "er" / "c").read_bytes() == b"333"
    assert "deep/er/c" in folder.read_paths


def test_a_folder_that_changes_while_it_is_read_is_no_mixture(folder: Folder) -> None:
    folder.changes = {"deep/b": b"new"}
    top = fetched(folder)
    assert (top / "deep" / "b").read_bytes() == b"new"
    assert (top / "a").read_bytes() == b"1"


def test_a_name_that_is_none_stays_in_the_cache(folder: Folder) -> None:
    folder.name = "../../../out"
    top = fetched(folder)
    assert top.name == "out"
    assert top.parent.name == "content"
