"""Which addresses of repositories are taken, what of them is shown, and what is one repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import MlrunError, NotSupportedError, SourceError
from mlrun.sources.git.url import TRANSPORTS, GitUrl, parse_git_url
from tests.components import missing

NAMES = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,12}[a-zA-Z0-9]", fullmatch=True).filter(
    lambda name: not name.lower().endswith(".git")
)
HOSTS = st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{1,6}){1,2}", fullmatch=True)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=6).filter(
    lambda secret: not re.search("[\u2028\u2029]", secret)
)


@pytest.mark.parametrize(
    ("text", "address", "transport", "host"),
    [
        ("https://host.example/a/b.git", "https://host.example/a/b.git", "https", "host.example"),
        ("HTTPS://host.example/a", "https://host.example/a", "https", "host.example"),
        ("http://host.example:8080/a", "http://host.example:8080/a", "http", "host.example:8080"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a", "https", "[::1]:8443"),
        ("https://host/My Project", "https://host/My%20Project", "https", "host"),
        ("ssh://git@host:2222/a", "ssh://git@host:2222/a", "ssh", "host:2222"),
        ("git+ssh://git@host/a", "ssh://git@host/a", "ssh", "host"),
        ("ssh+git://host/a", "ssh://host/a", "ssh", "host"),
        ("git+https://host/a", "https://host/a", "https", "host"),
        ("git://host/a", "git://host/a", "git", "host"),
        ("git@host:a/b.git", "git@host:a/b.git", "ssh", "host"),
        ("host:a", "host:a", "ssh", "host"),
        ("git@[::1]:a", "git@[::1]:a", "ssh", "[::1]"),
        ("[host:22]:a", "[host:22]:a", "ssh", "[host:22]"),
        ("file:///srv/a", "file:///srv/a", "file", ""),
        ("file://localhost/srv/a%20b", "file:///srv/a%20b", "file", ""),
        ("git+file:///srv/a", "file:///srv/a", "file", ""),
        ("/srv/a b#c?d%20", "file:///srv/a%20b%23c%3Fd%2520", "file", ""),
    ],
)
def test_address(text: str, address: str, transport: str, host: str) -> None:
    assert parse_git_url(text) == GitUrl(address, transport, host)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ext::sh -c 'touch x'", "'ext::' would start a program"),
        ("ext::https://host/a", "'ext::' would start a program"),
        ("fd::17", "'fd::' would start a program"),
        ("-oProxyCommand=x", "begins with '-'"),
        ("--upload-pack=x:y", "begins with '-'"),
        ("ssh://-oProxyCommand=x/a", "begins with '-'"),
        ("ssh://-oProxyCommand=x@host/a", "begins with '-'"),
        ("ssh://%2DoProxyCommand=x@host/a", "begins with '-'"),
        ("ssh://%2DoProxyCommand=x/a", "cannot be read"),
        ("git://-x/a", "begins with '-'"),
        ("-u@host:a", "begins with '-'"),
        ("git@-host:a", "begins with '-'"),
        ("host:-a", "begins with '-'"),
        ("https://host/a\nb", "control character"),
        ("https://host/a%0Ab", "control character"),
        ("https://u%00:p@host/a", "control character"),
        ("host:a\x1b[2J", "control character"),
        ("/srv/a\x00b", "control character"),
        ("https:///a", "names no host"),
        ("https://:80/a", "names no host"),
        ("https://host", "names a server and no repository"),
        ("https://login:12/34@host/a", "cannot be read"),
        ("https://host:80/", "names a server and no repository"),
        ("https://host?x=y", "names a server and no repository"),
        ("git@host:", "names a server and no repository"),
        ("host:~/", "names a server and no repository"),
        ("https://host:99999/a", "cannot be read"),
        ("https://host/a.git@v1.0", "no version behind a '@'"),
        ("https://user:pass@host:80/a.git@feature/x", "no version behind a '@'"),
        ("https://host name/a", "cannot be read"),
        ("https://host/a?private_token=abcdef", "a secret in its query"),
        ("https://host/a#b", "has a '#'"),
        ("https:/host/a", "less or more than '//'"),
        ("git@https://host/a", "less or more than '//'"),
        ("ssh://git@host:owner/a", "is no port"),
        ("file://host/a", "names another machine"),
        ("user:secret@host:a/b", "takes no password"),
        ("relative/folder", "is not the address of a repository"),
        ("", "is not the address of a repository"),
        ("htps://host/a", "nothing is fetched by 'htps://'"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=re.escape(message)):
        parse_git_url(text)


@pytest.mark.parametrize("text", ["s3://bucket/a", "ftp://host/a", "rsync://host/a", "gs://b/a"])
def test_refused_by_name(text: str) -> None:
    with pytest.raises(NotSupportedError, match=text.partition(":")[0]):
        parse_git_url(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("htps://host/a", "did you mean 'https://'?"),
        ("https:/host/a", "did you mean 'https://host/a'?"),
        ("git@https://host/a", "did you mean 'https://host/a'?"),
    ],
)
def test_near_miss(text: str, hint: str) -> None:
    with pytest.raises(SourceError) as raised:
        parse_git_url(text)
    assert raised.value.hint == hint


@pytest.mark.parametrize(
    ("text", "username", "password"),
    [
        ("https://me:s%40cret@host/a", "me", "s@cret"),
        ("https://token@host/a", "token", None),
        ("https://token:@host/a", "token", None),
        ("https://:token@host/a", "", "token"),
        ("https://@host/a", None, None),
        ("https://a@b:c:d@host/a", "a@b", "c:d"),
        ("ssh://me:secret@host/a", None, None),
        ("git://me:secret@host/a", None, None),
    ],
)
def test_credentials(text: str, username: str | None, password: str | None) -> None:
    url = parse_git_url(text)
    assert (url.username, url.password) == (username, password)


@given(st.sampled_from(["https", "http", "ssh", "git"]), NAMES, SECRETS, HOSTS, PATHS)
def test_a_password_is_never_shown(
    scheme: str, user: str, secret: str, host: str, path: str
) -> None:
    text = f"{scheme}://{user}:{quote(secret, safe='')}@{host}/{path}"
    url = parse_git_url(text)
    assert url.password == (secret if scheme.startswith("http") else None)
    without = parse_git_url(f"{scheme}://{user}@{host}/{path}")
    assert repr((url, url.name, url.key)) == repr((without, without.name, without.key))


@given(st.sampled_from(["https", "http", "ssh", "git"]), SECRETS, HOSTS)
def test_a_password_that_is_not_encoded_is_not_shown(scheme: str, secret: str, host: str) -> None:
    for password in (f"#{secret}", f"1/{secret}", f"pw/{secret}", f"pw#{secret}", f"pw?{secret}"):
        with pytest.raises(SourceError) as raised:
            parse_git_url(f"{scheme}://login:{password}@{host}/a")
        assert password not in f"{raised.value} {raised.value.hint}"


@given(st.text())
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    _check_any(text)


@given(
    st.sampled_from([*(f"{t}://" for t in TRANSPORTS), "git@", "", "/"]),
    st.text(st.sampled_from("a-./:@#?%~[]2 \\"), max_size=12),
)
def test_anything_like_an_address_is_one_or_an_error(start: str, text: str) -> None:
    _check_any(start + text)


def _check_any(text: str) -> None:
    try:
        url = parse_git_url(text)
    except MlrunError:
        return
    assert url.transport in TRANSPORTS
    assert url.transport == "ssh" or url.address.startswith(f"{url.transport}://")
    assert not url.address.startswith("-")
    for made in (url.key, url.name):
        assert "/" not in made
        assert made not in ("", ".", "..")
        assert made.isprintable() or made == url.name
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*-[0-9a-f]{12}", url.key)
    assert parse_git_url(url.address) == GitUrl(url.address, url.transport, url.host)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://host/a/b.git/", "b"),
        ("https://host/a/b%20c?x=y/z", "b c"),
        ("git@host:b.git", "b"),
        ("host:~/b.git", "b"),
        ("file:///srv/b/.git", "b"),
        ("https://host/..", "repository"),
        ("https://host/.git", "repository"),
        ("https://host/a%2F..%2Fb", "a_.._b"),
    ],
)
def test_name(text: str, name: str) -> None:
    assert parse_git_url(text).name == name


@given(HOSTS, PATHS, st.sampled_from(["https", "http", "ssh", "git"]), NAMES)
def test_spellings_of_one_repository_have_one_key(
    host: str, path: str, scheme: str, password: str
) -> None:
    port = {"https": 443, "http": 80, "ssh": 22, "git": 9418}[scheme]
    user = "" if scheme == "ssh" else f"me:{password}@"
    spellings = [
        f"{scheme}://{host}/{path}",
        f"{scheme}://{host}/{path}/",
        f"{scheme}://{host}/{path}.git",
        f"{scheme}://{host}/{path}.git/",
        f"{scheme.upper()}://{host.upper()}/{path}",
        f"{scheme}://{user}{host}:{port}/{path}",
        f"{scheme}://{host}:/{path}",
        f"{scheme}://{host}/%{ord(path[0]):x}{path[1:]}",
    ]
    assert len({parse_git_url(spelling).key for spelling in spellings}) == 1


@given(HOSTS, PATHS)
def test_the_same_path_of_a_login_has_one_key(host: str, path: str) -> None:
    spellings = (f"git@{host}:{path}", f"git@{host}:~/{path}.git", f"ssh://git@{host}/~/{path}")
    assert len({parse_git_url(spelling).key for spelling in spellings}) == 1
    absolute = (f"git@{host}:/{path}", f"ssh://git@{host}:22/{path}", f"git@[{host}:22]:/{path}")
    assert len({parse_git_url(spelling).key for spelling in absolute}) == 1


ADDRESSES = st.tuples(
    st.sampled_from(["https", "http", "ssh", "git"]), HOSTS, st.integers(1, 65535), PATHS
)


@given(ADDRESSES, ADDRESSES)
def test_different_repositories_have_different_keys(
    one: tuple[str, str, int, str], other: tuple[str, str, int, str]
) -> None:
    keys = [parse_git_url(f"{s}://{h}:{port}/{path}").key for s, h, port, path in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


def test_transport_host_port_path_and_login_are_told_apart() -> None:
    addresses = [
        "https://host/a/b", "http://host/a/b", "ssh://host/a/b", "git://host/a/b",
        "https://host/a/B", "https://host:444/a/b", "https://host/b", "https://hosts/a/b",
        "ssh://git@host/a/b", "host:a/b", "git@host:a/b", "file:///a/b", "https://host/a/b?x=y",
        "https://host/a%2Fb", "host:~me/a/b",
    ]  # fmt: skip
    assert len({parse_git_url(address).key for address in addresses}) == len(addresses)


@pytest.mark.parametrize(
    ("parent", "url", "expected"),
    [
        ("https://host/team/a.git", "../b.git", "https://host/team/b.git"),
        ("https://host/team/a.git/", "../b.git", "https://host/team/b.git"),
        ("https://host/team/a", "../../other/b", "https://host/other/b"),
        ("https://host/team/a", "./b", "https://host/team/a/b"),
        ("https://host/team/a", "../x/../b", "https://host/team/b"),
        ("https://host/team/a?x=y", "../b", "https://host/team/b"),
        ("ssh://git@host:22/team/a", "../b", "ssh://git@host:22/team/b"),
        ("git@host:team/a.git", "../b.git", "git@host:team/b.git"),
        ("git@host:a.git", "../b.git", "git@host:b.git"),
        ("git@host:/srv/a", "../../b", "git@host:/b"),
        ("git@[::1]:team/a", "../b", "git@[::1]:team/b"),
        ("file:///srv/a%20b", "../c d", "file:///srv/c%20d"),
        ("file:///srv/a", "/srv/b", "file:///srv/b"),
        ("file:///srv/a", "https://host/b", "https://host/b"),
        ("https://host/team/a", "git@host:b", "git@host:b"),
        ("https://host/team/a", "git://host/b", "git://host/b"),
        ("http://host/team/a", "http://other/b", "http://other/b"),
        ("https://host/team/a", "http://other/b?x=y", "https://other/b?x=y"),
        ("git@host:a", "http://other:80/b", "https://other/b"),
    ],
)
def test_submodule(parent: str, url: str, expected: str) -> None:
    assert parse_git_url(parent).submodule(url).address == expected


@pytest.mark.parametrize(
    ("parent", "url", "message"),
    [
        ("https://host/a", "../../b", "leads out of"),
        ("https://host/team/a", "../../../b", "leads out of"),
        ("https://host/team/a", "x/../../../../b", "neither absolute nor relative"),
        ("git@host:a", "../../b", "leads out of"),
        ("git@host:~/a", "../../b", "leads out of"),
        ("ssh://host/~me/a", "../../b", "leads out of"),
        ("https://host/a", "..", "names a server and no repository"),
        ("https://host/a", "/srv/b", "on this machine"),
        ("git@host:a", "file:///srv/b", "on this machine"),
        ("file:///srv/a", "b", "neither absolute nor relative"),
        ("https://host/a", "", "neither absolute nor relative"),
        ("https://host/a", "ext::sh -c x", "would start a program"),
        ("https://host/a", "-u/b", "begins with '-'"),
        ("git@host:a/b", "../../-x", "begins with '-'"),
        ("https://host/a", "../b\n", "control character"),
        ("https://host/a", "http://host:8080/b", "is not encrypted"),
    ],
)
def test_submodule_refused(parent: str, url: str, message: str) -> None:
    with pytest.raises(SourceError, match=re.escape(message)):
        parse_git_url(parent).submodule(url)


@pytest.mark.parametrize(
    ("url", "goes_along"),
    [
        ("../b", True),
        ("https://HOST:443/b", True),
        ("https://host:444/b", False),
        ("https://other/b", False),
        ("git@host:b", False),
    ],
)
def test_credentials_of_a_submodule(url: str, goes_along: bool) -> None:
    submodule = parse_git_url("https://me:secret@host/team/a").submodule(url)
    expected = ("me", "secret") if goes_along else (None, None)
    assert (submodule.username, submodule.password) == expected


def test_a_submodules_own_credentials_count() -> None:
    submodule = parse_git_url("https://me:secret@host/a").submodule("https://you@host/b")
    assert (submodule.username, submodule.password) == ("you", None)


def test_credentials_are_never_sent_unencrypted_by_a_submodule() -> None:
    submodule = parse_git_url("http://me:secret@host/a").submodule("https://host/b")
    assert submodule.password is None


@given(PATHS, st.text(st.sampled_from("./ab"), max_size=16))
def test_a_relative_submodule_stays_on_its_host(path: str, url: str) -> None:
    for parent in (f"https://host/{path}", f"git@host:{path}", f"ssh://git@host/{path}"):
        try:
            child = parse_git_url(parent).submodule(url)
        except SourceError:
            continue
        assert child.origin == parse_git_url(parent).origin
        assert ".." not in child.path.split("/")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("git@host:a/b", ["git@host", "a/b"]),
        ("host:~/a", ["host", "~/a"]),
        ("ssh://git@host:2222/~/a%20b", ["2222", "git@host", "~/a b"]),
        ("[host:2222]:a", ["2222", "host", "a"]),
        ("git@[host:2222]:a", ["2222", "git@host", "a"]),
        ("git@[::1]:a", ["git@::1", "a"]),
        ("ssh://[::1]:2222/a", ["2222", "::1", "/a"]),
    ],
)
def test_git_reads_an_address_of_ssh_as_it_is_read_here(
    text: str, words: list[str], tmp_path: Path
) -> None:
    git = shutil.which("git")
    if git is None:
        missing("git", "it is not installed")
        return
    script = tmp_path / "ssh"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.words"\nexit 1\n')
    script.chmod(0o755)
    environment = {**os.environ, "GIT_SSH": str(script), "GIT_SSH_VARIANT": "ssh"}
    url = parse_git_url(text)
    subprocess.run([git, "ls-remote", url.address], env=environment, capture_output=True)
    asked = (tmp_path / "ssh.words").read_text()
    for word in words[:-1]:
        assert word in asked.split("\n")
    assert f"git-upload-pack '{words[-1]}'" in asked
    assert words[-2].rpartition("@")[2] in url.origin[1]
    assert ("2222" in words) == url.origin[1].endswith(":2222")
    assert url.path.removeprefix("/").removeprefix("~/") == words[-1].lstrip("/~")
