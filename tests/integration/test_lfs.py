"""Contents of Git LFS, fetched by the real git-lfs from a server."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mlrun.errors import SourceError, SourceRefusedError, SourceUnavailableError
from mlrun.sources.git.lfs.contents import Pointer, fetch_contents, fill_in, pointers_of
from mlrun.sources.git.url import parse_git_url
from tests.components import missing
from tests.giftless import USER, Giftless
from tests.git_servers import git_environment
from tests.lfs_pointers import CONTENT, LFS_ATTRIBUTES, OID, keep, pointer_text, pointer_to
from tests.lfs_server import LfsServer
from tests.repositories import Files, Repository, make_repository

__all__ = ["git_environment"]

BIG = os.urandom(3_000_000)
FILES: Files = {
    ".gitattributes": LFS_ATTRIBUTES,
    "a.bin": pointer_to(CONTENT),
    "same.bin": pointer_to(CONTENT),
    "data/big.bin": pointer_to(BIG),
    "looks-like-one.txt": pointer_text("0" * 64, 5),
}


@dataclass
class Lines:
    """What was reported."""

    said: list[str] = field(default_factory=list)

    def __call__(self, line: str, *, passing: bool = False) -> None:
        self.said.append(line)


@dataclass
class Mirror:
    """A mirror, and fetching into it."""

    repository: Repository
    lines: Lines = field(default_factory=Lines)

    @property
    def store(self) -> Path:
        return self.repository.path / "lfs" / "objects"

    def fetch(self, url: str, files: Files = FILES) -> tuple[Pointer, ...]:
        """Have a commit with these files, and fetch what it points to."""
        commit = self.repository.commit(files)
        pointers = pointers_of(self.repository.path, commit)
        fetch_contents(
            parse_git_url(url),
            self.repository.path,
            commit,
            pointers,
            may_ask=False,
            report=self.lines,
        )
        return pointers

    def has(self, content: bytes) -> bool:
        oid = hashlib.sha256(content).hexdigest()
        file = self.store / oid[:2] / oid[2:4] / oid
        return file.exists() and file.read_bytes() == content


@pytest.fixture
def git_lfs(git_environment: Path) -> None:
    if shutil.which("git-lfs") is None:
        missing("git-lfs", "it is not on the PATH")


@pytest.fixture
def server(tmp_path: Path, git_lfs: None) -> Iterator[LfsServer]:
    server = LfsServer(tmp_path / "contents")
    server.keep(CONTENT)
    server.keep(BIG)
    yield server
    server.stop()


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(make_repository(tmp_path / "mirror"))


def test_contents_come_once(mirror: Mirror, server: LfsServer, tmp_path: Path) -> None:
    before = sorted(path for path in mirror.repository.path.rglob("*") if path.is_file())
    pointers = mirror.fetch(f"{server.site}/team/project.git")
    assert mirror.has(CONTENT)
    assert mirror.has(BIG)
    assert sorted(server.given) == sorted([OID, hashlib.sha256(BIG).hexdigest()])
    assert server.requests[0].path == "/team/project.git/info/lfs/objects/batch"
    assert mirror.lines.said[0] == "fetching 2 files of Git LFS (2.9 MiB)"
    assert "100 %" in mirror.lines.said[-1]
    assert fill_in(tmp_path, pointers, [mirror.store]) == ()

    count = len(server.requests)
    mirror.fetch(f"{server.site}/team/project.git")
    assert len(server.requests) == count
    left = (mirror.repository.path / "config").read_text()
    assert "lfs" not in left
    assert before


def test_only_what_is_missing_comes(mirror: Mirror, server: LfsServer) -> None:
    keep(mirror.store, BIG)
    mirror.fetch(f"{server.site}/project")
    assert server.given == [OID]


def test_what_was_cut_off_comes_again(mirror: Mirror, server: LfsServer) -> None:
    oid = keep(mirror.store, BIG)
    (mirror.store / oid[:2] / oid[2:4] / oid).write_bytes(BIG[:1000])
    mirror.fetch(f"{server.site}/project")
    assert mirror.has(BIG)


def test_credentials_of_the_uri(mirror: Mirror, server: LfsServer) -> None:
    server.manner.login = "alice:s3cret word"
    mirror.fetch(f"{server.site.replace('//', '//alice:s3cret%20word@')}/project")
    assert mirror.has(BIG)
    assert not any("s3cret" in line for line in mirror.lines.said)


@pytest.mark.parametrize("login", ["", "alice:wrong@"])
def test_no_credentials(login: str, mirror: Mirror, server: LfsServer) -> None:
    server.manner.login = "alice:s3cret"
    with pytest.raises(SourceRefusedError, match="user name and password") as caught:
        mirror.fetch(f"{server.site.replace('//', '//' + login)}/project")
    assert "wrong" not in str(caught.value) + str(caught.value.hint)


def test_credentials_from_a_helper(
    mirror: Mirror, server: LfsServer, git_environment: Path
) -> None:
    server.manner.login = "bob:helped"
    helper = "!f() { echo username=bob; echo password=helped; }; f"
    git_environment.write_text(f'[credential]\n\thelper = "{helper}"\n')
    mirror.fetch(f"{server.site}/project")
    assert mirror.has(BIG)


def test_a_server_without_the_contents(mirror: Mirror, server: LfsServer) -> None:
    (server.objects / OID).unlink()
    with pytest.raises(SourceRefusedError, match=r"does not have 'a\.bin', 'same\.bin'"):
        mirror.fetch(f"{server.site}/project")
    assert mirror.has(BIG), "what there is came"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, SourceRefusedError), (404, SourceRefusedError), (500, SourceUnavailableError)],
)
def test_a_server_that_answers_no(
    status: int, kind: type[SourceError], mirror: Mirror, server: LfsServer
) -> None:
    server.manner.status = status
    with pytest.raises(kind):
        mirror.fetch(f"{server.site}/project")


def test_no_server(mirror: Mirror, git_lfs: None) -> None:
    with pytest.raises(SourceUnavailableError, match=r"nothing answers at 127\.0\.0\.1:9"):
        mirror.fetch("http://127.0.0.1:9/project")


def test_wrong_contents_do_not_stay(mirror: Mirror, server: LfsServer) -> None:
    server.manner.corrupt = True
    with pytest.raises(SourceError):
        mirror.fetch(f"{server.site}/project")
    assert not mirror.has(CONTENT)
    server.manner.corrupt = False
    mirror.fetch(f"{server.site}/project")
    assert mirror.has(BIG)


def test_a_server_that_stalls(
    mirror: Mirror, server: LfsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "1")
    server.manner.hang = True
    with pytest.raises(SourceUnavailableError, match="1 s"):
        mirror.fetch(f"{server.site}/project")


def test_a_repository_on_this_machine(mirror: Mirror, tmp_path: Path, git_lfs: None) -> None:
    origin = make_repository(tmp_path / "origin.git")
    keep(origin.path / "lfs" / "objects", CONTENT)
    keep(origin.path / "lfs" / "objects", BIG)
    mirror.fetch(origin.path.as_uri())
    assert mirror.has(CONTENT)
    assert mirror.has(BIG)


def test_over_ssh(
    mirror: Mirror, server: LfsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By ssh the host says where the contents are, and with which header they are given."""
    server.manner.login = "alice:s3cret"
    header = base64.b64encode(b"alice:s3cret").decode()
    answer = {"href": f"{server.site}/by/ssh", "header": {"Authorization": f"Basic {header}"}}
    log = tmp_path / "ssh.log"
    program = tmp_path / "ssh"
    program.write_text(f"""#!/bin/sh
echo "$@" >> {log}
case "$*" in *git-lfs-authenticate*) echo '{json.dumps(answer)}' ;; *) exit 127 ;; esac
""")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    mirror.fetch("git@host.test:team/project.git")
    assert mirror.has(BIG)
    assert "git@host.test git-lfs-authenticate" in log.read_text()
    assert server.requests[0].path == "/by/ssh/objects/batch"


def test_a_server_of_its_own(mirror: Mirror, server: LfsServer) -> None:
    settings = f"[lfs]\n\turl = {server.site}/other/place\n"
    mirror.fetch("http://127.0.0.1:9/project", {**FILES, ".lfsconfig": settings})
    assert mirror.has(BIG)
    assert server.requests[0].path == "/other/place/objects/batch"


def test_another_server_gets_no_credentials(mirror: Mirror, server: LfsServer) -> None:
    server.manner.login = "alice:s3cret"
    settings = f"[lfs]\n\turl = {server.site}/x\n"
    with pytest.raises(SourceRefusedError):
        mirror.fetch("http://alice:s3cret@127.0.0.1:9/project", {**FILES, ".lfsconfig": settings})
    assert {request.authorization for request in server.requests} == {""}


def test_contents_elsewhere_get_no_credentials(
    mirror: Mirror, server: LfsServer, tmp_path: Path
) -> None:
    other = LfsServer(tmp_path / "contents")
    try:
        server.manner.login = "alice:s3cret"
        server.manner.contents_at = other.site
        mirror.fetch(f"{server.site.replace('//', '//alice:s3cret@')}/project")
        assert {request.authorization for request in other.requests} == {""}
        assert len(other.given) == 2
    finally:
        other.stop()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc",
        "/etc",
        "ext::sh -c touch% ran",
        "ssh://-oProxyCommand=touch/x",
        "../elsewhere",
        "git://127.0.0.1:9/x",
        "-x",
    ],
)
def test_servers_that_are_not_asked(url: str, mirror: Mirror, git_lfs: None) -> None:
    settings = f'[lfs]\n\turl = "{url}"\n'
    with pytest.raises(SourceError, match=r"\.lfsconfig names a server that is not asked"):
        mirror.fetch("http://127.0.0.1:9/project", {**FILES, ".lfsconfig": settings})


def test_settings_of_the_repository_start_nothing(
    mirror: Mirror, server: LfsServer, tmp_path: Path
) -> None:
    """Neither those of the commit, nor those of the branch that the mirror's HEAD names."""
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    settings = f"""
[lfs]
    standalonetransferagent = evil
    fetchexclude = none
[lfs "customtransfer.evil"]
    path = {program}
    args = x
[lfs "extension.evil"]
    smudge = {program}
    priority = 0
[core]
    sshCommand = {program}
    askPass = {program}
    fsmonitor = {program}
    hooksPath = {tmp_path}
[credential]
    helper = !{program}
[include]
    path = {tmp_path}/more
[url "ext::{program} "]
    insteadOf = http://
"""
    server.manner.login = "alice:s3cret"
    url = f"{server.site.replace('//', '//alice:s3cret@')}/project"
    mirror.fetch(url, {**FILES, ".lfsconfig": settings})
    assert mirror.has(BIG)
    assert not ran.exists()


def test_without_the_program(
    mirror: Mirror, tmp_path: Path, git_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh", "env"):
        (programs / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(programs))
    more: Files = {f"{n}.bin": pointer_to(b"%d" % n) for n in range(7)}
    with pytest.raises(SourceError, match="git-lfs is not installed") as caught:
        mirror.fetch("http://127.0.0.1:9/project", {".gitattributes": LFS_ATTRIBUTES, **more})
    assert "'4.bin' and 2 more are" in str(caught.value)
    assert "install git-lfs" in str(caught.value.hint)
    for number in range(7):
        keep(mirror.store, b"%d" % number)
    mirror.fetch("http://127.0.0.1:9/project", {".gitattributes": LFS_ATTRIBUTES, **more})


def test_a_real_server_that_wants_a_token(
    mirror: Mirror, git_lfs: None, tmp_path: Path, git_environment: Path
) -> None:
    giftless = Giftless(tmp_path / "giftless")
    try:
        login = giftless.site.replace("//", f"//{USER}:{giftless.token()}@")
        url = f"{login}/team/project.git"
        origin, commit = commit_and_push(tmp_path, f"{url}/info/lfs", {"models/m 1.pt": BIG})
        pointers = pointers_of(origin.path, commit)
        for uri, is_taken in ((f"{giftless.site}/team/project", False), (url, True)):
            with nullcontext() if is_taken else pytest.raises(SourceRefusedError):
                fetch_contents(
                    parse_git_url(uri),
                    mirror.repository.path,
                    commit,
                    pointers,
                    may_ask=False,
                    report=mirror.lines,
                )
            assert mirror.has(BIG) is is_taken
    finally:
        giftless.stop()


def commit_and_push(folder: Path, lfs_url: str, files: dict[str, bytes]) -> tuple[Repository, str]:
    """Have git-lfs itself commit files and push them, and return where, and the commit."""
    work = folder / "work"
    work.mkdir()
    origin = make_repository(folder / "origin.git")

    def git(*arguments: str) -> None:
        done = subprocess.run(
            ["git", *arguments], cwd=work, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    git("init", "-q", "-b", "main")
    git("lfs", "install", "--local")
    git("config", "lfs.url", lfs_url)
    git("config", "lfs.locksverify", "false")
    for path, content in files.items():
        git("lfs", "track", path)
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)
    git("add", "-A")
    git("commit", "-q", "-m", "files")
    git("push", "-q", origin.path.as_uri(), "main")
    commit = origin.find("refs/heads/main")
    assert commit is not None
    return origin, commit


def test_what_git_lfs_itself_committed_and_pushed(
    mirror: Mirror, server: LfsServer, tmp_path: Path
) -> None:
    content = os.urandom(70_000)
    lfs_url = f"{server.site}/project/info/lfs"
    origin, commit = commit_and_push(tmp_path, lfs_url, {"models/m 1.pt": content})
    pointers = pointers_of(origin.path, commit)
    assert [pointer.path for pointer in pointers] == ["models/m 1.pt"]
    fetch_contents(
        parse_git_url(f"{server.site}/project"),
        mirror.repository.path,
        commit,
        pointers,
        may_ask=False,
        report=mirror.lines,
    )
    assert mirror.has(content)


def test_settings_of_a_commit_that_another_repository_has(
    mirror: Mirror, server: LfsServer, tmp_path: Path
) -> None:
    """The user's own repository, whose contents come into the mirror of its origin."""
    files = {**FILES, ".lfsconfig": f"[lfs]\n\turl = {server.site}/x\n"}
    own = make_repository(tmp_path / "own.git", files)
    commit = own.find("refs/heads/main")
    assert commit is not None
    fetch_contents(
        parse_git_url("http://127.0.0.1:9/project"),
        mirror.repository.path,
        commit,
        pointers_of(own.path, commit),
        may_ask=False,
        report=mirror.lines,
        repository=own.path,
    )
    assert mirror.has(BIG)
