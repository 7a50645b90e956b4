"""Bringing commits from real servers: alone, by name, or with all of the history."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import VersionNotFoundError
from mlrun.sources.base import Checkout, FetchRequest
from mlrun.sources.fetch import fetch
from mlrun.sources.git import process
from mlrun.sources.git.bringing import bring, find_in_history
from mlrun.sources.git.mirror import Mirror
from mlrun.sources.git.process import run_git
from mlrun.sources.git.url import parse_git_url
from mlrun.sources.git.versions import Resolved
from tests.git_http import Manner
from tests.git_servers import GitServers
from tests.repositories import Repository, make_project, make_repository


def silent(line: str, *, passing: bool = False) -> None:
    """Say nothing."""


@pytest.fixture
def repository(git_servers: GitServers) -> Repository:
    repository = make_project(git_servers.root / "team/project.git")
    repository.commits([({"n.txt": f"{number}\n"}, f"n {number}") for number in range(5)])
    return repository


def mirror_of(uri: str) -> Mirror:
    mirror = Mirror(parse_git_url(uri))
    mirror.hold_or_make()
    return mirror


def count(mirror: Mirror, commit: str) -> int:
    return int(run_git("rev-list", "--count", commit, folder=mirror.folder))


def fetched(uri: str, version: str | None = None) -> Checkout:
    return fetch(FetchRequest(uri, version, Path("/")))


def test_only_the_commit_itself_is_brought(git_servers: GitServers, repository: Repository) -> None:
    old = repository.git("rev-parse", "main~3")
    mirror = mirror_of(git_servers.url("http", "team/project.git"))
    assert bring(mirror, Resolved(old), may_ask=False, report=silent) == old
    assert count(mirror, old) == 1
    new = repository.git("rev-parse", "main")
    assert bring(mirror, Resolved(new), may_ask=False, report=silent) == new
    assert count(mirror, new) == 1
    assert run_git("fsck", "--strict", folder=mirror.folder) == b""


def test_a_server_that_gives_no_parts_gives_all(
    git_servers: GitServers, repository: Repository
) -> None:
    repository.git("update-server-info")
    old = repository.git("rev-parse", "main~3")
    mirror = mirror_of(git_servers.url("http", "team/project.git", area="dumb"))
    assert bring(mirror, Resolved(old), may_ask=False, report=silent) == old
    assert count(mirror, old) == 3


def test_an_annotated_tags_own_hash_means_its_commit(
    git_servers: GitServers, repository: Repository
) -> None:
    commit = repository.git("rev-parse", "main")
    repository.tag("v1", commit, annotated=True)
    tag = repository.git("rev-parse", "v1")
    uri = git_servers.url("http", "team/project.git")
    for _ in range(2):
        checkout = fetched(uri, tag)
        assert checkout.provenance is not None
        assert checkout.provenance.commit == commit
        checkout.release()
    assert len(git_servers.http.packs) == 1


@pytest.mark.parametrize(("name", "what"), [("main:n.txt", "a file"), ("main^{tree}", "a folder")])
@pytest.mark.parametrize("annotated", [False, True])
def test_a_tag_of_something_else_is_no_version(
    git_servers: GitServers, repository: Repository, name: str, what: str, annotated: bool
) -> None:
    repository.tag("odd", repository.git("rev-parse", name), annotated=annotated)
    with pytest.raises(VersionNotFoundError, match=f"is {what}, and no commit"):
        fetched(git_servers.url("http", "team/project.git"), "odd")


def test_a_commit_that_is_nowhere_is_named(git_servers: GitServers, repository: Repository) -> None:
    with pytest.raises(VersionNotFoundError, match="has no commit " + "ab" * 20):
        fetched(git_servers.url("http", "team/project.git"), "ab" * 20)


@pytest.mark.parametrize("filtering", ["true", "false"])
def test_a_short_hash_is_found_in_the_history(
    git_servers: GitServers, repository: Repository, filtering: str
) -> None:
    repository.configure("uploadpack.allowFilter", filtering)
    old = repository.git("rev-parse", "main~3")
    mirror = mirror_of(git_servers.url("http", "team/project.git"))
    found = find_in_history(mirror, old[:8], old, may_ask=False, report=silent)
    assert found == Resolved(old)
    assert find_in_history(mirror, "0123456789", old, may_ask=False, report=silent) is None


def test_a_short_hash_is_looked_up_once(git_servers: GitServers, repository: Repository) -> None:
    old = repository.git("rev-parse", "main~3")
    uri = git_servers.url("http", "team/project.git")
    fetched(uri, old[:9]).release()
    git_servers.http.forget()
    checkout = fetched(uri, old[:9])
    assert (checkout.path / "n.txt").read_text() == "1\n"
    checkout.release()
    assert git_servers.http.requests == []


def test_offline_the_beginning_of_a_hash_is_that_of_a_commit_that_is_cached(
    git_servers: GitServers, repository: Repository
) -> None:
    uri = git_servers.url("http", "team/project.git")
    fetched(uri, "main").release()
    for version in (repository.git("rev-parse", "main")[:8], repository.git("rev-parse", "main")):
        checkout = fetch(FetchRequest(uri, version, Path("/"), offline=True))
        assert (checkout.path / "n.txt").read_text() == "4\n"
        checkout.release()
    with pytest.raises(VersionNotFoundError, match="not in the cache"):
        fetch(FetchRequest(uri, repository.git("rev-parse", "main~1")[:8], Path("/"), offline=True))


def test_a_history_that_was_killed_while_it_was_made_is_made_whole(
    git_servers: GitServers, repository: Repository
) -> None:
    old = repository.git("rev-parse", "main~3")
    mirror = mirror_of(git_servers.url("http", "team/project.git"))
    (mirror.folder / "history").mkdir()
    (mirror.folder / "history" / "HEAD").write_text("ref: refs/heads/main\n")
    found = find_in_history(mirror, old[:8], old, may_ask=False, report=silent)
    assert found == Resolved(old)


def test_a_short_hash_of_a_repository_with_sha256(git_servers: GitServers) -> None:
    repository = make_repository(git_servers.root / "new.git", {"a.txt": "a\n"}, form="sha256")
    old = repository.git("rev-parse", "main")
    repository.commit({"a.txt": "b\n"})
    checkout = fetched(git_servers.url("http", "new.git"), old[:10])
    assert (checkout.path / "a.txt").read_text() == "a\n"
    checkout.release()


def test_a_cache_that_seems_to_be_another_users_is_used(
    git_servers: GitServers, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Mounted file systems have owners of their own. Git's own tests set this variable.
    monkeypatch.setitem(process._LOCAL, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    uri = git_servers.url("http", "team/project.git")
    old = repository.git("rev-parse", "main~3")
    for version, text in (("main", "4"), (old, "1"), (old[:9], "1")):
        checkout = fetched(uri, version)
        assert (checkout.path / "n.txt").read_text() == f"{text}\n"
        checkout.release(keep=True)
        assert not (checkout.path / ".git/objects/info/alternates").exists()


def test_a_repository_with_sha256(git_servers: GitServers) -> None:
    repository = make_repository(
        git_servers.root / "new.git", {"MLproject": "name: x\n", "a.txt": "a\n"}, form="sha256"
    )
    checkout = fetched(git_servers.url("http", "new.git"))
    assert checkout.provenance is not None
    assert checkout.provenance.commit == repository.git("rev-parse", "main")
    assert (checkout.path / "a.txt").read_text() == "a\n"
    assert run_git("status", "--porcelain", folder=checkout.path) == b""
    checkout.release()


def test_an_address_that_nobody_answers_at_leaves_nothing(tmp_path: Path) -> None:
    mirror = Mirror(parse_git_url("http://127.0.0.1:9/team/name.git"))
    with pytest.raises(Exception, match=r"127\.0\.0\.1:9"):
        fetched(mirror.url.address)
    assert not mirror.folder.exists()


def gone_after(git_servers: GitServers, repository: Repository, requests: int) -> None:
    """Have a branch force-pushed, and its commit removed, when so many requests have come."""

    def choose(request: object) -> Manner:
        if len(git_servers.http.requests) == requests:
            repository.commit({"n.txt": "new\n"}, onto="orphan")
            repository.git("reflog", "expire", "--expire=all", "--all")
            repository.git("gc", "--quiet", "--prune=now")
        return Manner()

    git_servers.http.choose = choose


@pytest.mark.parametrize("area", ["pub", "old"])
@pytest.mark.parametrize("requests", [2, 3, 4])
def test_a_branch_that_is_pushed_anew_meanwhile_is_run_as_it_is(
    git_servers: GitServers, repository: Repository, area: str, requests: int
) -> None:
    gone_after(git_servers, repository, requests)
    checkout = fetched(git_servers.url("http", "team/project.git", area=area), "main")
    text = (checkout.path / "n.txt").read_text()
    assert text in ("4\n", "new\n")
    assert checkout.provenance is not None
    assert (checkout.provenance.commit == repository.git("rev-parse", "main")) == (text == "new\n")
    assert run_git("status", "--porcelain", folder=checkout.path) == b""
    checkout.release()
