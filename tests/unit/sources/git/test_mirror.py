"""What a mirror knows of its commits and versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.sources.git.lfs.contents import Pointer
from mlrun.sources.git.mirror import CommitFacts, Mirror
from mlrun.sources.git.process import run_git
from mlrun.sources.git.submodules import Submodule
from mlrun.sources.git.url import parse_git_url
from mlrun.sources.git.versions import Resolved

COMMIT = "ab" * 20


@pytest.fixture
def mirror() -> Mirror:
    mirror = Mirror(parse_git_url("https://host.example/team/name.git"))
    mirror.hold_or_make().release()
    return mirror


def test_nothing_is_there_before_it_is_made() -> None:
    mirror = Mirror(parse_git_url("https://host.example/team/name.git"))
    assert mirror.hold() is None
    assert mirror.facts(COMMIT) is None
    assert mirror.versions() == []
    assert mirror.commits_from("ab") == []
    assert not mirror.folder.exists()


def test_a_commit_is_complete_with_what_belongs_to_it(mirror: Mirror) -> None:
    facts = CommitFacts(
        submodules=(Submodule("libs/a", "../a.git", "cd" * 20),),
        pointers=(Pointer("data/x.bin", "ef" * 32, 12345, executable=True),),
    )
    assert mirror.facts(COMMIT) is None
    mirror.complete(COMMIT, facts)
    assert mirror.facts(COMMIT) == facts
    assert mirror.commits_from("abab") == [COMMIT]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"submodules": [{}], "pointers": []}'])
def test_broken_facts_are_none(mirror: Mirror, text: str) -> None:
    mirror.complete(COMMIT, CommitFacts())
    (mirror.folder / "commits" / f"{COMMIT}.json").write_text(text)
    assert mirror.facts(COMMIT) is None


def test_versions_are_remembered_by_name_the_latest_first(mirror: Mirror) -> None:
    main = Resolved(COMMIT, branch="main", ref="refs/heads/main")
    mirror.remember(None, Resolved(COMMIT, branch="main", ref="HEAD"))
    mirror.remember("main", main)
    mirror.remember("feature/../../x", Resolved("cd" * 20))
    remembered = mirror.remembered("main")
    assert remembered is not None
    assert remembered.resolved == main
    head = mirror.remembered(None)
    assert head is not None
    assert head == mirror.remembered("HEAD")
    assert mirror.versions() == ["feature/../../x", "main", "HEAD"]
    assert mirror.remembered("other") is None
    assert sorted(os.listdir(mirror.folder.parent)) == [mirror.folder.name]


def test_what_a_killed_fetch_left_is_cleared(mirror: Mirror) -> None:
    mirror.prepare(COMMIT)
    left = [
        "shallow.lock",
        "packed-refs.lock",
        "refs/mlrun/x.lock",
        "objects/pack/tmp_pack_abc",
        "objects/ab/tmp_obj_xyz",
    ]
    for name in left:
        file = mirror.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    mirror.prepare(COMMIT)
    assert [name for name in left if (mirror.folder / name).exists()] == []


@pytest.mark.parametrize("made", [("config",), ("config", "HEAD")])
def test_a_half_made_repository_is_made_whole(mirror: Mirror, made: tuple[str, ...]) -> None:
    for name in made:
        (mirror.folder / name).write_text("" if name == "config" else "ref: refs/heads/main\n")
    mirror.prepare(COMMIT)
    assert run_git("rev-parse", "--is-bare-repository", folder=mirror.folder) == b"true\n"


@pytest.mark.parametrize(("commit", "form"), [("ab" * 20, b"sha1\n"), ("ab" * 32, b"sha256\n")])
def test_the_hash_decides_how_objects_are_named(mirror: Mirror, commit: str, form: bytes) -> None:
    mirror.prepare(commit)
    words = ("rev-parse", "--show-object-format")
    assert run_git(*words, folder=mirror.folder) == form


def test_spellings_of_an_address_share_a_mirror(tmp_path: Path) -> None:
    first = Mirror(parse_git_url("https://host.example/team/name.git"))
    second = Mirror(parse_git_url("https://user:word@HOST.example:443/team/name/"))
    assert first.folder == second.folder
