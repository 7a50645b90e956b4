"""What a repository or an address does to get a program started, and what comes of it: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.commands import Place
from tests.functional.fetched import run, work_folders
from tests.git_http import Manner
from tests.git_servers import GitServers
from tests.malicious_repositories import EITHER, HARMLESS, REFUSED, Build
from tests.repositories import make_project

PATH = "project.git"


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "marker"


def assert_nothing_happened(marker: Path) -> None:
    """Nothing was started, and nothing written where nobody should have."""
    folder = marker.parent
    assert not marker.exists()
    expected = {"place", "state", "cache", "home", "served", "servers", "config", "outside"}
    assert {entry.name for entry in folder.iterdir()} <= expected
    assert not (folder / "outside").exists() or list((folder / "outside").iterdir()) == []
    assert work_folders() == []


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_harmless_runs(
    place: Place, git_servers: GitServers, marker: Path, kind: str
) -> None:
    HARMLESS[kind](git_servers.root / PATH, marker)
    answer = run(place, git_servers.url("http", PATH))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "said hello\none\n"
    assert_nothing_happened(marker)


def test_a_bare_repository_in_a_repository_is_a_folder_like_others(
    place: Place, git_servers: GitServers, marker: Path
) -> None:
    HARMLESS["bare-inside"](git_servers.root / PATH, marker)
    answer = run(place, f"{git_servers.url('http', PATH)}#inner")
    assert answer.stdout in ("said hello\none\n", "")
    assert_nothing_happened(marker)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_dangerous_is_refused(
    place: Place, git_servers: GitServers, marker: Path, kind: str
) -> None:
    REFUSED[kind](git_servers.root / PATH, marker)
    answer = run(place, git_servers.url("http", PATH))
    assert answer.returncode == 125, answer.stderr
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert_nothing_happened(marker)


@pytest.mark.parametrize("kind", EITHER)
def test_what_leads_astray_does_no_harm(
    place: Place, git_servers: GitServers, marker: Path, kind: str
) -> None:
    build: Build = EITHER[kind]
    build(git_servers.root / PATH, marker)
    answer = run(place, git_servers.url("http", PATH))
    assert answer.returncode in (0, 125), answer.stderr
    assert "Traceback" not in answer.stderr
    assert_nothing_happened(marker)


@pytest.mark.parametrize(
    "uri",
    [
        "ext::sh -c touch% MARKER",
        "fd::17",
        "transport::address",
        "-uMARKER",
        "--upload-pack=touch MARKER",
        "ssh://-oProxyCommand=touch${IFS}MARKER/x",
        "git@-oProxyCommand=touch${IFS}MARKER:x",
        "-oProxyCommand=touch${IFS}MARKER:x",
        "ssh://host/-oProxyCommand",
        "git://127.0.0.1:1/%0ahost=x",
        "http://127.0.0.1:1/a\nb",
        "ftp://127.0.0.1/x.git",
    ],
)
@pytest.mark.parametrize("version", [None, "main"])
def test_an_address_starts_nothing(
    place: Place, git_environment: Path, marker: Path, uri: str, version: str | None
) -> None:
    words = ["run", "--", uri.replace("MARKER", str(marker))]
    if version:
        words[1:1] = ["-v", version]
    answer = place.mlrun(*words)
    assert answer.returncode == 125, answer.stderr
    assert "Traceback" not in answer.stderr
    assert_nothing_happened(marker)


@pytest.mark.parametrize(
    "version",
    ["--upload-pack=touch MARKER", "-u", "--exec=touch MARKER", "+refs/heads/*:refs/heads/*",
     "main:refs/heads/other", "main\nother", "@{upstream}", "--", "../main", "^main", "*"],
)  # fmt: skip
@pytest.mark.parametrize("transport", ["http", "file", "path"])
def test_a_version_starts_nothing(
    place: Place, git_servers: GitServers, marker: Path, version: str, transport: str
) -> None:
    repository = make_project(git_servers.root / PATH)
    before = repository.git("for-each-ref")
    asked = version.replace("MARKER", str(marker))
    answer = run(place, git_servers.url(transport, PATH), f"--version={asked}")
    assert answer.returncode == 125, answer.stderr
    assert "Traceback" not in answer.stderr
    assert repository.git("for-each-ref") == before
    assert_nothing_happened(marker)


@pytest.mark.parametrize("target", ["http", "file:///etc", "ext::sh -c touch% MARKER", "git"])
def test_a_redirect_leads_to_no_lesser_transport(
    place: Place, git_servers: GitServers, marker: Path, target: str
) -> None:
    make_project(git_servers.root / PATH)
    location = git_servers.url(target, PATH) if target in ("http", "git") else target
    location = location.replace("MARKER", str(marker))
    git_servers.https.choose = lambda request: Manner(
        location=f"{location}/{request.what}?{request.query}"
    )
    answer = run(place, git_servers.url("https", PATH))
    assert answer.returncode == 125, answer.stderr
    assert_nothing_happened(marker)


def test_a_redirect_without_end_ends(place: Place, git_servers: GitServers) -> None:
    make_project(git_servers.root / PATH)
    url = git_servers.url("http", PATH)
    git_servers.http.choose = lambda request: Manner(
        location=f"{url}/{request.what}?{request.query}"
    )
    assert run(place, url).returncode == 125
    assert len(git_servers.http.requests) < 100


def test_settings_of_the_users_own_that_widen_the_transports_do_not_count(
    place: Place, git_servers: GitServers, git_environment: Path, marker: Path
) -> None:
    git_environment.write_text('[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always\n')
    REFUSED["ext"](git_servers.root / PATH, marker)
    assert run(place, git_servers.url("http", PATH)).returncode == 125
    assert_nothing_happened(marker)
