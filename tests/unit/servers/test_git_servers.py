"""Git itself against the tests' servers: they serve, they count, they misbehave as told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.git_http import Manner
from tests.git_servers import PASSWORD, USER, GitServers
from tests.repositories import Commit, Link, Program, make_project, make_repository

LOGIN = f"{USER}:{PASSWORD}"


def git(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "-c", "credential.helper=", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("transport", ["http", "https", "git", "ssh", "scp", "file", "path"])
def test_every_transport_serves(git_servers: GitServers, tmp_path: Path, transport: str) -> None:
    make_project(git_servers.root / "team/project.git")
    done = git("clone", git_servers.url(transport, "team/project.git"), str(tmp_path / "clone"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "clone/text.txt").read_text() == "one\n"


@pytest.mark.parametrize("transport", ["http", "https"])
def test_a_private_area_wants_its_password(
    git_servers: GitServers, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    make_project(git_servers.root / "p.git")
    for login, code in (("", 128), (LOGIN, 0), (f"{USER}:wrong", 128)):
        url = git_servers.url(transport, "p.git", area="priv", login=login)
        assert git("ls-remote", url).returncode == code


@pytest.mark.parametrize("area", ["pub", "old"])
def test_a_fetch_is_counted_and_a_look_is_not(
    git_servers: GitServers, tmp_path: Path, area: str
) -> None:
    make_project(git_servers.root / "p.git")
    url = git_servers.url("http", "p.git", area=area)
    git("ls-remote", url)
    assert git_servers.http.packs == []
    git("clone", url, str(tmp_path / "clone"))
    assert [pack.repository for pack in git_servers.http.packs] == ["p.git"]
    git("fetch", folder=tmp_path / "clone")
    assert len(git_servers.http.packs) == 1


def test_plain_files_serve_an_old_client(git_servers: GitServers, tmp_path: Path) -> None:
    repository = make_project(git_servers.root / "p.git")
    repository.git("update-server-info")
    url = git_servers.url("http", "p.git", area="dumb")
    assert git("clone", url, str(tmp_path / "clone")).returncode == 0
    assert {request.area for request in git_servers.http.packs} == {"dumb"}


def test_requests_of_the_other_servers_are_counted(git_servers: GitServers) -> None:
    make_project(git_servers.root / "p.git")
    for transport in ("git", "ssh"):
        git("ls-remote", git_servers.url(transport, "p.git"))
    assert git_servers.daemon.requests == 1
    assert git_servers.sshd.requests == 1


def test_a_connection_breaks_as_told(git_servers: GitServers, tmp_path: Path) -> None:
    make_project(git_servers.root / "p.git")
    url = git_servers.url("http", "p.git")
    git_servers.http.choose = lambda request: (
        Manner(cut_after=10) if request.method == "POST" else Manner()
    )
    assert git("clone", url, str(tmp_path / "clone")).returncode == 128
    git_servers.http.choose = lambda request: Manner(status=503)
    assert "503" in git("ls-remote", url).stderr


def test_a_stalled_connection_ends_with_its_server(git_servers: GitServers) -> None:
    make_project(git_servers.root / "p.git")
    git_servers.http.choose = lambda request: Manner(stall_after=10)
    with subprocess.Popen(
        ["git", "ls-remote", git_servers.url("http", "p.git")], stderr=subprocess.DEVNULL
    ) as client:
        with pytest.raises(subprocess.TimeoutExpired):
            client.wait(0.5)
        git_servers.http.stop()
        assert client.wait(20) == 128


def test_a_redirect_leads_on(git_servers: GitServers) -> None:
    make_project(git_servers.root / "p.git")
    target = git_servers.url("http", "p.git")
    git_servers.https.choose = lambda request: Manner(
        location=f"{target}/{request.what}?{request.query}"
    )
    done = git("ls-remote", git_servers.url("https", "p.git"))
    assert "warning: redirecting to" in done.stderr
    assert git_servers.http.requests


def test_commits_are_what_they_say(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git", {"a": "1", "b/c": Program(b"#!/bin/sh\n")})
    first = repository.find("refs/heads/main")
    assert first is not None
    second = repository.commit({"a": None, "l": Link("b/c"), "sub": Commit(first)}, branch="x/y")
    assert repository.git("log", "--format=%H", "x/y") == second
    tree = repository.git("ls-tree", "-r", "--format=%(objectmode) %(path)", second)
    assert tree.splitlines() == ["120000 l", "160000 sub"]
    third = repository.commit({"a": "2"})
    assert repository.git("rev-parse", f"{third}^") == first


def test_sha256_names_objects(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git", {"a": "1"}, form="sha256")
    assert len(repository.find("refs/heads/main") or "") == 64
