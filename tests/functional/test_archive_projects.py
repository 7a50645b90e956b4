"""Projects in archives, local and from a web server: they run, and the malicious ones do not."""

from __future__ import annotations

import io
import json
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.commands import Place
from tests.functional.fetched import (
    files_that_hold,
    problem_of,
    run,
    tags_of_last_run,
    work_folders,
)
from tests.git_http import PASSWORD, USER, Manner
from tests.git_servers import GitServers
from tests.repositories import ECHOING_PROJECT

FILES = {"MLproject": ECHOING_PROJECT, "text.txt": "one\n"}
ENDINGS = [".zip", ".tar.gz", ".tgz", ".tar.zst"]


def archive(ending: str, files: dict[str, str]) -> bytes:
    """Return an archive with these files."""
    content = io.BytesIO()
    if ending == ".zip":
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, text in files.items():
                packed.writestr(name, text)
        return content.getvalue()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return _compressed(ending, content.getvalue())


def _compressed(ending: str, content: bytes) -> bytes:
    if ending == ".tar.zst":
        import zstandard

        return zstandard.compress(content)
    import gzip

    return gzip.compress(content)


@pytest.fixture
def served(git_servers: GitServers) -> Callable[[str, bytes], str]:
    """Puts a file on the web server, and returns its address."""

    def serve(name: str, content: bytes) -> str:
        (git_servers.root / name).write_bytes(content)
        return git_servers.url("http", name, area="dumb")

    return serve


Serve = Callable[[str, bytes], str]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("place_of_it", ["path", "file", "http"])
@pytest.mark.parametrize("folder", ["", "project-main/"])
def test_every_kind_of_archive_runs(
    place: Place, served: Serve, tmp_path: Path, ending: str, place_of_it: str, folder: str
) -> None:
    content = archive(ending, {f"{folder}{name}": text for name, text in FILES.items()})
    file = tmp_path / "place" / f"project{ending}"
    file.write_bytes(content)
    uri = {"path": file.name, "file": file.as_uri(), "http": served(file.name, content)}
    answer = run(place, uri[place_of_it], "-P", "word=hi")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "said hi\none\n"
    assert "mlflow.source.git.commit" not in tags_of_last_run(place)
    assert work_folders() == []
    assert file.read_bytes() == content


def test_a_subfolder_of_an_archive_is_the_project(place: Place, served: Serve) -> None:
    files = {f"a/dots.v1/{name}": text for name, text in FILES.items()}
    url = served("p.zip", archive(".zip", {**files, "other/file": ""}))
    assert run(place, f"{url}#a/dots.v1").stdout == "said hello\none\n"


def test_an_unchanged_archive_is_not_sent_again(
    place: Place, served: Serve, git_servers: GitServers
) -> None:
    url = served("p.zip", archive(".zip", FILES))
    assert run(place, url).returncode == 0
    assert run(place, url).stdout == "said hello\none\n"
    served("p.zip", archive(".zip", {**FILES, "text.txt": "two\n"}))
    assert run(place, url).stdout == "said hello\ntwo\n"
    git_servers.http.stop()
    assert run(place, url).returncode == 125
    assert run(place, url, "--offline").stdout == "said hello\ntwo\n"


def test_a_broken_download_leaves_a_cache_that_works(
    place: Place, served: Serve, git_servers: GitServers
) -> None:
    url = served("p.zip", archive(".zip", FILES)[:-40])
    assert run(place, url).returncode == 125
    git_servers.http.choose = lambda request: Manner(status=503)
    answer = run(place, url, "--output", "json")
    assert "503" in problem_of(json.loads(answer.stdout))
    git_servers.http.choose = lambda request: Manner()
    served("p.zip", archive(".zip", FILES))
    assert run(place, url).stdout == "said hello\none\n"
    assert work_folders() == []


def test_a_redirect_from_https_to_http_is_not_followed(
    place: Place, served: Serve, git_servers: GitServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = served("p.zip", archive(".zip", FILES))
    git_servers.https.choose = lambda request: Manner(location=target)
    monkeypatch.setenv("SSL_CERT_FILE", str(git_servers.ca))
    answer = run(place, git_servers.url("https", "p.zip", area="dumb"))
    assert answer.returncode == 125
    assert git_servers.http.requests == []


def test_a_password_of_an_archives_address_is_kept_nowhere(
    place: Place, served: Serve, git_servers: GitServers, tmp_path: Path
) -> None:
    served("p.zip", archive(".zip", FILES))
    url = git_servers.url("http", "p.zip", area="dumb", login=f"{USER}:{PASSWORD}")
    answer = run(place, url, "--verbose")
    assert answer.returncode == 0, answer.stderr
    assert PASSWORD not in answer.stdout + answer.stderr
    assert files_that_hold(PASSWORD, *(tmp_path / n for n in ("place", "state", "cache"))) == []


def tar_with(*members: tarfile.TarInfo) -> bytes:
    """Return a `.tar.gz` with the project and further members without content."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, text in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return content.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def zip_with(*members: tuple[str, bytes, int]) -> bytes:
    """Return a `.zip` with the project and further members: name, content, mode."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in FILES.items():
            packed.writestr(name, text)
        for name, body, mode in members:
            about = zipfile.ZipInfo(name)
            about.external_attr = mode << 16
            about.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(about, body)
    return content.getvalue()


PLAIN = stat.S_IFREG | 0o644

MALICIOUS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "tar-parent": (".tar.gz", lambda out: tar_with(member("../escaped"))),
    "tar-deep-parent": (".tar.gz", lambda out: tar_with(member("a/../../escaped"))),
    "tar-absolute": (".tar.gz", lambda out: tar_with(member(f"{out}/escaped"))),
    "tar-link": (".tar.gz", lambda out: tar_with(member("l", tarfile.SYMTYPE, "/etc"))),
    "tar-link-up": (".tar.gz", lambda out: tar_with(member("l", tarfile.SYMTYPE, "../.."))),
    "tar-through-link": (
        ".tar.gz",
        lambda out: tar_with(member("l", tarfile.SYMTYPE, out), member("l/escaped")),
    ),
    "tar-hard-link": (".tar.gz", lambda out: tar_with(member("h", tarfile.LNKTYPE, "/etc/passwd"))),
    "tar-device": (".tar.gz", lambda out: tar_with(member("d", tarfile.CHRTYPE))),
    "tar-pipe": (".tar.gz", lambda out: tar_with(member("p", tarfile.FIFOTYPE))),
    "zip-parent": (".zip", lambda out: zip_with(("../escaped", b"x", PLAIN))),
    "zip-absolute": (".zip", lambda out: zip_with((f"{out}/escaped", b"x", PLAIN))),
    "zip-backslash": (".zip", lambda out: zip_with(("..\\escaped", b"x", PLAIN))),
    "zip-link": (".zip", lambda out: zip_with(("l", b"/etc", stat.S_IFLNK | 0o777))),
    "zip-through-link": (
        ".zip",
        lambda out: zip_with(("l", out.encode(), stat.S_IFLNK | 0o777), ("l/escaped", b"x", PLAIN)),
    ),
}


@pytest.mark.parametrize("kind", MALICIOUS)
@pytest.mark.parametrize("where", ["file", "http"])
def test_a_malicious_archive_is_refused(
    place: Place, served: Serve, tmp_path: Path, kind: str, where: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    ending, build = MALICIOUS[kind]
    content = build(str(outside))
    url = served(f"evil{ending}", content)
    uri = url if where == "http" else str(tmp_path / "served" / f"evil{ending}")
    answer = run(place, uri)
    assert answer.returncode == 125, answer.stdout
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert list(outside.iterdir()) == []
    assert list(tmp_path.rglob("*escaped*")) == []
    assert work_folders() == []


def test_a_bomb_is_refused_early(place: Place, served: Serve, tmp_path: Path) -> None:
    url = served("bomb.zip", zip_with(*((f"{n}", bytes(50_000_000), PLAIN) for n in range(3))))
    answer = run(place, url)
    assert answer.returncode == 125, answer.stdout
    assert work_folders() == []


def test_modes_are_kept_without_setuid(place: Place, served: Serve) -> None:
    project = "entry_points: {main: {command: 'stat -c %a run.sh && ./run.sh'}}\n"
    content = zip_with(
        ("sub/MLproject", project.encode(), PLAIN),
        ("sub/run.sh", b"#!/bin/sh\necho ran\n", stat.S_IFREG | 0o6755),
    )
    answer = run(place, f"{served('p.zip', content)}#sub")
    assert answer.stdout == "755\nran\n", answer.stderr


def test_git_is_not_asked_about_an_archive(place: Place, served: Serve, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    settings = f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch {marker}\n"
    git = {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": settings,
        ".git/objects/info/none": "",
        ".git/refs/heads/none": "",
        ".git/index": "",
    }
    for words in ([], ["--keep-workdir"]):
        answer = run(place, served("p.zip", archive(".zip", {**FILES, **git})), *words)
        assert answer.returncode in (0, 125)
        assert not marker.exists()
        assert "Traceback" not in answer.stderr


def test_a_kept_archive_is_not_made_to_stand_on_its_own(
    place: Place, served: Serve, tmp_path: Path
) -> None:
    """What its `.git` borrows from is others' text, and must not be read or packed."""
    git = {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": "[core]\n\trepositoryformatversion = 0\n",
        ".git/refs/heads/none": "",
        ".git/objects/info/alternates": f"{tmp_path / 'lender'}\n",
    }
    (tmp_path / "lender" / "pack").mkdir(parents=True)
    (tmp_path / "lender" / "pack" / "secret").write_text("of the user")
    url = served("p.zip", archive(".zip", {**FILES, **git}))
    answer = run(place, url, "--keep-workdir", "--output", "json")
    kept = Path(json.loads(answer.stdout)["outcome"]["work_folder"])
    assert (kept / ".git/objects/info/alternates").exists()
    assert not (kept / ".git/objects/pack").exists()
