"""What a person told one git process is known to the next one, and to nobody else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from mlrun.sources.git.server import answers
from mlrun.sources.git.server.answers import hearing, with_answers
from mlrun.sources.git.server.credentials import secrets_of, talking_environ, talking_options
from mlrun.sources.git.url import GitUrl

URL = GitUrl("https://code.invalid/it", "https", "code.invalid")


@pytest.fixture(autouse=True)
def no_answers() -> Iterator[None]:
    answers._answers.clear()
    yield
    answers._answers.clear()


def approve(url: GitUrl, *, username: str = "alice", password: str = "a-secret") -> None:
    """Let git tell its helpers of a login that a server has taken."""
    with hearing(url, may_ask=True) as heard:
        login = f"protocol=https\nhost={url.host}\nusername={username}\npassword={password}\n\n"
        words = ["git", *heard.options, "credential", "approve"]
        subprocess.run(words, input=login.encode(), pass_fds=heard.pass_fds, check=True)


@pytest.mark.usefixtures("git_environment")
def test_a_login_that_was_taken_goes_to_the_next_process() -> None:
    approve(URL)
    known = with_answers(URL)
    assert (known.username, known.password) == ("alice", "a-secret")
    assert talking_environ(URL, may_ask=True)["MLRUN_GIT_PASSWORD"] == "a-secret"
    assert "a-secret" not in " ".join(talking_options(URL))
    assert "credential.https://code.invalid.helper=" in talking_options(URL)
    assert "a-secret" in secrets_of(URL)


@pytest.mark.usefixtures("git_environment")
def test_it_is_for_this_address_and_user_alone() -> None:
    approve(URL)
    other = GitUrl("https://code.invalid/other", "https", "code.invalid")
    bob = GitUrl(URL.address, "https", "code.invalid", "bob")
    own = GitUrl(URL.address, "https", "code.invalid", "bob", "own")
    for url in (other, bob, own):
        assert with_answers(url) is url


@pytest.mark.usefixtures("git_environment")
def test_a_login_of_odd_characters() -> None:
    approve(URL, username="ä b", password="p=ß'\"$(x)\\")
    assert with_answers(URL).username == "ä b"
    assert with_answers(URL).password == "p=ß'\"$(x)\\"


@pytest.mark.parametrize(
    ("url", "may_ask"),
    [
        (URL, False),
        (GitUrl("ssh://code.invalid/it", "ssh", "code.invalid"), True),
        (GitUrl(URL.address, "https", "code.invalid", "alice", "own"), True),
    ],
)
def test_where_nobody_is_asked_nothing_is_heard(url: GitUrl, may_ask: bool) -> None:
    with hearing(url, may_ask=may_ask) as heard:
        assert not heard.options
        assert not heard.pass_fds
    assert answers._answers == {}


def test_nothing_said_is_nothing_known() -> None:
    with hearing(URL, may_ask=True):
        pass
    assert with_answers(URL) is URL
