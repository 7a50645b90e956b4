"""What belongs to a commit beside its files: submodules, and the contents that Git LFS keeps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components import missing
from tests.functional.commands import Place
from tests.functional.fetched import run, work_folders
from tests.git_http import PASSWORD, USER
from tests.git_servers import GitServers
from tests.lfs_pointers import LFS_ATTRIBUTES, pointer_to
from tests.lfs_server import LfsServer
from tests.repositories import Commit, Repository, make_repository, module_settings

PRINTING = "entry_points: {{main: {{command: '{}'}}}}\n"
CONTENT = b"weights\x00\x01" * 1000


def nested(git_servers: GitServers, url: str = "../{}.git") -> tuple[Repository, str]:
    """Make three repositories, each a submodule of the next; return the outermost, its commit.

    The inner ones have moved on since the commits that are recorded.
    """
    files = {"text.txt": "innermost\n"}
    inner = make_repository(git_servers.root / "team/inner.git", files)
    commit = inner.git("rev-parse", "main")
    inner.commit({"text.txt": "too new\n"})
    middle = make_repository(
        git_servers.root / "team/middle.git",
        {".gitmodules": module_settings(inner=("in ner", url.format("inner"))),
         "in ner": Commit(commit), "text.txt": "middle\n"},
    )  # fmt: skip
    commit = middle.git("rev-parse", "main")
    middle.commit({"text.txt": "too new\n", "in ner": None})
    outer = make_repository(
        git_servers.root / "team/outer.git",
        {
            "MLproject": PRINTING.format("cat text.txt libs/middle/*.txt libs/middle/in*/*.txt"),
            ".gitmodules": module_settings(named=("libs/middle", url.format("middle"))),
            "libs/middle": Commit(commit),
            "text.txt": "outer\n",
        },
    )
    return outer, outer.git("rev-parse", "main")


@pytest.mark.parametrize("transport", ["http", "https", "git", "ssh", "scp", "file", "path"])
def test_submodules_are_at_their_recorded_commits(
    place: Place, git_servers: GitServers, transport: str
) -> None:
    _, commit = nested(git_servers)
    uri = git_servers.url(transport, "team/outer.git")
    for words in ((), ("-v", "main"), ("-v", commit)):
        answer = run(place, uri, *words)
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout == "outer\nmiddle\ninnermost\n"
    assert work_folders() == []


def test_submodules_of_a_cached_commit_ask_nobody(place: Place, git_servers: GitServers) -> None:
    _, commit = nested(git_servers)
    uri = git_servers.url("http", "team/outer.git")
    run(place, uri)
    git_servers.http.forget()
    assert run(place, uri, "-v", commit).stdout == "outer\nmiddle\ninnermost\n"
    assert git_servers.http.requests == []


def test_submodules_of_a_server_that_gives_no_commits_by_itself(
    place: Place, git_servers: GitServers
) -> None:
    nested(git_servers)
    answer = run(place, git_servers.url("http", "team/outer.git", area="old"))
    assert answer.stdout == "outer\nmiddle\ninnermost\n", answer.stderr


def test_a_password_goes_along_to_submodules_of_the_same_host(
    place: Place, git_servers: GitServers
) -> None:
    nested(git_servers)
    login = f"{USER}:{PASSWORD}"
    answer = run(place, git_servers.url("http", "team/outer.git", area="priv", login=login))
    assert answer.stdout == "outer\nmiddle\ninnermost\n", answer.stderr


def test_a_password_does_not_go_along_to_another_host(
    place: Place, git_servers: GitServers
) -> None:
    git_servers.url("https", "team/outer.git")
    other = f"https://localhost:{git_servers.https.port}/priv/team/{{}}.git"
    nested(git_servers, url=other)
    login = f"{USER}:{PASSWORD}"
    answer = run(place, git_servers.url("http", "team/outer.git", area="priv", login=login))
    assert answer.returncode == 125
    assert [r for r in git_servers.https.requests if r.authorization] == []


def test_a_submodule_that_is_not_there_is_named(place: Place, git_servers: GitServers) -> None:
    nested(git_servers, url="../missing-{}.git")
    answer = run(place, git_servers.url("http", "team/outer.git"))
    assert answer.returncode == 125
    assert "libs/middle" in answer.stderr
    assert work_folders() == []


def test_a_submodules_commit_that_is_not_there_is_named(
    place: Place, git_servers: GitServers
) -> None:
    outer, _ = nested(git_servers)
    outer.commit({"libs/middle": Commit("1" * 40)})
    answer = run(place, git_servers.url("http", "team/outer.git"))
    assert answer.returncode == 125
    assert "libs/middle" in answer.stderr


def test_a_project_may_lie_in_a_submodule(place: Place, git_servers: GitServers) -> None:
    inner = make_repository(
        git_servers.root / "inner.git",
        {"proj/MLproject": PRINTING.format("cat ../text.txt"), "text.txt": "of the submodule\n"},
    )
    commit = Commit(inner.git("rev-parse", "main"))
    settings = module_settings(sub=("sub", "../inner.git"))
    make_repository(git_servers.root / "outer.git", {".gitmodules": settings, "sub": commit})
    answer = run(place, f"{git_servers.url('http', 'outer.git')}#sub/proj")
    assert answer.stdout == "of the submodule\n", answer.stderr


def with_lfs(git_servers: GitServers, lfs_url: str) -> Repository:
    return make_repository(
        git_servers.root / "lfs.git",
        {
            "MLproject": PRINTING.format("sha256sum < data/model.bin"),
            ".gitattributes": LFS_ATTRIBUTES,
            ".lfsconfig": f"[lfs]\n\turl = {lfs_url}\n",
            "data/model.bin": pointer_to(CONTENT),
        },
    )


def require_git_lfs() -> None:
    if shutil.which("git-lfs") is None:
        missing("git-lfs", "git-lfs is not installed")


@pytest.fixture
def lfs_server(tmp_path: Path) -> Iterator[LfsServer]:
    server = LfsServer(tmp_path / "contents")
    try:
        yield server
    finally:
        server.stop()


def test_contents_of_git_lfs_are_in_the_checkout(
    place: Place, git_servers: GitServers, lfs_server: LfsServer
) -> None:
    require_git_lfs()
    oid = lfs_server.keep(CONTENT)
    made = with_lfs(git_servers, f"{lfs_server.site}/lfs.git/info/lfs")
    uri = git_servers.url("http", "lfs.git")
    answer = run(place, uri)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split()[0] == oid
    asked = len(lfs_server.requests)
    assert run(place, uri, "-v", made.git("rev-parse", "main")).stdout == answer.stdout
    made.commit({"more.txt": "more\n"})
    assert run(place, uri).stdout == answer.stdout
    assert len([r for r in lfs_server.requests if r.method == "GET"]) == 1
    assert asked > 0
    assert work_folders() == []


def test_contents_that_are_not_what_they_should_be_are_an_error(
    place: Place, git_servers: GitServers, lfs_server: LfsServer
) -> None:
    require_git_lfs()
    lfs_server.keep(CONTENT)
    with_lfs(git_servers, f"{lfs_server.site}/lfs.git/info/lfs")
    lfs_server.manner.corrupt = True
    answer = run(place, git_servers.url("http", "lfs.git"))
    assert answer.returncode == 125
    assert answer.stdout == ""
    lfs_server.manner.corrupt = False
    assert run(place, git_servers.url("http", "lfs.git")).returncode == 0


def test_without_git_lfs_the_pointers_are_named(
    place: Place, git_servers: GitServers, tmp_path: Path
) -> None:
    with_lfs(git_servers, "http://127.0.0.1:1/lfs")
    programs = tmp_path / "programs"
    programs.mkdir()
    for folder in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(folder).glob("*"):
            (programs / program.name).unlink(missing_ok=True)
            (programs / program.name).symlink_to(program)
    (programs / "git-lfs").unlink(missing_ok=True)
    answer = run(place, git_servers.url("http", "lfs.git"), env={"PATH": str(programs)})
    assert answer.returncode == 125, answer.stdout
    assert "data/model.bin" in answer.stderr
    assert "git-lfs" in answer.stderr
    assert work_folders() == []


def test_a_server_without_the_contents_is_an_error(place: Place, git_servers: GitServers) -> None:
    require_git_lfs()
    with_lfs(git_servers, f"{git_servers.url('http', 'lfs.git')}/info/lfs")
    answer = run(place, git_servers.url("http", "lfs.git"))
    assert answer.returncode == 125, answer.stdout
    assert work_folders() == []
