"""Talking to real Git servers: every transport, every kind of no, and servers that fall silent."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mlrun.errors import (
    SourceError,
    SourceRefusedError,
    SourceUnavailableError,
    VersionNotFoundError,
)
from mlrun.execution.leftovers import list_processes
from mlrun.sources.git.server.failures import ShallowRefusedError
from mlrun.sources.git.server.talking import fetch, list_refs
from mlrun.sources.git.url import GitUrl, parse_git_url
from tests.components import missing
from tests.git_http import Manner, Request
from tests.git_servers import PASSWORD, USER, GitServers
from tests.repositories import Repository, make_long_history, make_project, make_repository

PATH = "team/project.git"
TRANSPORTS = ("http", "https", "git", "ssh", "scp", "file", "path")
LOGIN = f"{USER}:{PASSWORD}"


class Lines(list[str]):
    """Takes what is reported."""

    def __call__(self, line: str, *, passing: bool = False) -> None:
        assert passing
        self.append(line)


@pytest.fixture
def project(git_servers: GitServers) -> Repository:
    return make_project(git_servers.root / PATH)


@pytest.fixture
def mirror(tmp_path: Path, git_servers: GitServers) -> Path:
    return make_repository(tmp_path / "mirror.git").path


def look(url: str | GitUrl, *, everything: bool = True, may_ask: bool = False) -> dict[str, str]:
    url = parse_git_url(url) if isinstance(url, str) else url
    return dict(list_refs(url, may_ask=may_ask, everything=everything).commits)


def bring(url: str, mirror: Path, *refspecs: str, depth: int | None = 1) -> list[str]:
    lines = Lines()
    fetch(parse_git_url(url), mirror, refspecs, may_ask=False, report=lines, depth=depth)
    return lines


def has(mirror: Path, commit: str) -> bool:
    words = ["git", "cat-file", "-e", f"{commit}^{{tree}}"]
    return subprocess.run(words, cwd=mirror, capture_output=True, check=False).returncode == 0


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_each_transport_gives_refs_and_a_commit(
    transport: str, git_servers: GitServers, project: Repository, mirror: Path
) -> None:
    first = project.find("refs/heads/main") or ""
    second = project.commit({"text.txt": "two"})
    url = git_servers.url(transport, PATH)
    refs = list_refs(parse_git_url(url), may_ask=False, everything=True)
    assert refs.head == "main"
    assert refs.commits == {"HEAD": second, "refs/heads/main": second}
    bring(url, mirror, f"{second}:refs/mlrun/it")
    assert has(mirror, second)
    assert not has(mirror, first)
    assert not (mirror / "FETCH_HEAD").exists()


def test_tags_come_only_where_they_are_asked_for(
    git_servers: GitServers, project: Repository, mirror: Path
) -> None:
    project.tag("v1", project.find("refs/heads/main") or "")
    bring(git_servers.url("http", PATH), mirror, "refs/heads/main:refs/mlrun/it")
    assert Repository(mirror).find("refs/tags") is None


def test_branches_and_tags_alone_are_asked_for_where_that_is_enough(
    git_servers: GitServers, project: Repository
) -> None:
    commit = project.find("refs/heads/main") or ""
    project.ref("refs/pull/7/head", commit)
    project.tag("v1", commit, annotated=True)
    url = git_servers.url("http", PATH)
    assert set(look(url, everything=False)) == {"refs/heads/main", "refs/tags/v1"}
    assert "refs/pull/7/head" in look(url)
    refs = list_refs(parse_git_url(url), may_ask=False, everything=False)
    assert refs.commits["refs/tags/v1"] == commit
    assert refs.tag_objects == {"refs/tags/v1": project.find("refs/tags/v1")}


def test_an_empty_repository_has_no_refs(git_servers: GitServers) -> None:
    make_repository(git_servers.root / PATH)
    assert look(git_servers.url("http", PATH)) == {}


def test_a_sha256_repository(git_servers: GitServers, tmp_path: Path) -> None:
    there = make_repository(git_servers.root / PATH, {"a": "1"}, form="sha256")
    here = make_repository(tmp_path / "mirror.git", form="sha256")
    commit = look(git_servers.url("http", PATH))["HEAD"]
    assert commit == there.find("refs/heads/main")
    assert len(commit) == 64
    bring(git_servers.url("http", PATH), here.path, f"{commit}:refs/mlrun/it")
    assert has(here.path, commit)


class TestCredentials:
    def test_those_of_the_uri_are_given_to_this_host(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        url = git_servers.url("https", PATH, area="priv", login=LOGIN)
        commit = look(url)["HEAD"]
        bring(url, mirror, f"{commit}:refs/mlrun/it")
        assert has(mirror, commit)
        assert PASSWORD.encode() not in everything_in(mirror)

    def test_characters_that_mean_something_to_a_shell_arrive_as_they_are(
        self, git_servers: GitServers, project: Repository
    ) -> None:
        url = parse_git_url(git_servers.url("http", PATH, area="priv"))
        odd = "p'w\"$(touch x)`id`%s\\n é"
        with pytest.raises(SourceRefusedError) as refused:
            look(GitUrl(url.address, url.transport, url.host, "bob", odd))
        assert odd not in str(refused.value)
        sent = {r.authorization for r in git_servers.http.requests} - {""}
        assert sent == {"Basic " + base64.b64encode(f"bob:{odd}".encode()).decode()}

    def test_they_stand_in_no_process_list(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        url = git_servers.url("http", PATH, area="priv", login=f"{USER}:{PASSWORD}")
        seen: list[bytes] = []

        def note_processes(request: Request) -> Manner:
            seen.extend(command_lines_of_children())
            return Manner()

        git_servers.http.choose = note_processes
        bring(url, mirror, "refs/heads/main:refs/mlrun/it")
        look(url)
        assert any(b"git\0" in line and b"ls-remote" in line for line in seen)
        assert any(b"git\0" in line and b"fetch" in line for line in seen)
        assert not any(PASSWORD.encode() in line for line in seen)

    def test_no_helper_of_the_users_gets_to_store_them(
        self, git_servers: GitServers, project: Repository, git_environment: Path, tmp_path: Path
    ) -> None:
        log = tmp_path / "asked"
        git_environment.write_text(f'[credential]\n\thelper = "!f() {{ echo $1 >>{log}; }}; f"\n')
        look(git_servers.url("http", PATH, area="priv", login=LOGIN))
        assert not log.exists()

    def test_a_helper_of_the_users_gives_what_the_uri_does_not(
        self, git_servers: GitServers, project: Repository, git_environment: Path, tmp_path: Path
    ) -> None:
        answer = f"cat >{tmp_path}/asked; echo username={USER}; echo password={PASSWORD}"
        git_environment.write_text(f'[credential]\n\thelper = "!f() {{ {answer}; }}; f"\n')
        assert look(git_servers.url("http", PATH, area="priv"))

    def test_a_user_name_alone_is_told_to_the_helper(
        self,
        git_servers: GitServers,
        project: Repository,
        git_environment: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        answer = f"cat >>{tmp_path}/asked; echo password={PASSWORD}"
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "credential.helper")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"!f() {{ {answer}; }}; f")
        assert look(git_servers.url("http", PATH, area="priv", login=USER))
        assert f"username={USER}" in (tmp_path / "asked").read_text()

    def test_a_program_that_the_user_set_for_it_is_asked(
        self,
        git_servers: GitServers,
        project: Repository,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        program = tmp_path / "askpass"
        program.write_text(f'#!/bin/sh\ncase "$1" in U*) echo {USER};; *) echo {PASSWORD};; esac\n')
        program.chmod(0o755)
        monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
        monkeypatch.setenv("GIT_ASKPASS", str(program))
        assert look(git_servers.url("http", PATH, area="priv"))

    def test_none_at_all_is_said(self, git_servers: GitServers, project: Repository) -> None:
        url = git_servers.url("http", PATH, area="priv")
        with pytest.raises(SourceRefusedError, match="no user name and password") as refused:
            look(url)
        assert "credential helper" in (refused.value.hint or "")

    def test_a_user_name_without_a_password_is_said(
        self, git_servers: GitServers, project: Repository
    ) -> None:
        with pytest.raises(SourceRefusedError, match="no password") as refused:
            look(git_servers.url("http", PATH, area="priv", login="a-very-long-token"))
        assert "a-very-long-token" not in str(refused.value)

    def test_wrong_ones_are_said_and_not_shown(
        self, git_servers: GitServers, project: Repository
    ) -> None:
        with pytest.raises(SourceRefusedError, match="does not accept") as refused:
            look(git_servers.url("http", PATH, area="priv", login=f"{USER}:not-this-one"))
        assert "not-this-one" not in f"{refused.value} {refused.value.hint}"

    def test_another_host_that_is_redirected_to_does_not_get_them(
        self, git_servers: GitServers, project: Repository
    ) -> None:
        there = git_servers.url("https", PATH, area="priv")
        git_servers.http.choose = lambda request: Manner(
            location=f"{there}/{request.what}?{request.query}"
        )
        with pytest.raises(SourceRefusedError):
            look(git_servers.url("http", PATH, login=LOGIN))
        assert git_servers.https.requests
        assert {r.authorization for r in git_servers.https.requests} == {""}


class TestRefusals:
    def test_an_unknown_certificate(
        self, git_servers: GitServers, project: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = git_servers.url("https", PATH)
        monkeypatch.delenv("GIT_SSL_CAINFO")
        with pytest.raises(SourceRefusedError, match=r"certificate of https://.* is not trusted"):
            look(url)

    def test_a_certificate_file_that_is_not_there(
        self, git_servers: GitServers, project: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = git_servers.url("https", PATH)
        monkeypatch.setenv("GIT_SSL_CAINFO", "/nonexistent/ca.pem")
        with pytest.raises(SourceError, match="certificate"):
            look(url)

    def test_a_redirect_from_https_down_to_http(
        self, git_servers: GitServers, project: Repository
    ) -> None:
        there = git_servers.url("http", PATH)
        git_servers.https.choose = lambda request: Manner(
            location=f"{there}/{request.what}?{request.query}"
        )
        with pytest.raises(SourceRefusedError, match="redirects to http"):
            look(git_servers.url("https", PATH))
        assert not git_servers.http.requests

    def test_a_redirect_up_to_https_is_followed(
        self, git_servers: GitServers, project: Repository
    ) -> None:
        there = git_servers.url("https", PATH)
        git_servers.http.choose = lambda request: Manner(
            location=f"{there}/{request.what}?{request.query}"
        )
        assert look(git_servers.url("http", PATH))

    def test_a_redirect_to_another_page(self, git_servers: GitServers, project: Repository) -> None:
        git_servers.http.choose = lambda request: Manner(location="/login")
        with pytest.raises(SourceRefusedError, match="redirects"):
            look(git_servers.url("http", PATH))

    @pytest.mark.parametrize(
        ("status", "error", "text"),
        [
            (403, SourceRefusedError, "does not let you read"),
            (404, SourceRefusedError, "there is no repository"),
            (418, SourceRefusedError, "error 418"),
            (429, SourceUnavailableError, "error 429"),
            (503, SourceUnavailableError, "error 503"),
        ],
    )
    def test_a_status(
        self,
        git_servers: GitServers,
        project: Repository,
        status: int,
        error: type[SourceError],
        text: str,
    ) -> None:
        git_servers.http.choose = lambda request: Manner(status=status)
        with pytest.raises(error, match=text):
            look(git_servers.url("http", PATH, login=LOGIN))

    @pytest.mark.parametrize("transport", TRANSPORTS)
    def test_no_such_repository(self, transport: str, git_servers: GitServers) -> None:
        with pytest.raises(SourceRefusedError, match="there is no repository"):
            look(git_servers.url(transport, "nobody/nothing.git"))

    def test_a_page_is_no_repository(self, git_servers: GitServers) -> None:
        info = git_servers.root / PATH / "info"
        info.mkdir(parents=True)
        (info / "refs").write_text("<!DOCTYPE html>\n<html><body>A project</body></html>\n")
        with pytest.raises(SourceRefusedError, match="is no Git repository"):
            look(git_servers.url("http", PATH, area="dumb"))

    def test_a_key_that_the_server_does_not_know(
        self,
        git_servers: GitServers,
        project: Repository,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        url = git_servers.url("ssh", PATH)
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")]
        subprocess.run(words, check=True, capture_output=True)
        own = os.environ["GIT_SSH_COMMAND"].replace("ssh ", f"ssh -i {tmp_path}/other ", 1)
        config = tmp_path / "servers" / "ssh" / "config"
        config.write_text(config.read_text().replace("ssh/client", "ssh/nothing"))
        monkeypatch.setenv("GIT_SSH_COMMAND", own)
        with pytest.raises(SourceRefusedError, match=r"@127\.0\.0\.1 does not let you in"):
            look(url)

    @pytest.mark.parametrize(("line", "text"), [("", "not known"), ("other", "has changed")])
    def test_a_host_key(
        self, git_servers: GitServers, project: Repository, tmp_path: Path, line: str, text: str
    ) -> None:
        url = git_servers.url("ssh", PATH)
        known = tmp_path / "servers" / "ssh" / "known_hosts"
        host, kind, _ = known.read_text().split()
        if line:
            other = (known.parent / "client.pub").read_text().split()[1]
            known.write_text(f"{host} {kind} {other}\n")
        else:
            known.write_text("")
        with pytest.raises(SourceRefusedError, match=f"host key of .* {text}"):
            look(url)

    def test_nobody_listens(self, git_environment: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            for scheme in ("http", "https", "git", "ssh"):
                with pytest.raises(SourceUnavailableError, match=f"127.0.0.1:{port}"):
                    look(f"{scheme}://127.0.0.1:{port}/team/project.git")

    def test_no_such_host(self, git_environment: Path) -> None:
        for scheme in ("http", "https", "git", "ssh"):
            with pytest.raises(SourceUnavailableError, match=r"no host nowhere\.invalid"):
                look(f"{scheme}://nowhere.invalid/team/project.git")

    def test_a_branch_that_has_gone_meanwhile(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        with pytest.raises(VersionNotFoundError, match="refs/heads/gone"):
            bring(git_servers.url("http", PATH), mirror, "refs/heads/gone:refs/mlrun/it")


class TestPartsOfAHistory:
    def test_a_commit_that_the_server_does_not_have(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        for area in ("pub", "old"):
            with pytest.raises(ShallowRefusedError):
                bring(git_servers.url("http", PATH, area=area), mirror, f"{'1' * 40}:refs/mlrun/it")

    def test_an_old_server_gives_only_what_it_names(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        first = project.find("refs/heads/main") or ""
        project.commit({"text.txt": "two"})
        url = git_servers.url("http", PATH, area="old")
        with pytest.raises(ShallowRefusedError):
            bring(url, mirror, f"{first}:refs/mlrun/it")
        bring(url, mirror, "+refs/heads/*:refs/heads/*", depth=None)
        assert has(mirror, first)

    def test_a_plain_web_server_gives_all_or_nothing(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        project.git("update-server-info")
        url = git_servers.url("http", PATH, area="dumb")
        commit = look(url)["refs/heads/main"]
        with pytest.raises(ShallowRefusedError):
            bring(url, mirror, f"{commit}:refs/mlrun/it")
        bring(url, mirror, "+refs/heads/*:refs/heads/*", depth=None)
        assert has(mirror, commit)

    def test_what_is_shallow_can_be_made_whole(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        first = project.find("refs/heads/main") or ""
        second = project.commit({"text.txt": "two"})
        url = parse_git_url(git_servers.url("http", PATH))
        bring(url.address, mirror, f"{second}:refs/mlrun/it")
        for _ in range(2):  # the second time it is whole already
            refspecs = ["+refs/heads/*:refs/heads/*"]
            fetch(url, mirror, refspecs, may_ask=False, report=Lines(), unshallow=True)
            assert has(mirror, first)

    @pytest.mark.parametrize("area", ["pub", "old"])
    def test_a_repository_that_is_shallow_itself(
        self, git_servers: GitServers, project: Repository, mirror: Path, area: str
    ) -> None:
        second = project.commit({"text.txt": "two"})
        shallow = git_servers.root / "shallow.git"
        source = ["--depth=1", project.path.as_uri(), str(shallow)]
        subprocess.run(["git", "clone", "--quiet", "--bare", *source], check=True)
        bring(
            git_servers.url("http", "shallow.git", area=area), mirror, "+refs/*:refs/*", depth=None
        )
        assert has(mirror, second)

    @pytest.mark.parametrize("is_able", [True, False])
    def test_commits_alone_where_the_server_can(
        self, git_servers: GitServers, project: Repository, mirror: Path, is_able: bool
    ) -> None:
        project.configure("uploadpack.allowFilter", str(is_able).lower())
        commit = project.commit({"text.txt": "two"})
        url = parse_git_url(git_servers.url("http", PATH, login=LOGIN))
        refspecs = ["+refs/heads/*:refs/heads/*"]
        fetch(url, mirror, refspecs, may_ask=False, report=Lines(), blobs=False)
        there = Repository(mirror).git("cat-file", "--batch-all-objects", "--batch-check")
        assert f"{commit} commit" in there
        assert ("blob" not in there) == is_able
        assert PASSWORD.encode() not in everything_in(mirror)


class TestTheUsersSettings:
    def test_a_repository_that_the_user_stands_in_has_no_say(
        self,
        git_servers: GitServers,
        project: Repository,
        mirror: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        trap = tmp_path / "trap"
        subprocess.run(["git", "init", "--quiet", str(trap)], check=True)
        ran = tmp_path / "ran"
        (trap / ".git" / "config").write_text(
            f'[core]\n\tfsmonitor = "touch {ran}"\n\tsshCommand = "touch {ran}"\n'
            f'[credential]\n\thelper = "!touch {ran}"\n\tusername = trap\n'
            f'[url "{tmp_path}/elsewhere/"]\n\tinsteadOf = {git_servers.url("http", "")}\n'
        )
        monkeypatch.chdir(trap)
        monkeypatch.setenv("GIT_DIR", str(trap / ".git"))
        before = everything_in(trap)
        bring(git_servers.url("http", PATH), mirror, "refs/heads/main:refs/mlrun/it")
        with pytest.raises(SourceRefusedError):
            look(git_servers.url("http", PATH, area="priv"))
        assert not ran.exists()
        assert everything_in(trap) == before

    def test_rewriting_of_addresses_is_followed(
        self, git_servers: GitServers, project: Repository, git_environment: Path, mirror: Path
    ) -> None:
        there = git_servers.url("ssh", "")
        git_environment.write_text(f'[url "{there}/"]\n\tinsteadOf = https://code.invalid/\n')
        url = f"https://code.invalid/{PATH}"
        commit = look(url)["HEAD"]
        bring(url, mirror, f"{commit}:refs/mlrun/it")
        assert has(mirror, commit)

    @pytest.mark.parametrize("program", ["ext::touch {}", "fd::3"])
    def test_no_rewriting_leads_to_a_program(
        self, git_environment: Path, tmp_path: Path, program: str
    ) -> None:
        ran = tmp_path / "ran"
        to = program.format(ran)
        git_environment.write_text(f'[url "{to} "]\n\tinsteadOf = https://code.invalid/\n')
        with pytest.raises(SourceRefusedError, match="may not use the transport"):
            look("https://code.invalid/team/project.git")
        assert not ran.exists()

    def test_hooks_and_logs_are_not_for_a_mirror(
        self,
        git_servers: GitServers,
        project: Repository,
        git_environment: Path,
        mirror: Path,
        tmp_path: Path,
    ) -> None:
        hooks = tmp_path / "hooks"
        hooks.mkdir()
        ran = tmp_path / "ran"
        (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / "reference-transaction").chmod(0o755)
        git_environment.write_text(f"[core]\n\thooksPath = {hooks}\n\tlogAllRefUpdates = always\n")
        bring(git_servers.url("http", PATH), mirror, "+refs/heads/*:refs/heads/*")
        assert not ran.exists()
        assert not (mirror / "logs").exists()


def test_a_branch_may_make_room_for_a_folder_of_its_name(
    git_servers: GitServers, project: Repository, git_environment: Path, mirror: Path
) -> None:
    git_environment.write_text("[fetch]\n\tprune = true\n\tpruneTags = true\n")
    commit = project.find("refs/heads/main") or ""
    project.ref("refs/heads/topic", commit)
    url = git_servers.url("http", PATH)
    bring(url, mirror, f"{commit}:refs/mlrun/kept")
    bring(url, mirror, "+refs/heads/*:refs/heads/*")
    project.git("update-ref", "-d", "refs/heads/topic")
    project.ref("refs/heads/topic/one", commit)
    bring(url, mirror, "+refs/heads/*:refs/heads/*")
    assert Repository(mirror).find("refs/heads/topic/one") == commit
    assert Repository(mirror).find("refs/mlrun/kept") == commit


@contextmanager
def silent_server() -> Iterator[int]:
    """A server that takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def command_lines_of_children() -> list[bytes]:
    """The command lines of all that descends from this process."""
    everyone, ours = list_processes(), {os.getpid()}
    while more := {p.pid for p in everyone if p.parent in ours} - ours:
        ours |= more
    lines = []
    for pid in ours - {os.getpid()}:
        with suppress(OSError):
            lines.append(Path(f"/proc/{pid}/cmdline").read_bytes())
    return lines


def processes_with(text: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if text in line and file.parent.name != str(os.getpid()):
            found.append(line)
    return found


class TestSilence:
    @pytest.fixture(autouse=True)
    def little_patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "1")

    @pytest.mark.parametrize("scheme", ["http", "https", "git", "ssh"])
    def test_a_server_that_says_nothing(self, scheme: str, git_environment: Path) -> None:
        with silent_server() as port:
            with pytest.raises(SourceUnavailableError, match="has not answered for 1 s"):
                look(f"{scheme}://127.0.0.1:{port}/team/project.git")
            assert not processes_with(f"127.0.0.1:{port}/team")

    def test_a_transfer_that_stands_still(self, git_servers: GitServers, mirror: Path) -> None:
        make_long_history(git_servers.root / PATH, megabytes=3, commits=3)
        url = git_servers.url("http", PATH)
        git_servers.http.choose = lambda request: Manner(
            stall_after=2_000_000 if request.what == "git-upload-pack" else None
        )
        with pytest.raises(
            SourceUnavailableError, match=r"stands still for 1 s, at .*%"
        ) as stalled:
            bring(url, mirror, "+refs/heads/*:refs/heads/*", depth=None)
        assert "MLRUN_FETCH_TIMEOUT" in (stalled.value.hint or "")
        assert not processes_with(url)
        assert not [*mirror.glob("objects/pack/*")]
        git_servers.http.choose = lambda request: Manner()
        lines = bring(url, mirror, "+refs/heads/*:refs/heads/*", depth=None)
        name = url.removeprefix("http://").removesuffix(".git")
        assert any(line.startswith(f"fetching {name}: ") and " % " not in line for line in lines)
        assert any("MiB" in line for line in lines)

    def test_a_slow_server_is_not_a_silent_one(
        self, git_servers: GitServers, project: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "3")
        git_servers.http.choose = lambda request: Manner(wait=0.5)
        assert look(git_servers.url("http", PATH))

    def test_a_helper_that_waits_for_ever(
        self, git_servers: GitServers, project: Repository, git_environment: Path
    ) -> None:
        git_environment.write_text('[credential]\n\thelper = "!sleep 12345.5; true"\n')
        with pytest.raises(SourceUnavailableError):
            look(git_servers.url("http", PATH, area="priv"))
        assert not processes_with("12345.5")


MOUNT = 'mount -t tmpfs -o size=1m none "$1" && shift'
FILLING = """
import subprocess, sys
from pathlib import Path
from mlrun.errors import SourceError
from mlrun.sources.git.server.talking import fetch
from mlrun.sources.git.url import parse_git_url
mirror = Path(sys.argv[2])
subprocess.run(["git", "init", "--quiet", "--bare", mirror], check=True)
report = lambda line, *, passing=False: None
try:
    fetch(parse_git_url(sys.argv[1]), mirror, ["+refs/*:refs/*"], may_ask=False, report=report)
except SourceError as error:
    print(error)
print("left:", list(mirror.glob("objects/pack/*")))
"""


class TestBreaks:
    def test_a_connection_that_breaks_leaves_a_mirror_that_works(
        self, git_servers: GitServers, mirror: Path
    ) -> None:
        make_long_history(git_servers.root / PATH, megabytes=3, commits=3)
        url = git_servers.url("http", PATH)
        git_servers.http.choose = lambda request: Manner(
            cut_after=2_000_000 if request.what == "git-upload-pack" else None
        )
        with pytest.raises(SourceUnavailableError, match="broke the connection off"):
            bring(url, mirror, "+refs/heads/*:refs/heads/*", depth=None)
        assert not [*mirror.glob("objects/pack/*")]
        git_servers.http.choose = lambda request: Manner()
        bring(url, mirror, "+refs/heads/*:refs/heads/*", depth=None)
        Repository(mirror).git("fsck", "--connectivity-only")

    def test_what_a_killed_git_left_does_not_stand_in_the_way(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        commit = project.find("refs/heads/main") or ""
        left = ["shallow.lock", "objects/pack/tmp_pack_abc", "refs/mlrun/it.lock"]
        for name in left:
            (mirror / name).parent.mkdir(parents=True, exist_ok=True)
            (mirror / name).write_text("")
        bring(git_servers.url("http", PATH), mirror, f"{commit}:refs/mlrun/it")
        assert has(mirror, commit)
        assert not any((mirror / name).exists() for name in left)

    def test_ctrl_c_ends_git(
        self, git_servers: GitServers, project: Repository, mirror: Path
    ) -> None:
        url = git_servers.url("http", PATH)
        came = threading.Event()

        def interrupt(request: Request) -> Manner:
            came.set()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            return Manner(wait=600)

        git_servers.http.choose = interrupt
        with pytest.raises(KeyboardInterrupt):
            bring(url, mirror, "refs/heads/main:refs/mlrun/it")
        assert came.is_set()
        assert not processes_with(url)

    def test_a_full_disk(self, git_servers: GitServers, tmp_path: Path) -> None:
        make_long_history(git_servers.root / PATH, megabytes=3, commits=3)
        small = tmp_path / "small"
        small.mkdir()
        # A file system of its own, in a mount namespace that ends with the process.
        mounted = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        if subprocess.run([*mounted, MOUNT, "-", small], capture_output=True).returncode != 0:
            missing("unshare", "a small file system cannot be mounted here")
        words = [sys.executable, "-c", FILLING, git_servers.url("http", PATH), str(small / "m.git")]
        done = subprocess.run(
            [*mounted, MOUNT + ' && exec "$@"', "-", str(small), *words],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "the disk is full while http://127.0.0.1" in done.stdout
        assert "left: []" in done.stdout

    def test_no_git_at_all(
        self, tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SourceError, match="there is no git"):
            look("https://code.invalid/team/project.git")


ASKING = """
import os, sys
from mlrun.execution.leftovers import list_processes
from mlrun.sources.git.server.talking import list_refs
from mlrun.sources.git.url import parse_git_url
os.open(sys.argv[2], os.O_RDWR)  # the first terminal of a session is its controlling one
refs = list_refs(parse_git_url(sys.argv[1]), may_ask=True, everything=True)
os.write(1, b"the head is %s" % refs.head.encode())
"""


def read_until(terminal: int, text: bytes) -> None:
    seen = b""
    while text not in seen:
        seen += os.read(terminal, 1024)


def test_a_person_may_take_longer_than_a_server(
    git_servers: GitServers, project: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "0.5")
    terminal, theirs = os.openpty()
    url = git_servers.url("http", PATH, area="priv")
    words = [sys.executable, "-c", ASKING, url, os.ttyname(theirs)]
    with subprocess.Popen(words, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        try:
            read_until(terminal, b"Username for")
            time.sleep(2)
            os.write(terminal, f"{USER}\n".encode())
            read_until(terminal, b"Password for")
            time.sleep(2)
            os.write(terminal, f"{PASSWORD}\n".encode())
            read_until(terminal, b"the head is main")
        finally:
            os.close(terminal)
            process.kill()
