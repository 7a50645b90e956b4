"""What the addresses name that people paste from the pages of code hosts, and the shorthands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import SourceError
from mlrun.sources.addresses.address import RepositoryAddress, parse_address

HASH = "0123456789abcdef0123456789abcdef01234567"
GITHUB = "https://github.com/owner/name"
OWN = "https://git.example.org:3000/owner/name"


def parse(uri: str) -> RepositoryAddress:
    address = parse_address(uri, Path("/nowhere"))
    assert isinstance(address, RepositoryAddress)
    return address


@pytest.mark.parametrize(
    ("uri", "repository", "ref_and_folder"),
    [
        (f"{GITHUB}/tree/main", GITHUB, "main"),
        (f"{GITHUB}/tree/main/", GITHUB, "main"),
        (f"{GITHUB}/tree/feature/x/some/dir", GITHUB, "feature/x/some/dir"),
        (f"{GITHUB}/tree/main/my%20dir/a%23b", GITHUB, "main/my dir/a#b"),
        (f"{GITHUB}/tree/{HASH}/dir", GITHUB, f"{HASH}/dir"),
        (f"{GITHUB}/tree/main/mlproject", GITHUB, "main/mlproject"),
        (f"{GITHUB}/tree/main/tree/src", GITHUB, "main/tree/src"),
        (f"{GITHUB}/tree/main/dir?tab=readme-ov-file", GITHUB, "main/dir"),
        (f"{GITHUB}/blob/main/dir/MLproject", GITHUB, "main/dir"),
        (f"{GITHUB}/blob/main/mlproject.yaml?plain=1", GITHUB, "main"),
        (f"{GITHUB}/raw/main/dir/MLproject", GITHUB, "main/dir"),
        (f"{GITHUB}/commits/main/dir", GITHUB, "main/dir"),
        (f"{GITHUB}/commit/{HASH}", GITHUB, HASH),
        (f"{GITHUB}/pull/12", GITHUB, "refs/pull/12/head"),
        (f"{GITHUB}/pull/12/files", GITHUB, "refs/pull/12/head"),
        (f"{GITHUB}/pull/12/commits/{HASH}", GITHUB, HASH),
        (f"{GITHUB}/releases/tag/v1.0", GITHUB, "refs/tags/v1.0"),
        (f"{GITHUB}/releases/tag/a/b", GITHUB, "refs/tags/a/b"),
        ("https://www.github.com/owner/name/tree/main", GITHUB, "main"),
        ("github.com/owner/name/tree/main", GITHUB, "main"),
        ("http://GitHub.com/owner/name/tree/main", "http://GitHub.com/owner/name", "main"),
        ("https://raw.githubusercontent.com/owner/name/main/d/MLproject", GITHUB, "main/d"),
        (f"{OWN}/tree/main/dir", OWN, "main/dir"),
        (f"{OWN}/src/branch/feature/x/dir", OWN, "refs/heads/feature/x/dir"),
        (f"{OWN}/src/tag/v1/dir/MLproject", OWN, "refs/tags/v1/dir"),
        (f"{OWN}/src/commit/{HASH}/dir", OWN, f"{HASH}/dir"),
        (f"{OWN}/commits/branch/main", OWN, "refs/heads/main"),
        (f"{OWN}/pulls/3/files", OWN, "refs/pull/3/head"),
        (f"{OWN}/-/tree/main/dir", f"{OWN}.git", "main/dir"),
        (f"{OWN}/src/main/dir", OWN, "main/dir"),
        ("https://h/g/s/n/-/tree/main/d", "https://h/g/s/n.git", "main/d"),
        ("https://h/g/n/-/tree/a/b?ref_type=heads", "https://h/g/n.git", "refs/heads/a/b"),
        ("https://h/g/n/-/tree/v1?ref_type=tags", "https://h/g/n.git", "refs/tags/v1"),
        ("https://h/g/n/-/tree/refs/heads/x?ref_type=heads", "https://h/g/n.git", "refs/heads/x"),
        ("https://h/g/n/-/blob/main/d/MLproject", "https://h/g/n.git", "main/d"),
        ("https://h/g/n/-/merge_requests/4/x", "https://h/g/n.git", "refs/merge-requests/4/head"),
        ("https://h/g/n/-/tags/v1", "https://h/g/n.git", "refs/tags/v1"),
        ("https://h/g/n/-/releases/v1", "https://h/g/n.git", "refs/tags/v1"),
        (f"https://h/g/n/-/commit/{HASH}", "https://h/g/n.git", HASH),
        ("https://h/g/s/n/tree/main/d", "https://h/g/s/n", "main/d"),
        (f"https://bitbucket.org/o/n/src/{HASH}/d/?at=x", "https://bitbucket.org/o/n", f"{HASH}/d"),
        ("https://bitbucket.org/o/n/src/branch/d", "https://bitbucket.org/o/n", "branch/d"),
        ("https://bitbucket.org/o/n/src/a%2Fb/d", "https://bitbucket.org/o/n", "a/b/d"),
        ("https://bitbucket.org/o/n/branch/x/y", "https://bitbucket.org/o/n", "refs/heads/x/y"),
        ("https://h/repos/a.git/tree/main/d", "https://h/repos/a.git", "main/d"),
        ("https://h/a.git/tree/main/d", "https://h/a.git", "main/d"),
        ("https://h/o/n/tree/main/b.git/d", "https://h/o/n", "main/b.git/d"),
    ],
)  # fmt: skip
def test_page(uri: str, repository: str, ref_and_folder: str) -> None:
    address = parse(uri)
    assert (address.url.address, address.ref_and_folder) == (repository, ref_and_folder)
    assert address.subfolder == ""
    assert parse(f"{uri}#a/b").subfolder == ("" if "?" in uri else "a/b")


@pytest.mark.parametrize(
    ("uri", "repository"),
    [
        (GITHUB, GITHUB),
        (f"{GITHUB}/", GITHUB),
        (f"{GITHUB}.git", f"{GITHUB}.git"),
        (f" {GITHUB} ", GITHUB),
        (f"{GITHUB}?tab=readme-ov-file", GITHUB),
        (f"{OWN}/tree", f"{OWN}/tree"),
        (f"{OWN}/src/", f"{OWN}/src"),
        (f"{OWN}/tree/main.git", f"{OWN}/tree/main.git"),
        (f"{OWN}/commit/readme", f"{OWN}/commit/readme"),
        (f"{OWN}/pull/request", f"{OWN}/pull/request"),
        (f"{OWN}?service=x", f"{OWN}?service=x"),
        ("https://h/tree/main", "https://h/tree/main"),
        ("https://h/o/tree/main", "https://h/o/tree/main"),
        ("https://h/name", "https://h/name"),
        ("https://h/src/branch/n.git", "https://h/src/branch/n.git"),
        ("https://gitlab.com/g/s/n", "https://gitlab.com/g/s/n.git"),
        ("https://h/g/n/-/tree", "https://h/g/n/-/tree"),
        ("ssh://git@h/o/n/tree/main", "ssh://git@h/o/n/tree/main"),
        ("git@h:o/n/tree/main", "git@h:o/n/tree/main"),
    ],
)
def test_repository_that_is_no_page(uri: str, repository: str) -> None:
    address = parse(uri)
    assert (address.url.address, address.ref_and_folder) == (repository, None)


@pytest.mark.parametrize(
    "uri",
    [
        f"{GITHUB}#readme",
        f"{GITHUB}?tab=readme-ov-file#how-to-run",
        f"{GITHUB}/blob/main/MLproject#L3-L7",
        "https://h/g/n/-/blob/main/MLproject?ref_type=heads#L3",
    ],
)
def test_a_place_on_a_page_is_no_subfolder(uri: str) -> None:
    assert parse(uri).subfolder == ""


def test_credentials_of_a_page_are_the_repositorys() -> None:
    url = parse("https://me:s%40cret@git.example/o/n/tree/main/d").url
    assert (url.address, url.username, url.password) == ("https://git.example/o/n", "me", "s@cret")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (f"{GITHUB}/blob/main/dir/train.py", "is the page of a file"),
        (f"{GITHUB}/blob/MLproject", "is the page of a file"),
        (f"{GITHUB}/issues/3", "shows no folder of a repository"),
        (f"{GITHUB}/wiki/tree/main", "shows no folder of a repository"),
        (f"{GITHUB}/tree", "shows no folder of a repository"),
        ("https://github.com/owner", "names an owner and no repository"),
        ("gitlab.com/group/", "names an owner and no repository"),
        ("https://bitbucket.org/o/n/pull-requests/2", "shows no folder of a repository"),
        (f"{GITHUB}/tree/-x", "begins with '-'"),
        (f"{GITHUB}/tree/%2Dx", "begins with '-'"),
        (f"{GITHUB}/tree/main/../../x", "does not lie inside"),
        (f"{GITHUB}/tree/main/%2E%2E/x", "does not lie inside"),
        (f"{GITHUB}/tree/main%0Ax", "control character"),
        (f"{GITHUB}/tree/main#../x", "does not lie inside"),
        ("gh:owner", "is not of the form gh:owner/name"),
        ("gh:owner/name/dir", "is not of the form gh:owner/name"),
        ("gh:owner/..", "is not of the form gh:owner/name"),
        ("gh:owner/na me", "is not of the form gh:owner/name"),
        ("gh:/", "is not of the form gh:owner/name"),
        ("gl:name", "is not of the form gl:group/name"),
        ("gh:owner/name@", "names no version"),
        ("gh:owner/name@-x", "begins with '-'"),
        ("gh:owner/name@a/../b", "does not lie inside"),
    ],
)
def test_refused(uri: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse(uri)


def test_hints_say_what_can_be_done() -> None:
    for uri, hint in (
        (f"{GITHUB}/issues/3", f"the repository alone is {GITHUB}"),
        (f"{GITHUB}/blob/main/train.py", "is run with -e train.py"),
        ("gh:owner", "ssh://gh/path"),
    ):
        with pytest.raises(SourceError) as raised:
            parse(uri)
        assert hint in str(raised.value.hint)


@pytest.mark.parametrize(
    ("uri", "repository", "ref"),
    [
        ("gh:owner/name", GITHUB, None),
        ("github:owner/name", GITHUB, None),
        ("gh:owner/name.git", GITHUB, None),
        ("gh:owner/name/", GITHUB, None),
        ("gh:owner/name@v1.0", GITHUB, "v1.0"),
        ("gh:owner/name@feature/x", GITHUB, "feature/x"),
        ("gl:group/sub/name", "https://gitlab.com/group/sub/name.git", None),
        ("gitlab:group/name@main", "https://gitlab.com/group/name.git", "main"),
        ("bb:owner/name", "https://bitbucket.org/owner/name", None),
        ("bitbucket:owner/name", "https://bitbucket.org/owner/name", None),
        ("codeberg:owner/name", "https://codeberg.org/owner/name", None),
        ("github.com/owner/name", GITHUB, None),
        ("www.github.com/owner/name", GITHUB, None),
        ("gitlab.com/group/name", "https://gitlab.com/group/name.git", None),
        ("git@gh:owner", "git@gh:owner", None),
        ("work:owner/name", "work:owner/name", None),
    ],
)
def test_shorthand(uri: str, repository: str, ref: str | None) -> None:
    address = parse(uri)
    assert (address.url.address, address.ref_and_folder) == (repository, ref)
    assert parse(f"{uri}#sub.dir").subfolder == "sub.dir"


def test_what_exists_here_comes_before_a_shorthand(tmp_path: Path) -> None:
    for name in ("gh:owner/name", "github.com/owner/name", "host:path"):
        (tmp_path / name).mkdir(parents=True)
        assert not isinstance(parse_address(name, tmp_path), RepositoryAddress)


NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}[a-z]", fullmatch=True).filter(
    lambda name: not name.endswith((".git", ".zip", ".tar", ".tgz", ".txz"))
)


@given(NAMES, NAMES, st.lists(NAMES, min_size=1, max_size=5).map("/".join))
def test_what_follows_the_marker_arrives_whole(owner: str, name: str, rest: str) -> None:
    for uri in (
        f"https://github.com/{owner}/{name}/tree/{rest}",
        f"https://git.example/{owner}/{name}/-/tree/{rest}",
        f"gh:{owner}/{name}@{rest}",
    ):
        address = parse(uri)
        assert address.url.path.removesuffix(".git") == f"/{owner}/{name}"
        assert address.ref_and_folder == rest


@given(st.text(st.sampled_from("atreblobsrc-/.@:%2#?="), max_size=30))
def test_any_page_is_an_address_or_an_error(rest: str) -> None:
    for start in ("https://github.com/o/n/", "https://h/o/n/-/", "gh:", "https://h/"):
        try:
            address = parse_address(start + rest, Path("/nowhere"))
        except SourceError:
            continue
        ref = getattr(address, "ref_and_folder", None)
        assert ref is None or (ref and ref[0] not in "-/" and ".." not in ref.split("/"))
