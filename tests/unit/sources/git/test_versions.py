"""Which commit a version is, among the refs that a server has named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import SourceError, VersionNotFoundError
from mlrun.sources.git.server.refs import RemoteRefs
from mlrun.sources.git.versions import (
    find_version,
    full_hash,
    head_of,
    no_such_version,
    require_speakable,
    split_ref_and_folder,
)

MAIN, FEATURE, TAGGED, PULL = (digit * 40 for digit in "abc1")
TAG_OBJECT = "d" * 40
REFS = RemoteRefs(
    commits={
        "HEAD": MAIN,
        "refs/heads/main": MAIN,
        "refs/heads/feature/x": FEATURE,
        "refs/heads/both": MAIN,
        "refs/heads/deadbeef": FEATURE,
        "refs/tags/both": TAGGED,
        "refs/tags/v1.0": TAGGED,
        "refs/pull/7/head": PULL,
    },
    tag_objects={"refs/tags/v1.0": TAG_OBJECT},
    head="main",
)


@pytest.mark.parametrize(
    ("version", "commit", "branch", "tag"),
    [
        ("main", MAIN, "main", None),
        ("feature/x", FEATURE, "feature/x", None),
        ("v1.0", TAGGED, None, "v1.0"),
        ("refs/tags/both", TAGGED, None, "both"),
        ("tags/both", TAGGED, None, "both"),
        ("refs/heads/main", MAIN, "main", None),
        ("refs/pull/7/head", PULL, None, None),
        ("pull/7/head", PULL, None, None),
        ("HEAD", MAIN, "main", None),
        ("deadbeef", FEATURE, "deadbeef", None),
        ("cccc", TAGGED, None, None),
        ("CCCCCCC", TAGGED, None, None),
        ("dddddd", TAGGED, None, None),
    ],
)
def test_a_name_is_a_branch_then_a_tag_then_another_ref_then_a_hash(
    version: str, commit: str, branch: str | None, tag: str | None
) -> None:
    found = find_version(REFS, version)
    assert found is not None
    assert (found.commit, found.branch, found.tag) == (commit, branch, tag)


def test_a_branch_comes_before_a_tag_of_its_name_and_that_is_said() -> None:
    found = find_version(REFS, "both")
    assert found is not None
    assert found.commit == MAIN
    assert found.warning is not None
    assert found.warning.hint == "-v refs/tags/both runs the tag"


def test_a_full_name_means_itself_whatever_else_is_named_so() -> None:
    odd = {"refs/heads/refs/heads/main": TAGGED, "refs/tags/refs/heads/main": PULL}
    found = find_version(RemoteRefs({**REFS.commits, **odd}, {}, "main"), "refs/heads/main")
    assert found is not None
    assert (found.commit, found.branch, found.warning) == (MAIN, "main", None)


def test_a_branch_named_head_is_not_what_the_repository_shows() -> None:
    named = {"refs/heads/HEAD": FEATURE}
    found = find_version(RemoteRefs({**REFS.commits, **named}, {}, "main"), "HEAD")
    assert found is not None
    assert found.commit == MAIN
    alone = find_version(RemoteRefs(named, {}, None), "HEAD")
    assert alone is not None
    assert (alone.commit, alone.branch) == (FEATURE, "HEAD")


def test_a_tag_and_another_ref_are_no_branch_and_tag() -> None:
    refs = {**REFS.commits, "refs/tags/pull/7/head": TAGGED}
    found = find_version(RemoteRefs(refs, {}, None), "pull/7/head")
    assert found is not None
    assert (found.commit, found.warning) == (TAGGED, None)


def test_the_same_commit_by_two_names_is_not_ambiguous() -> None:
    refs = RemoteRefs({"refs/heads/x": MAIN, "refs/tags/x": MAIN}, {}, None)
    found = find_version(refs, "x")
    assert found is not None
    assert found.warning is None


@pytest.mark.parametrize("version", ["maim", "abcdef", "x", "refs/heads/nothing"])
def test_what_is_not_there_is_not_found(version: str) -> None:
    assert find_version(REFS, version) is None


def test_beginning_of_several_commits_is_refused() -> None:
    refs = RemoteRefs(
        {"refs/heads/x": "abcd" + "0" * 36, "refs/heads/y": "abcd" + "1" * 36}, {}, None
    )
    with pytest.raises(VersionNotFoundError, match="several commits"):
        find_version(refs, "abcd")


def test_without_a_version_it_is_what_the_repository_shows() -> None:
    found = head_of(REFS, "there")
    assert (found.commit, found.branch) == (MAIN, "main")
    detached = RemoteRefs({"HEAD": PULL, "refs/heads/main": MAIN}, {}, None)
    assert (head_of(detached, "there").commit, head_of(detached, "there").branch) == (PULL, None)


def test_a_repository_without_commits_or_without_its_main_branch_says_so() -> None:
    with pytest.raises(SourceError, match="no commits yet"):
        head_of(RemoteRefs({}, {}, None), "there")
    with pytest.raises(VersionNotFoundError) as raised:
        head_of(RemoteRefs({"refs/heads/dev": MAIN}, {}, "main"), "there")
    assert "'dev'" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ("mian", "did you mean 'main'?"),
        ("v1.1", "did you mean 'v1.0'?"),
        ("origin/main", "did you mean 'main'?"),
        ("feature/y", "did you mean 'feature/x'?"),
        ("pull/8/head", "did you mean 'pull/7/head'?"),
        ("refs/pull/8/head", "did you mean 'pull/7/head'?"),
    ],
)
def test_a_missing_version_names_the_near_ones(version: str, hint: str) -> None:
    assert no_such_version(REFS, version, "there").hint == hint


@pytest.mark.parametrize(
    "version",
    [
        *("", "-x", "--upload-pack=touch x", "a b", "a\nb", "a..b", "main~1", "v1^{}", "@{1}", "@"),
        *("a:b", "x*", "a//b", "/a", "a/", "a.lock", ".a", "a/.b", "a\\b", "\x7f"),
    ],
)
def test_what_no_ref_can_be_called_is_refused(version: str) -> None:
    with pytest.raises(VersionNotFoundError, match="cannot be a version"):
        require_speakable(version)


@pytest.mark.parametrize("version", ["main~1", "HEAD^", "v1.0~3^2"])
def test_counting_back_is_for_repositories_on_this_machine(version: str) -> None:
    with pytest.raises(VersionNotFoundError) as raised:
        require_speakable(version)
    assert "count in a repository on this machine alone" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("main/sub/folder", ("main", "sub/folder")),
        ("feature/x/sub", ("feature/x", "sub")),
        ("feature/x", ("feature/x", "")),
        ("refs/tags/v1.0/sub", ("refs/tags/v1.0", "sub")),
        (f"{PULL}/sub", (PULL, "sub")),
        ("abcdef1/sub", ("abcdef1", "sub")),
        ("nothing/sub", None),
    ],
)
def test_a_web_address_is_split_at_the_longest_ref(
    text: str, expected: tuple[str, str] | None
) -> None:
    assert split_ref_and_folder(REFS, text) == expected


names = st.from_regex(r"[a-z0-9]{1,6}(/[a-z0-9]{1,6}){0,2}", fullmatch=True)
hashes = st.from_regex(r"[0-9a-f]{40}", fullmatch=True)


@given(st.dictionaries(names, hashes, min_size=1), st.data())
def test_each_branch_is_found_by_its_name(branches: dict[str, str], data: st.DataObject) -> None:
    refs = RemoteRefs({f"refs/heads/{n}": c for n, c in branches.items()}, {}, None)
    name = data.draw(st.sampled_from(sorted(branches)))
    found = find_version(refs, name)
    assert found is not None
    assert (found.commit, found.branch, found.ref) == (branches[name], name, f"refs/heads/{name}")


@given(hashes)
def test_a_whole_hash_needs_no_server(commit: str) -> None:
    assert full_hash(commit.upper()) == commit
    assert full_hash(commit[:39]) is None
