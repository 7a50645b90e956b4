"""Passwords of a repository: they open it, and are seen nowhere."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.functional.commands import Place, recorded
from tests.functional.fetched import begin, files_that_hold, problem_of, processes, run
from tests.git_http import Manner, Request
from tests.git_servers import PASSWORD, USER, GitServers
from tests.repositories import make_project

PATH = "team/project.git"
LOGIN = f"{USER}:{PASSWORD}"
TRANSPORTS = ["http", "https"]


@pytest.fixture(params=TRANSPORTS)
def private(request: pytest.FixtureRequest, git_servers: GitServers) -> str:
    """The address, with its password, of a repository that wants one."""
    make_project(git_servers.root / PATH)
    return git_servers.url(request.param, PATH, area="priv", login=LOGIN)


def mentions(tmp_path: Path) -> list[Path]:
    """Return the files of mlrun's and the user's that hold the password."""
    return files_that_hold(PASSWORD, *(tmp_path / name for name in ("place", "state", "cache")))


def test_a_password_in_the_address_opens_it_and_is_kept_nowhere(
    place: Place, private: str, tmp_path: Path
) -> None:
    for words in ((), ("-v", "main"), ("--verbose",), ("--output", "json-lines")):
        answer = run(place, private, *words, "--result-file", "result.json")
        assert answer.returncode == 0, answer.stderr
        assert PASSWORD not in answer.stdout + answer.stderr
    for recorded_run in place.runs():
        for kind in ("tags", "params"):
            assert PASSWORD not in str(recorded(recorded_run, kind))
    assert mentions(tmp_path) == []
    plain = private.replace(f"{LOGIN}@", "")
    assert recorded(place.runs()[0], "tags")["mlflow.source.name"] == plain


def test_a_kept_checkout_knows_no_password(place: Place, private: str, tmp_path: Path) -> None:
    assert run(place, private, "--keep-workdir").returncode == 0
    assert list((tmp_path / "cache" / "work").glob("*/project/.git"))
    assert mentions(tmp_path) == []


def test_a_plan_knows_no_password(place: Place, private: str) -> None:
    answer = run(place, private, "--dry-run")
    assert json.loads(answer.stdout)["work"]["source"]["commit"]
    assert PASSWORD not in answer.stdout + answer.stderr


def test_a_description_knows_no_password(place: Place, private: str) -> None:
    for words in ((), ("--output", "json")):
        answer = place.mlrun("describe", private, *words)
        assert answer.returncode == 0, answer.stderr
        assert PASSWORD not in answer.stdout + answer.stderr


@pytest.mark.parametrize("version", ["main", "nothing-like-it"])
def test_errors_know_no_password(
    place: Place, git_servers: GitServers, private: str, tmp_path: Path, version: str
) -> None:
    server = git_servers.https if private.startswith("https") else git_servers.http
    if version == "main":
        server.choose = lambda request: Manner(status=500)
    answer = run(place, private, "-v", version, "--output", "json", "--verbose")
    assert answer.returncode == 125
    assert PASSWORD not in answer.stdout + answer.stderr
    assert mentions(tmp_path) == []


@pytest.mark.parametrize("asked", ["info/refs", "git-upload-pack"])
def test_no_process_list_shows_the_password(
    place: Place, git_servers: GitServers, asked: str
) -> None:
    make_project(git_servers.root / PATH)
    uri = git_servers.url("http", PATH, area="priv", login=LOGIN)
    git_servers.http.choose = lambda request: Manner(
        wait=2 if request.what == asked and request.authorization else 0
    )
    with begin(place, uri) as mlrun:
        own: set[str] = set()
        children: dict[int, str] = {}
        while mlrun.poll() is None:
            # Children have higher numbers than parents, but for the system's rare return to 1.
            for process in sorted(processes(), key=lambda process: process.pid):
                if process.pid == mlrun.pid:
                    own.add(process.words)
                elif process.parent == mlrun.pid or process.parent in children:
                    children[process.pid] = process.words
            time.sleep(0.02)
        assert mlrun.returncode == 0, mlrun.stderr and mlrun.stderr.read()
    # Its own command line is what the user typed; a child has the same until it is another program.
    words = set(children.values()) - own
    assert any("git" in text and "127.0.0.1" in text for text in words)
    assert [text for text in words if PASSWORD in text] == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_missing_password_is_named_and_nothing_hangs(
    place: Place, git_servers: GitServers, transport: str
) -> None:
    make_project(git_servers.root / PATH)
    uri = git_servers.url(transport, PATH, area="priv")
    answer = run(place, uri, "--output", "json")
    document = json.loads(answer.stdout)
    assert (answer.returncode, document["error"]["code"]) == (125, "source_refused")
    assert "127.0.0.1" in problem_of(document)
    assert "credential" in problem_of(document)


def test_a_wrong_password_is_refused(place: Place, git_servers: GitServers) -> None:
    make_project(git_servers.root / PATH)
    uri = git_servers.url("http", PATH, area="priv", login=f"{USER}:wr0ngpass")
    answer = run(place, uri, "--output", "json")
    assert json.loads(answer.stdout)["error"]["code"] == "source_refused"
    assert "wr0ngpass" not in answer.stdout + answer.stderr


def test_the_users_own_credential_helper_is_asked(
    place: Place, git_servers: GitServers, git_environment: Path, tmp_path: Path
) -> None:
    make_project(git_servers.root / PATH)
    uri = git_servers.url("http", PATH, area="priv")
    stored = tmp_path / "home" / ".git-credentials"
    stored.write_text(uri.replace("://", f"://{LOGIN}@") + "\n")
    git_environment.write_text("[credential]\n\thelper = store\n")
    answer = run(place, uri)
    assert answer.stdout == "said hello\none\n", answer.stderr
    assert stored.read_text().count("\n") == 1


def test_a_password_is_not_carried_to_another_host(place: Place, git_servers: GitServers) -> None:
    """What the first server is told must not reach the one that it redirects to."""
    make_project(git_servers.root / PATH)
    other = git_servers.url("http", PATH).replace("127.0.0.1", "localhost")

    def choose(request: Request) -> Manner:
        return Manner(location=f"{other}/{request.what}?{request.query}")

    git_servers.https.choose = choose
    run(place, git_servers.url("https", PATH, login=LOGIN))
    assert [request for request in git_servers.http.requests if request.authorization] == []
    assert git_servers.http.packs == []  # from https never down to http


def test_a_key_that_the_ssh_server_does_not_know_is_refused(
    place: Place, git_servers: GitServers, tmp_path: Path
) -> None:
    make_project(git_servers.root / PATH)
    uri = git_servers.url("ssh", PATH)
    words = f"ssh -F {tmp_path / 'servers/ssh/config'} -o IdentityFile={tmp_path / 'no-key'}"
    (tmp_path / "servers/ssh/client").rename(tmp_path / "moved")
    answer = run(place, uri, "--output", "json", env={"GIT_SSH_COMMAND": words})
    document = json.loads(answer.stdout)
    assert (answer.returncode, document["error"]["code"]) == (125, "source_refused")
