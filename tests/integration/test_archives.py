"""Archives from real web servers: logins, redirects, certificates, outages, and the cache."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
import trustme

from mlrun.errors import SourceError, SourceRefusedError, SourceUnavailableError
from mlrun.execution.redact import mask_url
from mlrun.sources.addresses.address import ArchiveAddress
from mlrun.sources.archive.fetch import UnpackedArchive, fetch_archive
from mlrun.sources.cache.holding import archives_folder
from mlrun.sources.own_folder import make_own_folder
from tests.stub_server import Answering, Received, Reply, StubServer
from tests.unit.sources.archive.packing import Entry, link, pack
from tests.unit.tracking.tunnel import tunnelling_proxy

ARCHIVE = pack([Entry("p-main/MLproject", b"name: first\n")], "zip")
NEWER = pack([Entry("p-main/MLproject", b"name: second\n")], "zip")
SECRET = "s3cr3t-t0ken"


class Fetching:
    """Fetches archives as a run does, and remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.left: list[str] = []

    def __call__(
        self, url: str, *, kind: str = "zip", offline: bool = False, subfolder: str = ""
    ) -> UnpackedArchive:
        own = make_own_folder("p", "X")
        address = ArchiveAddress("p", kind, mask_url(url), url=url, subfolder=subfolder)
        try:
            return fetch_archive(address, own, offline=offline, report=self.report)
        except SourceError as error:
            self.lines.append(f"{error.message} {error.hint}")
            raise
        finally:
            self.left = sorted(path.name for path in own.path.iterdir())

    def report(self, line: str, *, passing: bool = False) -> None:
        self.lines.append(line)


@pytest.fixture
def fetch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fetching]:
    """Whatever a test does: nothing secret is said."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("NETRC", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "20")
    fetching = Fetching()
    yield fetching
    assert SECRET not in " ".join(fetching.lines)


def name_of(archive: UnpackedArchive) -> str:
    return (archive.root / "MLproject").read_text().removeprefix("name: ").strip()


def archive(content: bytes = ARCHIVE, **headers: str) -> Reply:
    return Reply(body=content, headers={name.replace("_", "-"): v for name, v in headers.items()})


def validating(content: bytes, etag: str) -> Answering:
    def answer(received: Received) -> Reply:
        if received.headers.get("if-none-match") == etag:
            return Reply(status=304, body=b"", headers={"ETag": etag})
        return Reply(body=content, headers={"ETag": etag})

    return answer


# --- what a download gives


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst"])
def test_an_archive_of_each_kind(kind: str, fetch: Fetching) -> None:
    import hashlib

    content = pack([Entry("p-main/MLproject", b"name: first\n"), link("p-main/l", ".")], kind)
    with StubServer([archive(content)]) as server:
        found = fetch(f"{server.url}/p.{kind}", kind=kind)
    assert found.root.name == "p-main"
    assert name_of(found) == "first"
    assert found.digest == hashlib.sha256(content).hexdigest()
    assert server.received[0].headers["accept-encoding"] == "identity"
    assert "authorization" not in server.received[0].headers


def test_whoever_names_the_outer_folder_means_it(fetch: Fetching) -> None:
    with StubServer([archive()]) as server:
        found = fetch(f"{server.url}/p.zip", subfolder="p-main")
    assert (found.root / "p-main" / "MLproject").is_file()


def test_an_archive_on_this_machine(tmp_path: Path, fetch: Fetching) -> None:
    file = tmp_path / "p.tar.gz"
    file.write_bytes(pack([Entry("MLproject", b"name: first\n")], "tar.gz"))
    own = make_own_folder("p", "X")
    address = ArchiveAddress("p", "tar.gz", file.as_uri(), file=file)
    assert name_of(fetch_archive(address, own, offline=True, report=fetch.report)) == "first"
    assert not archives_folder().exists()
    file.unlink()
    with pytest.raises(SourceError, match=r"p\.tar\.gz' cannot be read"):
        fetch_archive(address, own, offline=True, report=fetch.report)


def test_content_that_a_server_calls_encoded_is_what_it_is(fetch: Fetching) -> None:
    """Some servers take the ending of a `.tgz` for an encoding of a tar."""
    content = pack([Entry("MLproject", b"name: first\n")], "tar.gz")
    with StubServer([archive(content, Content_Encoding="x-gzip")]) as server:
        assert name_of(fetch(f"{server.url}/p.tgz", kind="tar.gz")) == "first"


def test_a_path_that_is_not_encoded(fetch: Fetching) -> None:
    with StubServer([archive()]) as server:
        fetch(f"{server.url}/my projects/é.zip?ref=a b")
    assert server.received[0].path == "/my%20projects/%C3%A9.zip?ref=a%20b"


# --- the cache


def test_a_copy_is_used_when_the_server_says_so(fetch: Fetching) -> None:
    with StubServer(validating(ARCHIVE, '"1"')) as server:
        for _ in range(2):
            assert name_of(fetch(f"{server.url}/p.zip")) == "first"
        server._answering = validating(NEWER, '"2"')
        for _ in range(2):
            assert name_of(fetch(f"{server.url}/p.zip")) == "second"
    asked = [received.headers.get("if-none-match") for received in server.received]
    assert asked == [None, '"1"', '"1"', '"2"']


def test_a_time_of_change_is_used_when_it_is_old_enough(fetch: Fetching) -> None:
    moments = {"old": formatdate(time.time() - 60, usegmt=True), "new": formatdate(usegmt=True)}
    for age, moment in moments.items():
        with StubServer([archive(Last_Modified=moment), Reply(status=304, body=b"")]) as server:
            fetch(f"{server.url}/{age}.zip")
            expected = moment if age == "old" else None
            if expected is None:
                with pytest.raises(SourceRefusedError, match="304"):
                    fetch(f"{server.url}/{age}.zip")
            else:
                assert name_of(fetch(f"{server.url}/{age}.zip")) == "first"
            assert server.received[1].headers.get("if-modified-since") == expected


def test_a_copy_from_the_future_is_asked_for_all_the_same(fetch: Fetching) -> None:
    with StubServer([archive(), archive(NEWER)]) as server:
        fetch(f"{server.url}/p.zip")
        (about,) = archives_folder().glob("*/copy.json")
        about.write_text(json.dumps({**json.loads(about.read_text()), "checked": 1e11}))
        assert name_of(fetch(f"{server.url}/p.zip")) == "second"


def test_without_either_it_is_downloaded_each_time(fetch: Fetching) -> None:
    with StubServer([archive(), archive(NEWER)]) as server:
        assert name_of(fetch(f"{server.url}/p.zip")) == "first"
        assert name_of(fetch(f"{server.url}/p.zip")) == "second"


def test_a_damaged_copy_is_downloaded_again(fetch: Fetching) -> None:
    with StubServer(validating(ARCHIVE, '"1"')) as server:
        fetch(f"{server.url}/p.zip")
        (content,) = archives_folder().glob("*/content")
        content.write_bytes(b"PK" + ARCHIVE[2:-1] + b"x")
        assert name_of(fetch(f"{server.url}/p.zip")) == "first"
        assert server.received[1].headers.get("if-none-match") is None
        content.unlink()
        fetch(f"{server.url}/p.zip")
        content.with_name("copy.json").write_text("{")
        fetch(f"{server.url}/p.zip")
    assert len(server.received) == 4
    content.write_bytes(b"damaged")
    with pytest.raises(SourceError, match="not in the cache"):
        fetch(f"{server.url}/p.zip", offline=True)


def test_offline_asks_nobody_and_says_how_old_it_is(
    fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StubServer([archive()]) as server:
        with pytest.raises(SourceError, match="not in the cache") as caught:
            fetch(f"{server.url}/p.zip", offline=True)
        assert "--offline" in str(caught.value.hint)
        fetch(f"{server.url}/p.zip")
        later = time.time() + 3 * 3600 + 1
        monkeypatch.setattr("mlrun.ages.time", lambda: later)
        assert name_of(fetch(f"{server.url}/p.zip", offline=True)) == "first"
    assert len(server.received) == 1
    assert fetch.lines[1:] == ["offline: using the copy of 3 hours ago"]


def test_an_outage_is_an_error_that_names_the_copy(fetch: Fetching) -> None:
    with StubServer(validating(ARCHIVE, '"1"')) as server:
        fetch(f"{server.url}/p.zip")
    with pytest.raises(SourceUnavailableError, match="cannot be reached") as caught:
        fetch(f"{server.url}/p.zip")
    assert "--offline" in str(caught.value.hint)
    assert "second" in str(caught.value.hint)
    assert name_of(fetch(f"{server.url}/p.zip", offline=True)) == "first"


def test_a_file_that_is_gone_is_not_replaced_by_its_copy(fetch: Fetching) -> None:
    with StubServer([archive(), Reply(status=404)]) as server:
        fetch(f"{server.url}/p.zip")
        with pytest.raises(SourceRefusedError, match="404"):
            fetch(f"{server.url}/p.zip")


def test_addresses_that_differ_in_a_query_are_different(fetch: Fetching) -> None:
    def answer(received: Received) -> Reply:
        return Reply(body=NEWER if "v=2" in received.path else ARCHIVE)

    with StubServer(answer) as server:
        assert name_of(fetch(f"{server.url}/p.zip?v=1")) == "first"
        assert name_of(fetch(f"{server.url}/p.zip?v=2")) == "second"
        assert name_of(fetch(f"{server.url}/p.zip?v=1", offline=True)) == "first"


RUN = """
import sys
from mlrun.sources.addresses.address import ArchiveAddress
from mlrun.sources.archive.fetch import fetch_archive
from mlrun.sources.own_folder import make_own_folder
url = sys.argv[1]
own = make_own_folder("p", url)
found = fetch_archive(
    ArchiveAddress("p", "zip", url, url=url), own, offline=False,
    report=lambda line, **_: print(line, file=sys.stderr, flush=True),
)
print((found.root / "MLproject").read_text(), end="")
own.release()
"""


@pytest.mark.parametrize("etag", [{}, {"ETag": '"1"'}])
def test_twenty_first_runs_at_once_download_once(
    etag: dict[str, str], fetch: Fetching, tmp_path: Path
) -> None:
    came = threading.Event()

    def answer(received: Received) -> Reply:
        came.wait(60)
        return Reply(body=ARCHIVE, headers=etag)

    said = tmp_path / "said"
    with StubServer(answer) as server, said.open("ab") as log:
        words = (sys.executable, "-c", RUN, f"{server.url}/p.zip")
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        runs = [subprocess.Popen(words, stdin=nothing, stdout=pipe, stderr=log) for _ in range(20)]
        while said.read_text().count("waiting for another mlrun that downloads") < 19:
            time.sleep(0.05)
        came.set()
        outputs = {run.communicate(timeout=120)[0] for run in runs}
    assert outputs == {b"name: first\n"}
    assert [run.returncode for run in runs] == [0] * 20
    assert len(server.received) == 1


# --- logins


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def with_login(server: StubServer, user_info: str, path: str = "/p.zip") -> str:
    return server.url.replace("://", f"://{user_info}@") + path


def needs(user: str, password: str) -> Answering:
    def answer(received: Received) -> Reply:
        is_right = received.headers.get("authorization") == basic(user, password)
        return archive() if is_right else Reply(status=401)

    return answer


def test_a_login_in_the_address(fetch: Fetching, tmp_path: Path) -> None:
    with StubServer(needs("ada@example", f"{SECRET}/ü")) as server:
        fetch(with_login(server, f"ada%40example:{SECRET}%2F%C3%BC"))
    assert len(server.received) == 1
    for root, _, files in os.walk(archives_folder()):
        for name in files:
            assert SECRET.encode() not in (Path(root) / name).read_bytes()


def test_a_token_instead_of_a_name(fetch: Fetching) -> None:
    with StubServer(needs(SECRET, "")) as server:
        fetch(with_login(server, SECRET))


@pytest.mark.parametrize("place", ["home", "variable"])
def test_a_login_in_netrc(
    place: str, fetch: Fetching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / (".netrc" if place == "home" else "logins")
    file.write_text(f"machine 127.0.0.1 login ada password {SECRET}\n")
    if place == "variable":
        monkeypatch.setenv("NETRC", str(file))
    with StubServer(needs("ada", SECRET)) as server:
        fetch(f"{server.url}/p.zip")
        file.write_text(f"machine 127.0.0.1 login ada password wrong-{SECRET}\n")
        with pytest.raises(SourceRefusedError, match=r"netrc|logins") as caught:
            fetch(f"{server.url}/p.zip")
        assert "does not accept" in caught.value.message
        file.write_text("machine elsewhere.example login ada password x\n")
        with pytest.raises(SourceRefusedError, match="asks for a user name") as caught:
            fetch(f"{server.url}/p.zip")
        assert "machine 127.0.0.1 login" in str(caught.value.hint)
        file.write_text("this is no netrc\n")
        with pytest.raises(SourceRefusedError, match="asks for a user name"):
            fetch(f"{server.url}/p.zip")


def test_the_address_comes_before_netrc(fetch: Fetching, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password wrong\n")
    with StubServer(needs("bob", SECRET)) as server:
        fetch(with_login(server, f"bob:{SECRET}"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_that_is_not_accepted(status: int, fetch: Fetching) -> None:
    with StubServer([Reply(status=status)]) as server:
        with pytest.raises(SourceRefusedError, match="does not accept") as caught:
            fetch(with_login(server, f"ada:{SECRET}", f"/p.zip?token={SECRET}"))
    assert "the address" in caught.value.message
    assert len(server.received) == 1


# --- redirects


def redirect(place: str, status: int = 302) -> Reply:
    return Reply(status=status, body=b"", headers={"Location": place})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_same_server_keeps_the_login(status: int, fetch: Fetching) -> None:
    with StubServer([redirect("/elsewhere.zip", status), archive()]) as server:
        assert name_of(fetch(with_login(server, f"ada:{SECRET}"))) == "first"
    assert [received.path for received in server.received] == ["/p.zip", "/elsewhere.zip"]
    assert {r.headers.get("authorization") for r in server.received} == {basic("ada", SECRET)}


def test_a_redirect_to_another_server_takes_no_login_along(fetch: Fetching, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(f"default login ada password {SECRET}\n")
    with StubServer([archive()]) as other:
        for place in (other.url, other.url.replace("127.0.0.1", "localhost")):
            with StubServer([redirect(f"{place}/q.zip?X-Signature={SECRET}")]) as server:
                fetch(f"{server.url}/p.zip")
                assert server.received[0].headers["authorization"] == basic("ada", SECRET)
    assert [r.headers.get("authorization") for r in other.received] == [None, None]


def test_a_redirect_with_a_login_of_its_own_does_not_use_it(fetch: Fetching) -> None:
    with StubServer([archive()]) as other:
        with StubServer([redirect(with_login(other, "eve:x"))]) as server:
            fetch(f"{server.url}/p.zip")
    assert "authorization" not in other.received[0].headers


def test_redirects_without_end(fetch: Fetching) -> None:
    with StubServer([redirect(f"/p.zip?token={SECRET}")]) as server:
        with pytest.raises(SourceRefusedError, match="more than 5 times"):
            fetch(f"{server.url}/p.zip")
    assert len(server.received) == 6


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://h/x", "//[", "data:,x", "https://"])
def test_a_redirect_to_no_web_server(place: str, fetch: Fetching) -> None:
    with StubServer([redirect(place)]) as server:
        with pytest.raises(SourceRefusedError, match="redirects to where"):
            fetch(f"{server.url}/p.zip")


@pytest.mark.parametrize("place", ["/%C3%A9.zip", "/é.zip", "/é.zip".encode().decode("latin-1")])
def test_a_redirect_with_accents(place: str, fetch: Fetching) -> None:
    with StubServer([redirect(place), archive()]) as server:
        fetch(f"{server.url}/p.zip")
    expected = "/%C3%A9.zip" if place != "/é.zip" else "/%E9.zip"
    assert server.received[1].path == expected


def test_a_redirect_without_a_place(fetch: Fetching) -> None:
    with StubServer([Reply(status=302)]) as server:
        with pytest.raises(SourceRefusedError, match="302"):
            fetch(f"{server.url}/p.zip")


# --- encryption


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    authority = trustme.CA()
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return authority, file


@pytest.fixture
def context(authority: tuple[trustme.CA, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_of_ones_own(
    variable: str,
    fetch: Fetching,
    authority: tuple[trustme.CA, Path],
    context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with StubServer([archive()], context) as server:
        with pytest.raises(SourceUnavailableError, match="not trusted") as caught:
            fetch(f"{server.url}/p.zip")
        assert variable in f"{caught.value.hint} CURL_CA_BUNDLE"
        monkeypatch.setenv(variable, str(authority[1]))
        assert name_of(fetch(f"{server.url}/p.zip")) == "first"
        with pytest.raises(SourceUnavailableError, match="not trusted"):
            fetch(f"https://localhost:{server.port}/p.zip")


def test_a_variable_that_names_no_certificates(
    fetch: Fetching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(SourceError, match="REQUESTS_CA_BUNDLE names no certificates"):
        fetch("https://127.0.0.1:9/p.zip")


def test_never_from_https_down_to_http(
    fetch: Fetching,
    authority: tuple[trustme.CA, Path],
    context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[1]))
    with StubServer([archive()]) as plain:
        with StubServer([redirect(f"{plain.url}/p.zip")], context) as server:
            with pytest.raises(SourceRefusedError, match="without encryption"):
                fetch(f"{server.url}/p.zip")
        with StubServer([archive()], context) as server:
            with StubServer([redirect(f"{server.url}/p.zip")]) as upward:
                assert name_of(fetch(f"{upward.url}/p.zip")) == "first"
    assert plain.received == []


def test_https_to_a_server_that_speaks_http(fetch: Fetching) -> None:
    with StubServer([archive()]) as server:
        with pytest.raises(SourceUnavailableError, match="no encrypted connection"):
            fetch(f"https://127.0.0.1:{server.port}/p.zip")


# --- proxies


def test_a_proxy_for_http(fetch: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    with StubServer([archive()]) as proxy:
        monkeypatch.setenv("http_proxy", with_login(proxy, f"ada:{SECRET}", ""))
        fetch("http://files.example/p.zip")
        received = proxy.received[0]
        assert received.path == "http://files.example/p.zip"
        assert received.headers["proxy-authorization"] == basic("ada", SECRET)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with StubServer([archive()]) as server:
            fetch(f"{server.url}/p.zip")
    assert len(proxy.received) == 1


def test_a_proxy_for_https_sees_no_login(
    fetch: Fetching,
    authority: tuple[trustme.CA, Path],
    context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[1]))
    with StubServer(needs("ada", SECRET), context) as server, tunnelling_proxy() as (url, asked):
        monkeypatch.setenv("https_proxy", url)
        fetch(with_login(server, f"ada:{SECRET}"))
    assert asked == [f"CONNECT 127.0.0.1:{server.port}"]


def test_a_proxy_that_asks_for_a_login(fetch: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    with StubServer([Reply(status=407)]) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with pytest.raises(SourceRefusedError, match="proxy asks for a login"):
            fetch("http://files.example/p.zip")
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(SourceUnavailableError, match="407"):
            fetch("https://files.example/p.zip")


# --- what goes wrong


@pytest.mark.parametrize(("status", "words"), [(404, "no such file"), (410, "410"), (418, "418")])
def test_statuses_that_are_an_answer(status: int, words: str, fetch: Fetching) -> None:
    with StubServer([Reply(status=status)]) as server:
        with pytest.raises(SourceRefusedError, match=words):
            fetch(f"{server.url}/p.zip?sig={SECRET}")
    assert len(server.received) == 1


@pytest.mark.parametrize("trouble", [Reply(status=503), Reply(drop=True), archive(ARCHIVE * 2)])
def test_troubles_that_pass_are_tried_again(trouble: Reply, fetch: Fetching) -> None:
    if trouble.body == ARCHIVE * 2:
        trouble = Reply(body=ARCHIVE[:-5], cut=True)
    with StubServer([trouble, trouble, archive()]) as server:
        assert name_of(fetch(f"{server.url}/p.zip")) == "first"
    assert len(server.received) == 3


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Reply(status=500), "answered 500"),
        (Reply(status=429), "answered 429"),
        (Reply(drop=True), "cut off"),
        (Reply(body=ARCHIVE[:-5], cut=True), "cut off after"),
    ],
)
def test_troubles_that_do_not_pass(trouble: Reply, words: str, fetch: Fetching) -> None:
    with StubServer([trouble]) as server:
        with pytest.raises(SourceUnavailableError, match=f"{words}.* 3 times"):
            fetch(f"{server.url}/p.zip")
    assert len(server.received) == 3
    assert list(archives_folder().glob("*/part")) == []
    assert list(archives_folder().glob("*/content")) == []


def test_nobody_there(fetch: Fetching) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceUnavailableError, match=r"cannot be reached: .*refused"):
        fetch(f"http://127.0.0.1:{port}/p.zip")


def test_a_host_that_is_not_known(fetch: Fetching) -> None:
    with pytest.raises(SourceUnavailableError, match=r"host files\.invalid is not known"):
        fetch("http://files.invalid/p.zip")


@pytest.mark.parametrize("url", ["http:///p.zip", "http://h:x/p.zip", "http://[::1/p.zip"])
def test_addresses_that_nobody_understands(url: str, fetch: Fetching) -> None:
    with pytest.raises(SourceError, match="cannot be understood"):
        fetch(url)


def test_a_server_that_never_answers(fetch: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "0.3")
    with StubServer([Reply(hang=True)]) as server:
        with pytest.raises(SourceUnavailableError, match=r"nothing.*0\.3 s") as caught:
            fetch(f"{server.url}/p.zip")
    assert "MLRUN_FETCH_TIMEOUT" in str(caught.value.hint)


@contextmanager
def raw_server(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that answers what no HTTP library would."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                try:
                    peer.recv(65536)
                    speak(peer)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/p.zip"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize("pause", [0.05, 60.0])
def test_a_transfer_that_comes_to_a_stand_or_creeps(
    pause: float, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "0.5")
    over = threading.Event()

    def creep(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not over.wait(pause):
            peer.sendall(b"x")

    with raw_server(creep) as url:
        try:
            with pytest.raises(SourceUnavailableError, match="next to nothing"):
                fetch(url)
        finally:
            over.set()


@pytest.mark.parametrize(
    ("start", "more", "pause"),
    [
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.0, id="may go on"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.05, id="header"),
        pytest.param(b"", b"x", 0.05, id="chunk"),
        pytest.param(b"1\r\nx\r\n0\r\n", b"A: b\r\n" * 100, 0.0, id="headers at the end"),
    ],
)
def test_an_answer_that_never_gets_to_its_content(
    start: bytes, more: bytes, pause: float, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "0.5")
    over = threading.Event()
    is_chunked = not more.startswith(b"HTTP") and not start.startswith(b"HTTP")
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    # So that without a limit the test fails, and does not hang.
    give_up = threading.Timer(20, over.set)
    give_up.start()

    def speak(peer: socket.socket) -> None:
        peer.sendall((chunked if is_chunked else b"") + start)
        while not over.wait(pause):
            peer.sendall(more)

    with raw_server(speak) as url:
        try:
            with pytest.raises(SourceUnavailableError, match="next to nothing"):
                fetch(url)
        finally:
            over.set()
            give_up.cancel()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nhello",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
def test_answers_that_are_cut_off_or_no_http(answer: bytes, fetch: Fetching) -> None:
    with raw_server(lambda peer: peer.sendall(answer)) as url:
        with pytest.raises(SourceUnavailableError, match="3 times"):
            fetch(url)


def test_chunks(fetch: Fetching) -> None:
    def speak(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(ARCHIVE), 50):
            chunk = ARCHIVE[start : start + 50]
            peer.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        peer.sendall(b"0\r\n\r\n")

    with raw_server(speak) as url:
        assert name_of(fetch(url)) == "first"


@pytest.mark.parametrize("announced", [True, False])
def test_too_big_a_file(announced: bool, fetch: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_ARCHIVE_LIMIT", "1M")

    def speak(peer: socket.socket) -> None:
        length = b"Content-Length: 1048577\r\n" if announced else b""
        peer.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        while not announced:
            peer.sendall(b"x" * 65536)

    with raw_server(speak) as url:
        with pytest.raises(SourceError, match=r"bigger than 1\.0 MiB") as caught:
            fetch(url)
    assert "MLRUN_ARCHIVE_LIMIT" in str(caught.value.hint)
    assert list(archives_folder().glob("*/part")) == []


def test_a_page_to_log_in_instead_of_the_file(fetch: Fetching) -> None:
    page = b"<!doctype html>\n<html><title>Sign in</title></html>"
    with StubServer([archive(page, Content_Type="text/html")]) as server:
        with pytest.raises(SourceError, match="is no ZIP archive") as caught:
            fetch(f"{server.url}/p.zip?access_token={SECRET}")
    assert "web page" in str(caught.value.hint)


def test_a_hostile_archive_is_named_and_leaves_nothing(fetch: Fetching) -> None:
    with StubServer([archive(pack([Entry("../../out", b"x")], "zip"))]) as server:
        with pytest.raises(SourceError, match=r"p\.zip is not safe to unpack"):
            fetch(f"{server.url}/p.zip")
    assert fetch.left == []


def test_progress_of_what_takes_a_while(fetch: Fetching) -> None:
    def speak(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ARCHIVE))
        for byte in ARCHIVE:
            peer.sendall(bytes([byte]))
            time.sleep(0.005)

    with raw_server(speak) as url:
        fetch(url)
    assert fetch.lines
    assert all(line.startswith(f"downloading {url}: ") for line in fetch.lines)
    assert f"of {len(ARCHIVE)} B" in fetch.lines[0]


@pytest.mark.parametrize("what", ["download", "unpack"])
def test_a_full_disk(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"]).returncode:
        from tests.components import missing

        missing("tmpfs", "only root can mount small disks")
    size = 3_000_000
    content = pack([Entry("a", b"x", 0o644), Entry("big", os.urandom(1) * size)], "tar.gz")
    script = f'mount -t tmpfs -o size=1m none {tmp_path} && mkdir {tmp_path}/cache && exec "$@"'
    if what == "download":
        content = pack([Entry("big", os.urandom(size))], "tar")
    with StubServer([Reply(body=content)]) as server:
        url = f"{server.url}/p.tar.gz"
        words = ("unshare", "--mount", "sh", "-c", script, "-", sys.executable, "-c", RUN, url)
        answer = subprocess.run(words, input=b"", capture_output=True, timeout=60)
    assert answer.returncode != 0
    assert b"SourceError: " in answer.stderr
    assert b"free" in answer.stderr
