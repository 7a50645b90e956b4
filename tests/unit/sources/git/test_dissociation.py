"""A checkout that borrowed its objects stands on its own afterwards."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mlrun.sources.git.dissociation import dissociate
from mlrun.sources.git.placing import Placement, place
from mlrun.sources.git.process import run_git
from mlrun.sources.own_folder import make_own_folder
from tests.repositories import Repository, make_repository


@pytest.fixture
def lender(tmp_path: Path) -> Repository:
    repository = make_repository(tmp_path / "lender.git", {"a.txt": "one"})
    repository.commit({"a.txt": "two"})
    return repository


def checkout(lender: Repository, folder: Path) -> str:
    commit = lender.git("rev-parse", "main")
    folder.mkdir(exist_ok=True)
    place(Placement(lender.path, commit, branch="main"), folder)
    return commit


def assert_whole(folder: Path, commit: str) -> None:
    assert not (folder / ".git" / "objects" / "info" / "alternates").exists()
    run_git("fsck", "--full", "--strict", folder=folder)
    assert run_git("rev-parse", "HEAD", folder=folder).decode().strip() == commit
    assert run_git("status", "--porcelain", folder=folder) == b""


def partial_clone(tmp_path: Path, lender: Repository) -> Repository:
    """Make a mirror without the file as it was in the first commit."""
    lender.configure("uploadpack.allowFilter", "true")
    partial = make_repository(tmp_path / "partial.git")
    partial.configure("remote.origin.url", lender.path.as_uri())
    partial.configure("remote.origin.promisor", "true")
    partial.configure("remote.origin.partialclonefilter", "blob:none")
    partial.git("fetch", "--quiet", "--filter=blob:none", "origin", "main:refs/heads/main")
    partial.git("cat-file", "-p", "main:a.txt")  # what a checkout writes is there
    return partial


def refuse(*_words: object) -> None:
    raise OSError(18, "Invalid cross-device link")


def test_it_has_all_that_it_borrowed(tmp_path: Path, lender: Repository) -> None:
    commit = checkout(lender, tmp_path / "checkout")
    assert dissociate(tmp_path / "checkout")
    shutil.rmtree(lender.path)
    assert_whole(tmp_path / "checkout", commit)
    assert run_git("log", "--format=%s", folder=tmp_path / "checkout").count(b"\n") == 2


def test_what_is_only_in_the_index_is_kept(tmp_path: Path, lender: Repository) -> None:
    folder = tmp_path / "checkout"
    checkout(lender, folder)
    (folder / "new.txt").write_text("new")
    run_git("add", "new.txt", folder=folder)
    assert dissociate(folder)
    shutil.rmtree(lender.path)
    assert run_git("show", ":new.txt", folder=folder) == b"new"


def test_shallow_history_stays_shallow(tmp_path: Path, lender: Repository) -> None:
    mirror = make_repository(tmp_path / "mirror.git")
    mirror.git("fetch", "--quiet", "--depth=1", lender.path.as_uri(), "main:refs/heads/main")
    commit = checkout(mirror, tmp_path / "checkout")
    assert dissociate(tmp_path / "checkout")
    shutil.rmtree(mirror.path)
    assert_whole(tmp_path / "checkout", commit)


def test_submodules_are_made_whole_too(tmp_path: Path, lender: Repository) -> None:
    folder = tmp_path / "checkout"
    checkout(lender, folder)
    inner = make_repository(tmp_path / "inner.git", {"b.txt": "inner"})
    (folder / "lib").mkdir()
    commit = checkout(inner, folder / "lib" / "deep")
    assert dissociate(folder)
    shutil.rmtree(lender.path)
    shutil.rmtree(inner.path)
    assert_whole(folder / "lib" / "deep", commit)


@pytest.mark.parametrize("link", [True, False])
def test_history_without_its_files_is_taken_over(
    tmp_path: Path, lender: Repository, monkeypatch: pytest.MonkeyPatch, link: bool
) -> None:
    partial = partial_clone(tmp_path, lender)
    commit = checkout(partial, tmp_path / "checkout")
    if not link:  # as between file systems
        monkeypatch.setattr(os, "link", refuse)
    assert dissociate(tmp_path / "checkout")
    shutil.rmtree(lender.path)
    shutil.rmtree(partial.path)
    assert run_git("show", "HEAD:a.txt", folder=tmp_path / "checkout") == b"two"
    assert run_git("rev-parse", "HEAD", folder=tmp_path / "checkout").decode().strip() == commit
    assert run_git("status", "--porcelain", folder=tmp_path / "checkout") == b""


def test_a_lender_that_borrows_itself_goes_on_lending(tmp_path: Path, lender: Repository) -> None:
    partial = partial_clone(tmp_path, lender)
    (partial.path / "objects/info/alternates").write_text(f"{tmp_path}\n")
    checkout(partial, tmp_path / "checkout")
    assert not dissociate(tmp_path / "checkout")
    assert run_git("show", "HEAD:a.txt", folder=tmp_path / "checkout") == b"two"


def test_any_path_of_a_lender(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / os.fsdecode(b"\xff a'b\n.git"), {"a.txt": "one"})
    commit = checkout(repository, tmp_path / "checkout")
    assert dissociate(tmp_path / "checkout")
    shutil.rmtree(repository.path)
    assert_whole(tmp_path / "checkout", commit)


def test_a_lender_that_is_gone_is_no_error(tmp_path: Path, lender: Repository) -> None:
    checkout(lender, tmp_path / "checkout")
    shutil.rmtree(lender.path)
    assert not dissociate(tmp_path / "checkout")


def test_without_git_it_goes_on_borrowing(
    tmp_path: Path, lender: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout(lender, tmp_path / "checkout")
    with monkeypatch.context() as without:
        without.setenv("PATH", "")
        assert not dissociate(tmp_path / "checkout")
    assert run_git("status", "--porcelain", folder=tmp_path / "checkout") == b""


def test_a_run_that_keeps_its_folder_can_lose_the_mirror(lender: Repository) -> None:
    own = make_own_folder("project", "", borrows=True)
    commit = checkout(lender, own.path)
    own.release(keep=True)
    shutil.rmtree(lender.path)
    assert_whole(own.path, commit)


def test_a_folder_without_repositories_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a" / "objects").mkdir(parents=True)
    assert dissociate(tmp_path)


def test_a_folder_of_the_project_that_looks_like_a_repository_is_left_alone(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "id_rsa").write_text("key")
    hostile = make_repository(
        tmp_path / "hostile.git",
        {
            "inner/HEAD": "ref: refs/heads/main\n",
            "inner/config": "[core]\n\tbare = true\n",
            "inner/refs/heads/main": f"{'1' * 40}\n",
            "inner/objects/info/alternates": f"{secret}\n",
        },
    )
    commit = checkout(hostile, tmp_path / "checkout")
    assert dissociate(tmp_path / "checkout")
    assert_whole(tmp_path / "checkout", commit)
    assert not list((tmp_path / "checkout").rglob("id_rsa"))
    assert (secret / "id_rsa").stat().st_nlink == 1
