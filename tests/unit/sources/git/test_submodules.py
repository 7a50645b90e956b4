"""Submodules are read from a commit as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import SourceError
from mlrun.sources.git.process import GitError
from mlrun.sources.git.submodules import Submodule, submodules_of
from tests.repositories import Commit, Files, Link, Program, make_repository, module_settings

ONE = "1" * 40
TWO = "2" * 40


def submodules(folder: Path, files: Files, form: str = "sha1") -> tuple[Submodule, ...]:
    repository = make_repository(folder / "repository.git", form=form)
    return submodules_of(repository.path, repository.commit(files))


def test_no_submodules(tmp_path: Path) -> None:
    assert submodules(tmp_path, {"a.txt": "a"}) == ()


def test_an_entry_without_a_commit_is_no_submodule(tmp_path: Path) -> None:
    settings = module_settings(lib=("lib", "../lib.git"))
    assert submodules(tmp_path, {".gitmodules": settings, "lib/a.txt": "a file"}) == ()


def test_path_url_and_commit(tmp_path: Path) -> None:
    settings = module_settings(
        first=("lib", "../lib.git"), second=("deep/er/x.y", "https://host/x.git")
    )
    files: Files = {".gitmodules": settings, "lib": Commit(ONE), "deep/er/x.y": Commit(TWO)}
    assert set(submodules(tmp_path, files)) == {
        Submodule("lib", "../lib.git", ONE),
        Submodule("deep/er/x.y", "https://host/x.git", TWO),
    }


def test_longer_hashes(tmp_path: Path) -> None:
    files: Files = {".gitmodules": module_settings(a=("a", "../a")), "a": Commit("3" * 64)}
    assert submodules(tmp_path, files, "sha256") == (Submodule("a", "../a", "3" * 64),)


def test_names_and_paths_of_all_kinds(tmp_path: Path) -> None:
    settings = (
        '[submodule "a.b \\"c\\""]\n  path = "my lib; ä/"\n  url = ../a b.git\n  branch = dev\n'
        "[submodule]\n  recurse = true\n[other]\n  path = x\n"
        '[submodule "-x"]\n  URL = ../z\n  PATH = -z\n'
    )
    files: Files = {".gitmodules": settings, "my lib; ä": Commit(ONE), "-z": Commit(TWO)}
    assert set(submodules(tmp_path, files)) == {
        Submodule("my lib; ä", "../a b.git", ONE),
        Submodule("-z", "../z", TWO),
    }


def test_a_commit_that_nothing_is_said_of_has_no_url(tmp_path: Path) -> None:
    assert submodules(tmp_path, {"nested": Commit(ONE)}) == (Submodule("nested", None, ONE),)


@pytest.mark.parametrize("settings", ["", '[submodule "a"]\npath = a\n', '[submodule "a"]\nurl'])
def test_an_entry_that_says_too_little_gives_no_url(settings: str, tmp_path: Path) -> None:
    files: Files = {".gitmodules": settings, "a": Commit(ONE)}
    assert submodules(tmp_path, files) == (Submodule("a", None, ONE),)


def test_what_git_does_not_check_out_is_left_out(tmp_path: Path) -> None:
    settings = module_settings(a=("a", "../a")) + "\tupdate = none\n"
    assert submodules(tmp_path, {".gitmodules": settings, "a": Commit(ONE)}) == ()


def test_a_program_that_is_to_update_is_ignored(tmp_path: Path) -> None:
    settings = module_settings(a=("a", "../a")) + f'\tupdate = "!touch {tmp_path}/ran"\n'
    files: Files = {".gitmodules": settings, "a": Commit(ONE)}
    assert submodules(tmp_path, files) == (Submodule("a", "../a", ONE),)
    assert not (tmp_path / "ran").exists()


def test_of_values_given_twice_the_first_counts(tmp_path: Path) -> None:
    settings = module_settings(a=("a", "../a")) + "\turl = ../b\n"
    files: Files = {".gitmodules": settings, "a": Commit(ONE)}
    assert submodules(tmp_path, files) == (Submodule("a", "../a", ONE),)


def test_of_entries_with_one_path_the_last_counts(tmp_path: Path) -> None:
    settings = module_settings(a=("a", "../a"), b=("a", "../b"))
    files: Files = {".gitmodules": settings, "a": Commit(ONE)}
    assert submodules(tmp_path, files) == (Submodule("a", "../b", ONE),)


@pytest.mark.parametrize("content", [Link("elsewhere"), Commit(TWO)])
def test_only_a_file_says_something(content: Link | Commit, tmp_path: Path) -> None:
    files: Files = {"elsewhere": module_settings(a=("a", "../a")), "a": Commit(ONE)}
    found = submodules(tmp_path, {**files, ".gitmodules": content})
    assert Submodule("a", None, ONE) in found


def test_another_file_is_not_read(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(module_settings(a=("a", "../a")))
    settings = f"[include]\n\tpath = {other}\n"
    files: Files = {".gitmodules": Program(settings.encode()), "a": Commit(ONE)}
    assert submodules(tmp_path, files) == (Submodule("a", None, ONE),)


@pytest.mark.parametrize("url", ["-oProxyCommand=x", "--upload-pack=x", '"a\\tb"', '"a\\nb"'])
def test_unsafe_urls_are_refused(url: str, tmp_path: Path) -> None:
    files: Files = {".gitmodules": module_settings(a=("a", url)), "a": Commit(ONE)}
    with pytest.raises(SourceError, match="the submodule 'a' has an unsafe URL") as caught:
        submodules(tmp_path, files)
    assert "ProxyCommand" not in str(caught.value)


@pytest.mark.parametrize("path", ["x/.git", ".GIT/hooks", "a\tb"])
def test_unsafe_paths_are_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="unsafe path"):
        submodules(tmp_path, {path: Commit(ONE)})


def test_unreadable_settings_are_named(tmp_path: Path) -> None:
    files: Files = {".gitmodules": "[submodule\npath = a\n", "a": Commit(ONE)}
    with pytest.raises(SourceError, match=r"\.gitmodules") as caught:
        submodules(tmp_path, files)
    assert "line 1" in str(caught.value.hint)


def test_a_commit_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GitError):
        submodules_of(make_repository(tmp_path / "r.git").path, ONE)


def test_a_commit_with_files_without_end_is_refused(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "bomb.git", {"f": "x"})
    tree = repository.git("rev-parse", "main^{tree}")
    for _ in range(10):
        entries = "".join(f"040000 tree {tree}\td{number}\n" for number in range(10))
        tree = repository.git("mktree", stdin=entries.encode())
    commit = repository.git("commit-tree", "-m", "bomb", tree)
    with pytest.raises(SourceError, match="more files than can be written"):
        submodules_of(repository.path, commit)
