"""What a URI names: a folder, an archive or a repository, and what is said of the others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlrun.errors import MlrunError, NotSupportedError, SourceError
from mlrun.sources.addresses.address import (
    ArchiveAddress,
    FolderAddress,
    RepositoryAddress,
    parse_address,
)

NOWHERE = Path("/nowhere")
KINDS = {
    ".zip": "zip", ".tar": "tar", ".tar.gz": "tar.gz", ".tgz": "tar.gz", ".tar.bz2": "tar.bz2",
    ".tbz2": "tar.bz2", ".tar.xz": "tar.xz", ".txz": "tar.xz", ".tar.zst": "tar.zst",
    ".tzst": "tar.zst", ".ZIP": "zip", ".Tar.Gz": "tar.gz",
}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "my project" / "sub").mkdir(parents=True)
    return tmp_path / "my project"


def test_folder_is_named_in_each_way(project: Path, tmp_path: Path) -> None:
    for uri in (
        "my project", "./my project/", "my project/sub/..", str(project), f"file://{project}",
        project.as_uri(), "'my project'", '"my project"', f"file://localhost{project}",
        f"FILE://{project}", f"file:{project}", f"'{project.as_uri()}'",
    ):  # fmt: skip
        assert parse_address(uri, tmp_path) == FolderAddress(project), uri


def test_home_is_expanded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(project.parent))
    assert parse_address("~/my project#sub", NOWHERE) == FolderAddress(project, "sub")


@pytest.mark.parametrize(
    ("written", "subfolder"),
    [
        ("sub", "sub"), ("./sub/", "sub"), ("sub.dir", "sub.dir"), ("a//b/.", "a/b"), ("", ""),
        (".", ""), ("..a/b..", "..a/b.."), ("a\\..\\b", "a\\..\\b"), ("a#b", "a#b"),
        ("missing", "missing"),
    ],
)  # fmt: skip
def test_subfolder(written: str, subfolder: str, project: Path) -> None:
    for uri in (f"my project#{written}", f"{project.as_uri()}#{written}"):
        assert parse_address(uri, project.parent) == FolderAddress(project, subfolder)
    for uri in ("https://host/a.git", "git@host:a", "ssh://host/a", "https://host/a.zip"):
        address = parse_address(f"{uri}#{written}", NOWHERE)
        assert address.subfolder == subfolder
        assert address == parse_address(f"{uri}#{subfolder}", NOWHERE)


@pytest.mark.parametrize("subfolder", ["..", "../x", "a/../../x", "a/..", "/etc", "a\nb", "a\x00"])
def test_subfolder_stays_inside(subfolder: str, project: Path) -> None:
    (project.parent / "a.zip").touch()
    for uri in (
        "my project", project.as_uri(), "a.zip", "https://host/a.git", "git@host:a", "gh:o/n",
        "https://host/a.zip", "https://host/o/n/tree/main", "git+https://host/a.git", "missing",
    ):  # fmt: skip
        with pytest.raises(SourceError, match=r"does not lie inside|control character"):
            parse_address(f"{uri}#{subfolder}", project.parent)


@pytest.mark.parametrize(
    "name",
    [
        "a#b",
        "host:path",
        "git@host:path",
        "ext::x",
        "x.zip",
        "-x",
        "gh:o",
        "'quoted'",
        "a\nb",
        "C:",
    ],
)
def test_what_exists_here_is_what_is_meant(name: str, tmp_path: Path) -> None:
    (tmp_path / name / "sub").mkdir(parents=True)
    assert parse_address(name, tmp_path) == FolderAddress(tmp_path / name)
    assert parse_address(f"{name}#sub", tmp_path) == FolderAddress(tmp_path / name, "sub")
    assert parse_address(f"{name}/sub", tmp_path) == FolderAddress(tmp_path / name / "sub")


def test_an_address_is_not_shortened_to_a_folder(tmp_path: Path) -> None:
    address = parse_address("https://host/a/../b", tmp_path)
    assert isinstance(address, RepositoryAddress)
    assert isinstance(parse_address("https://host/../..", tmp_path), RepositoryAddress)
    with pytest.raises(SourceError, match="there is no folder"):
        parse_address("missing/..", tmp_path)


def test_a_file_is_left_to_who_reads_it(project: Path) -> None:
    (project / "train.py").touch()
    (project / "broken").symlink_to("nowhere")
    for name in ("train.py", "broken"):
        assert parse_address(name, project) == FolderAddress(project / name)


@pytest.mark.parametrize("ending", KINDS)
def test_archive_here(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"my project-1.0{ending}"
    file.touch()
    expected = ArchiveAddress("my project-1.0", KINDS[ending], file.as_uri(), file=file)
    for uri in (file.name, str(file), file.as_uri(), f"'{file}'"):
        assert parse_address(uri, tmp_path) == expected
    assert parse_address(f"{file.name}#a/b", tmp_path).subfolder == "a/b"


@pytest.mark.parametrize("ending", KINDS)
def test_archive_on_a_server(ending: str) -> None:
    address = parse_address(f"HTTPS://host.example/d/p-1.0{ending}#a/b", NOWHERE)
    url = f"https://host.example/d/p-1.0{ending}"
    assert address == ArchiveAddress("p-1.0", KINDS[ending], url, url=url, subfolder="a/b")


@pytest.mark.parametrize(
    ("uri", "name", "kind"),
    [
        ("https://github.com/o/n/archive/refs/tags/v1.zip", "v1", "zip"),
        ("https://github.com/o/n/zipball/main", "n", "zip"),
        ("https://api.github.com/repos/o/n/tarball/v1", "n", "tar.gz"),
        ("https://codeload.github.com/o/n/tar.gz/refs/tags/v1", "n", "tar.gz"),
        ("https://codeload.github.com/o/n/legacy.zip/main", "n", "zip"),
        ("https://git.example/g/n/-/archive/v1/n-v1.tar.gz", "n-v1", "tar.gz"),
        ("https://bitbucket.org/o/n/get/v1.tar.gz", "v1", "tar.gz"),
        ("https://host/a%20b.zip", "a b", "zip"),
        ("https://host/..zip", ".", "zip"),
        ("https://host/a%2Fb.zip", "a_b", "zip"),
    ],
)
def test_archive_of_a_code_host(uri: str, name: str, kind: str) -> None:
    address = parse_address(uri, NOWHERE)
    assert isinstance(address, ArchiveAddress)
    assert (address.name, address.kind) == (name if name != "." else "archive", kind)
    assert address.uri == address.url == uri


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("https://github.com/o/n/blob/main/d/p.zip", "https://github.com/o/n/raw/main/d/p.zip"),
        ("https://h/g/n/-/blob/main/p.zip", "https://h/g/n/-/raw/main/p.zip"),
        ("https://h/o/n/src/branch/main/p.zip", "https://h/o/n/raw/branch/main/p.zip"),
        ("https://h/src/p.zip", "https://h/src/p.zip"),
    ],
)
def test_page_of_an_archive_is_the_archive(page: str, file: str) -> None:
    address = parse_address(page, NOWHERE)
    assert isinstance(address, ArchiveAddress)
    assert address.url == file


def test_credentials_of_an_archive_are_used_and_not_shown() -> None:
    url = "https://me:s3cret@host/p.zip?X-Amz-Signature=abcdef&X-Amz-Date=2026&token=xyzxyz"
    address = parse_address(url, NOWHERE)
    assert isinstance(address, ArchiveAddress)
    assert address.url == url
    assert address.uri == "https://host/p.zip?X-Amz-Signature=***&X-Amz-Date=2026&token=***"
    for secret in ("s3cret", "abcdef", "xyzxyz", "me:"):
        assert secret not in repr(address)


@pytest.mark.parametrize("uri", ["git@host:a.zip", "ssh://host/a.zip", "git+https://host/a.zip"])
def test_archives_are_not_had_by_git(uri: str) -> None:
    assert isinstance(parse_address(uri, NOWHERE), RepositoryAddress)


@pytest.mark.parametrize(
    ("uri", "address", "ref", "subfolder"),
    [
        ("git+https://host/o/n.git", "https://host/o/n.git", None, ""),
        ("git+https://host/o/n.git@v1", "https://host/o/n.git", "v1", ""),
        ("git+https://host/o/n@a/b", "https://host/o/n", "a/b", ""),
        ("git+ssh://git@host/o/n.git@v1", "ssh://git@host/o/n.git", "v1", ""),
        ("git+http://h:80/n.git@v1#egg=n&subdirectory=a/b", "http://h:80/n.git", "v1", "a/b"),
        ("git+https://host/o/n.git#egg=n", "https://host/o/n.git", None, ""),
        ("git+file:///srv/n.git@v1", "file:///srv/n.git", "v1", ""),
    ],
)  # fmt: skip
def test_pips_form(uri: str, address: str, ref: str | None, subfolder: str) -> None:
    found = parse_address(uri, NOWHERE)
    assert isinstance(found, RepositoryAddress)
    assert (found.url.address, found.ref_and_folder, found.subfolder) == (address, ref, subfolder)


@pytest.mark.parametrize("uri", ["", " ", "''", '""', "' '"])
def test_empty_name_is_not_the_current_folder(uri: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no project is named"):
        parse_address(uri, tmp_path)


@pytest.mark.parametrize(
    ("uri", "error", "message"),
    [
        ("missing", SourceError, "there is no folder '/nowhere/missing'"),
        ("a/b/c", SourceError, "there is no folder '/nowhere/a/b/c'"),
        ("C:\\projects\\a", SourceError, "there is no folder"),
        ("C:/projects/a", SourceError, "there is no folder"),
        ("my folder: new", SourceError, "there is no folder"),
        ("a.zip", SourceError, "there is no file '/nowhere/a.zip'"),
        ("file:///nowhere/a%20b#sub", SourceError, "there is no folder '/nowhere/a b'"),
        ("file://host/a", SourceError, "'file://host' names another machine"),
        ("file://", SourceError, "names another machine"),
        ("~nobody-here/x", SourceError, "there is no folder '/nowhere/~nobody-here/x'"),
        ("a\nb", SourceError, "control character"),
        ("a\x00b", SourceError, "control character"),
        ("https://host/a\x1b", SourceError, "control character"),
        ("file:///nowhere/a%00b", SourceError, "control character"),
        ("ext::sh -c x", SourceError, "'ext::' would start a program"),
        ("-oProxyCommand=x", SourceError, "begins with '-'"),
        ("host:-x", SourceError, "begins with '-'"),
        ("https:/github.com/o/n", SourceError, "less or more than '//'"),
        ("s3://bucket/a.zip", NotSupportedError, "'s3://' is an object store"),
        ("S3://bucket", NotSupportedError, "'s3://' is an object store"),
        ("dbfs:/a/b", NotSupportedError, "'dbfs://' is an object store"),
        ("runs:/0123/a", NotSupportedError, "'runs:/' names an artifact"),
        ("models:/a/1", NotSupportedError, "'models:/' names an artifact"),
        ("ftp://host/a.zip", NotSupportedError, "by 'ftp://'"),
        ("htps://host/a.zip", SourceError, "by 'htps://'"),
    ],
)
def test_refused(uri: str, error: type[MlrunError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        parse_address(uri, NOWHERE)


@pytest.mark.parametrize(
    ("uri", "hint"),
    [
        ("owner/name", "a repository on GitHub is named 'gh:owner/name'"),
        ("gh/owner/name", "did you mean 'gh:owner/name'?"),
        ("git@host.example/a/b", "did you mean 'git@host.example:a/b'?"),
        ("git.example.org/a/b", "did you mean 'https://git.example.org/a/b'?"),
        ("htps://host/a", "did you mean 'https://'?"),
        ("https//host.example/a/b", "did you mean 'https://host.example/a/b'?"),
    ],
)
def test_near_miss_of_an_address(uri: str, hint: str) -> None:
    with pytest.raises(SourceError) as raised:
        parse_address(uri, NOWHERE)
    assert raised.value.hint == hint


def test_missing_folder_or_archive_names_its_neighbour(project: Path, tmp_path: Path) -> None:
    (tmp_path / "data-v1.tar.gz").touch()
    (tmp_path / "my projec.txt").touch()
    for uri, near in (
        ("my projct", project),
        (f"file://{tmp_path}/my%20projct#sub", project),
        ("data-v2.tar.gz", tmp_path / "data-v1.tar.gz"),
    ):
        with pytest.raises(SourceError, match="there is no") as raised:
            parse_address(uri, tmp_path)
        assert raised.value.hint == f"did you mean '{near}'?"


@given(st.text())
@example("~\0")
@example("~\ud800")
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    _check_any(text)


@given(
    st.sampled_from(["https://h", "file:", "git+https://h/a", "ssh://", "gh:", "git@", "."]),
    st.text(st.sampled_from("ab-./:@#?%~[]2 \\'\n"), max_size=14),
)
def test_anything_like_an_address_is_one_or_an_error(start: str, text: str) -> None:
    _check_any(start + text)


def _check_any(text: str) -> None:
    try:
        address = parse_address(text, NOWHERE)
    except MlrunError as error:
        shown = f"{error} {error.hint}"
        assert "\n" not in shown
        assert "\x00" not in shown
        return
    assert ".." not in address.subfolder.split("/")
    assert not address.subfolder.startswith("/")
    if isinstance(address, ArchiveAddress):
        assert "/" not in address.name
        assert address.name not in ("", ".", "..")


@given(
    st.sampled_from(["https", "http", "ssh", "git", "git+https"]),
    st.sampled_from(["", "12/", "12#", "12?", "x/", "x#", "@", ":"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12),
    st.sampled_from(["host.example/n", "host.example:80/n.zip", "host.example/o/n/tree/main/x"]),
)
def test_a_password_is_not_shown_however_it_is_written(
    scheme: str, start: str, middle: str, rest: str
) -> None:
    password = f"{start}Qw3{middle}Kx7"
    for written in (password, quote(password, safe="")):
        try:
            shown = repr(parse_address(f"{scheme}://login:{written}@{rest}", NOWHERE))
        except MlrunError as error:
            shown = f"{error} {error.hint}"
        assert "Qw3" not in shown
        assert "Kx7" not in shown


def test_what_the_docs_show(tmp_path: Path) -> None:
    (tmp_path / "examples/train").mkdir(parents=True)
    docs = Path(__file__).parents[4] / "docs" / "sources.md"
    shown = docs.read_text().partition("\n## ")[0]
    uris = re.findall(r"^    mlrun run (\S+)", shown, re.MULTILINE)
    kinds = [type(parse_address(uri, tmp_path)) for uri in uris]
    assert kinds == [FolderAddress, *[RepositoryAddress] * 4, ArchiveAddress]


def test_a_local_project_needs_none_of_the_other_modules(tmp_path: Path) -> None:
    """Its start is the one that people wait for."""
    script = (
        "import sys; from pathlib import Path;"
        "from mlrun.sources.addresses.address import parse_address;"
        "parse_address('.', Path.cwd());"
        "print([name for name in sys.modules if name.startswith('mlrun.sources.')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert answer.stdout.strip() == str(
        [
            "mlrun.sources.addresses",
            "mlrun.sources.archive",
            "mlrun.sources.archive.endings",
            "mlrun.sources.addresses.address",
        ]
    )
