"""Mirrors become smaller, and lose nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.sources.cache.entries import entries
from mlrun.sources.cache.holding import archives_folder, lock_of, repositories_folder, use_or_make
from mlrun.sources.cache.tidying import tidy
from mlrun.sources.git.placing import Placement, place
from mlrun.sources.git.process import run_git
from tests.repositories import Repository, make_repository


@pytest.fixture
def mirror() -> Repository:
    folder = repositories_folder() / "key"
    use_or_make(folder, "").release()
    return make_repository(folder)


def scatter(mirror: Repository, commits: int) -> list[str]:
    """Add commits, each in a pack of its own, that only `refs/mlrun` keeps."""
    made = []
    for number in range(commits):
        commit = mirror.commit({"a.txt": f"{number}\n" * 100}, branch="passing")
        mirror.git("repack", "-q", "-d")
        mirror.ref(f"refs/mlrun/{commit}", commit)
        made.append(commit)
    return made


def packs(mirror: Repository) -> int:
    return len(list(mirror.path.glob("objects/pack/*.pack")))


def tidied() -> int:
    return sum(tidy(entry) for entry in entries())


def test_what_a_killed_fetch_left_goes(mirror: Repository) -> None:
    scatter(mirror, 1)
    for name in ("objects/pack/tmp_pack_1", "objects/ab/tmp_obj_1"):
        (mirror.path / name).parent.mkdir(parents=True, exist_ok=True)
        (mirror.path / name).write_bytes(bytes(range(256)) * 40)
    assert tidied() >= 20480
    assert not list(mirror.path.rglob("tmp_*"))
    assert packs(mirror) == 1
    assert tidied() == 0


def test_many_packs_become_one_under_those_who_use_them(mirror: Repository, tmp_path: Path) -> None:
    commits = scatter(mirror, 51)
    (tmp_path / "checkout").mkdir()
    place(Placement(mirror.path, commits[7]), tmp_path / "checkout")
    lease = use_or_make(mirror.path, "")
    assert packs(mirror) > 50
    assert tidied() > 0
    assert packs(mirror) < 3
    for commit in commits:
        mirror.git("cat-file", "-p", f"{commit}:a.txt")
    assert run_git("show", "HEAD:a.txt", folder=tmp_path / "checkout").startswith(b"7\n")
    mirror.git("fsck", "--full")
    lease.release()


def test_a_mirror_that_is_fetched_into_is_left_alone(mirror: Repository) -> None:
    file = mirror.path / "objects" / "pack" / "tmp_pack_1"
    file.touch()
    with lock_of(mirror.path):
        assert tidied() == 0
    assert file.exists()


def test_half_of_a_download_goes() -> None:
    folder = archives_folder() / "key"
    use_or_make(folder, "").release()
    (folder / "content").write_bytes(bytes(8192))
    (folder / "part").write_bytes(bytes(8192))
    assert tidied() == 8192
    assert sorted(os.listdir(folder)) == ["about.json", "content", "lease"]
