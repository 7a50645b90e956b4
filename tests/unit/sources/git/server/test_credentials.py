"""What a talking git is given: the user's settings whole, nobody else's, and no secret in words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import SourceError
from mlrun.sources.git.server.credentials import secrets_of, talking_environ, talking_options
from mlrun.sources.git.url import GitUrl

HTTPS = GitUrl("https://code.invalid/a/b.git", "https", "code.invalid")
HTTP = GitUrl("http://code.invalid:8080/a/b.git", "http", "code.invalid:8080")
SSH = GitUrl("git@code.invalid:a/b.git", "ssh", "code.invalid")


def with_login(url: GitUrl, username: str | None, password: str | None) -> GitUrl:
    return GitUrl(url.address, url.transport, url.host, username, password)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_CONFIG_GLOBAL", "/some/file"),
        ("GIT_CONFIG_COUNT", "3"),
        ("GIT_CONFIG_KEY_0", "a.b"),
        ("GIT_CONFIG_PARAMETERS", "'a.b=c'"),
        ("GIT_SSH_COMMAND", "ssh -v"),
        ("GIT_SSH_VARIANT", "ssh"),
        ("GIT_SSL_CAINFO", "/some/ca.pem"),
        ("GIT_PROXY_COMMAND", "a-proxy"),
        ("GIT_HTTP_USER_AGENT", "somebody"),
        ("GIT_ASKPASS", "/some/program"),
        ("GIT_EXEC_PATH", "/some/folder"),
        ("GIT_TRACE_CURL", "/some/file"),
        ("https_proxy", "http://proxy.invalid"),
        ("SSH_AUTH_SOCK", "/some/socket"),
        ("HOME", "/some/home"),
    ],
)
@pytest.mark.parametrize("may_ask", [True, False])
def test_the_users_own_settings_stay(
    name: str, value: str, may_ask: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert talking_environ(HTTPS, may_ask=may_ask)[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_WORK_TREE", "/x"),
        ("GIT_INDEX_FILE", "/x"),
        ("GIT_OBJECT_DIRECTORY", "/x"),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/x"),
        ("GIT_COMMON_DIR", "/x"),
        ("GIT_NAMESPACE", "x"),
        ("GIT_SHALLOW_FILE", "/x"),
        ("GIT_PREFIX", "x/"),
        ("GIT_QUARANTINE_PATH", "/x"),
        ("GIT_TEMPLATE_DIR", "/x"),
        ("GIT_EXTERNAL_DIFF", "x"),
        ("GIT_TRACE", "1"),
        ("GIT_TRACE2_EVENT", "2"),
        ("GIT_CURL_VERBOSE", "1"),
        ("MLRUN_GIT_PASSWORD", "of a run around"),
    ],
)
def test_what_would_mislead_git_goes(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert name not in talking_environ(HTTPS, may_ask=True)


def test_the_repository_is_named_and_no_other_one_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    assert talking_environ(SSH, may_ask=False)["GIT_DIR"] == "/dev/null"
    assert talking_environ(SSH, may_ask=False, repository=Path("/m"))["GIT_DIR"] == "/m"


def test_where_nobody_is_nothing_opens_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.setenv(name, "something")
        assert talking_environ(SSH, may_ask=True)[name] == "something"
        assert name not in talking_environ(SSH, may_ask=False)
    silent = talking_environ(SSH, may_ask=False)
    assert silent["GIT_TERMINAL_PROMPT"] == "0"
    assert silent["SSH_ASKPASS_REQUIRE"] == "never"
    assert "GIT_TERMINAL_PROMPT" not in talking_environ(SSH, may_ask=True)


@pytest.mark.parametrize(
    ("url", "users", "protocols"),
    [
        (HTTPS, None, "https:ssh:git:file"),
        (SSH, None, "https:ssh:git:file"),
        (HTTP, None, "https:http:ssh:git:file"),
        (HTTP, "http:ext", "http"),
        (HTTPS, "ssh:https", "https:ssh"),
        (HTTPS, "", "none"),
    ],
)
def test_transports(
    url: GitUrl, users: str | None, protocols: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_ALLOW_PROTOCOL", raising=False)
    if users is not None:
        monkeypatch.setenv("GIT_ALLOW_PROTOCOL", users)
    assert talking_environ(url, may_ask=False)["GIT_ALLOW_PROTOCOL"] == protocols


texts = st.text(
    st.characters(blacklist_characters="\0\r\n", blacklist_categories=["Cs"]), max_size=20
)


@given(username=texts, password=texts)
def test_the_helper_says_exactly_what_the_uri_did(username: str, password: str) -> None:
    url = with_login(HTTPS, username, password)
    words = talking_options(url)
    asked = "protocol=https\nhost=code.invalid\n\n"
    answer = subprocess.run(
        ["git", *words, "credential", "fill"],
        env=talking_environ(url, may_ask=False),
        input=asked.encode(),
        capture_output=True,
        check=True,
    )
    lines = dict(line.split("=", 1) for line in answer.stdout.decode().split("\n") if line)
    assert (lines["username"], lines["password"]) == (username, password)


@pytest.mark.parametrize("asked", ["host=other.invalid", "host=code.invalid:444"])
def test_another_host_is_told_nothing(asked: str, tmp_path: Path) -> None:
    url = with_login(HTTPS, "alice", "a-secret")
    answer = subprocess.run(
        ["git", *talking_options(url), "credential", "fill"],
        env={**talking_environ(url, may_ask=False), "GIT_CONFIG_GLOBAL": "/dev/null"},
        input=f"protocol=https\n{asked}\n\n".encode(),
        capture_output=True,
        check=False,
    )
    assert answer.returncode != 0
    assert b"a-secret" not in answer.stdout + answer.stderr


@given(username=texts.filter(lambda text: len(text) > 8), password=texts.filter(bool))
def test_no_word_of_the_command_has_them(username: str, password: str) -> None:
    with_them = talking_options(with_login(HTTPS, username, password))
    assert with_them == talking_options(with_login(HTTPS, "a", "b"))


@pytest.mark.parametrize(("username", "password"), [("a\nb", "c"), ("a", "b\0c"), ("a\r", None)])
def test_line_breaks_are_refused(username: str, password: str | None) -> None:
    with pytest.raises(SourceError, match="line break"):
        talking_environ(with_login(HTTPS, username, password), may_ask=False)


def test_a_user_name_comes_after_the_settings_that_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = with_login(HTTP, "alice", None)
    monkeypatch.delenv("GIT_CONFIG_COUNT", raising=False)
    assert talking_environ(url, may_ask=False)["GIT_CONFIG_COUNT"] == "1"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    environ = talking_environ(url, may_ask=False)
    assert environ["GIT_CONFIG_COUNT"] == "3"
    assert environ["GIT_CONFIG_KEY_2"] == "credential.http://code.invalid:8080.username"
    assert environ["GIT_CONFIG_VALUE_2"] == "alice"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "many")
    assert talking_environ(url, may_ask=False)["GIT_CONFIG_COUNT"] == "many"


def test_what_is_secret() -> None:
    assert secrets_of(HTTPS) == ()
    assert secrets_of(with_login(HTTPS, "git", "p/ss")) == ("p/ss", "p%2Fss")
    assert "ghp_0123456789" in secrets_of(with_login(HTTPS, "ghp_0123456789", "x"))
