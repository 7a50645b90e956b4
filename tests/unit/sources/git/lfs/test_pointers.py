"""Pointers of Git LFS: what they look like, and which files of a commit are some."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import SourceError
from mlrun.sources.git.lfs.contents import Pointer, pointers_of
from mlrun.sources.git.lfs.pointers import PointerText, read_pointer
from mlrun.sources.git.process import GitError
from tests.lfs_pointers import LFS_ATTRIBUTES, OID, pointer_text
from tests.repositories import Files, Link, Program, make_repository

TEXT = pointer_text(OID, 12)


def pointers(folder: Path, files: Files, form: str = "sha1") -> tuple[Pointer, ...]:
    repository = make_repository(folder / "repository.git", form=form)
    return pointers_of(repository.path, repository.commit(files))


def paths(folder: Path, files: Files) -> set[str]:
    return {pointer.path for pointer in pointers(folder, files)}


@given(st.binary(min_size=32, max_size=32), st.integers(0, 10**18 - 1))
def test_a_pointer_says_hash_and_size(digest: bytes, size: int) -> None:
    assert read_pointer(pointer_text(digest.hex(), size)) == PointerText(digest.hex(), size)


@given(st.binary(max_size=2000))
def test_whatever_is_no_pointer_is_none(content: bytes) -> None:
    assert read_pointer(content) is None


@given(st.integers(0, len(TEXT) - 4))
def test_a_part_is_none(length: int) -> None:
    assert read_pointer(TEXT[:length]) is None


@pytest.mark.parametrize(
    "version", ["http://git-media.io/v/2", "https://hawser.github.com/spec/v1"]
)
def test_older_names_are_read(version: str) -> None:
    text = TEXT.replace(b"https://git-lfs.github.com/spec/v1", version.encode())
    assert read_pointer(text) == PointerText(OID, 12)


@pytest.mark.parametrize(
    "text", [TEXT.strip(), b"\n" + TEXT + b"\n\n", TEXT.replace(b"\n", b"\r\n")]
)
def test_like_git_lfs_it_is_lenient_with_spaces(text: bytes) -> None:
    assert read_pointer(text) == PointerText(OID, 12)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace(b"size 12", b"size -1"),
        TEXT.replace(b"sha256", b"md5"),
        TEXT.replace(b"spec/v1", b"spec/v9"),
        TEXT + b"more 1\n",
        TEXT + b" " * 1024,
        b"oid" + TEXT,
    ],
)
def test_near_misses_are_none(text: bytes) -> None:
    assert read_pointer(text) is None


def test_an_extension_is_seen() -> None:
    text = TEXT.replace(b"oid", b"ext-0-crypt sha256:" + b"a" * 64 + b"\noid")
    assert read_pointer(text) == PointerText(OID, 12, extended=True)


def test_no_attributes_no_pointers(tmp_path: Path) -> None:
    assert pointers(tmp_path, {"a.bin": TEXT}) == ()


def test_other_attributes_no_pointers(tmp_path: Path) -> None:
    assert pointers(tmp_path, {".gitattributes": "*.bin -text\n", "a.bin": TEXT}) == ()


def test_path_hash_size_and_mode(tmp_path: Path) -> None:
    files: Files = {".gitattributes": LFS_ATTRIBUTES, "a.bin": TEXT, "ä b\t/x.bin": Program(TEXT)}
    assert set(pointers(tmp_path, files)) == {
        Pointer("a.bin", OID, 12),
        Pointer("ä b\t/x.bin", OID, 12, executable=True),
    }


def test_longer_hashes(tmp_path: Path) -> None:
    files: Files = {".gitattributes": LFS_ATTRIBUTES, "a.bin": TEXT}
    assert pointers(tmp_path, files, "sha256") == (Pointer("a.bin", OID, 12),)


def test_the_attribute_decides_and_the_content(tmp_path: Path) -> None:
    files: Files = {
        ".gitattributes": LFS_ATTRIBUTES,
        "a.bin": TEXT,
        "looks-like-one.txt": TEXT,
        "committed-whole.bin": b"data" * 50,
        "committed-large.bin": TEXT + b" " * 2000,
        "empty.bin": b"",
        "link.bin": Link("a.bin"),
    }
    assert paths(tmp_path, files) == {"a.bin"}


def test_attributes_at_every_level(tmp_path: Path) -> None:
    files: Files = {
        "data/.gitattributes": "*.csv filter=lfs\nraw.csv !filter\n",
        "data/a.csv": TEXT,
        "data/raw.csv": TEXT,
        "data/x/b.csv": TEXT,
        "data/y/.gitattributes": "* -filter\n",
        "data/y/c.csv": TEXT,
        "data/z/.gitattributes": "*.csv filter=lfsx\n",
        "data/z/d.csv": TEXT,
        "other/e.csv": TEXT,
    }
    assert paths(tmp_path, files) == {"data/a.csv", "data/x/b.csv"}


def test_attributes_by_a_macro(tmp_path: Path) -> None:
    attributes = "[attr]kept filter=lfs -text\nmodels/** kept\n"
    files: Files = {".gitattributes": attributes, "models/a/b": TEXT, "a": TEXT}
    assert paths(tmp_path, files) == {"models/a/b"}


def test_attributes_that_are_a_link_say_nothing(tmp_path: Path) -> None:
    files: Files = {"x": LFS_ATTRIBUTES, "d/.gitattributes": Link("filter=lfs"), "d/a.bin": TEXT}
    assert pointers(tmp_path, files) == ()


def test_attributes_of_another_commit_do_not_count(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git", {"a.bin": TEXT})
    before = repository.find("refs/heads/main")
    after = repository.commit({".gitattributes": LFS_ATTRIBUTES})
    assert before is not None
    assert pointers_of(repository.path, before) == ()
    assert [pointer.path for pointer in pointers_of(repository.path, after)] == ["a.bin"]


def test_a_repository_with_a_working_tree(tmp_path: Path, git_environment: Path) -> None:
    """Its own files, index and attributes have no say, and do not change."""
    bare = make_repository(tmp_path / "r.git", {".gitattributes": LFS_ATTRIBUTES, "a.bin": TEXT})
    subprocess.run(["git", "clone", "-q", str(bare.path), str(tmp_path / "clone")], check=True)
    git = tmp_path / "clone" / ".git"
    (tmp_path / "clone" / ".gitattributes").unlink()
    index = (git / "index").read_bytes()
    commit = bare.find("refs/heads/main")
    assert commit is not None
    assert [pointer.path for pointer in pointers_of(git, commit)] == ["a.bin"]
    assert (git / "index").read_bytes() == index


def test_an_extension_is_refused(tmp_path: Path) -> None:
    text = TEXT.replace(b"oid", b"ext-0-crypt sha256:" + b"a" * 64 + b"\noid")
    with pytest.raises(SourceError, match=r"'a\.bin' is kept in Git LFS through an extension"):
        pointers(tmp_path, {".gitattributes": LFS_ATTRIBUTES, "a.bin": text})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("fetchexclude = *", set()),
        ("fetchexclude = data", {"a.bin", "x/b c.bin"}),
        ("fetchexclude = /data/**, x/b c.bin", {"a.bin", "x/data/d.bin"}),
        ("fetchinclude = data", {"data/raw/c.bin", "x/data/d.bin"}),
        ("fetchinclude = data\n fetchexclude = x", {"data/raw/c.bin"}),
        ("fetchinclude = none", set()),
        ("fetchexclude =", {"a.bin", "x/b c.bin", "data/raw/c.bin", "x/data/d.bin"}),
        ("fetchexclude = --others", {"a.bin", "x/b c.bin", "data/raw/c.bin", "x/data/d.bin"}),
    ],
)
def test_what_the_project_excludes_stays(settings: str, expected: set[str], tmp_path: Path) -> None:
    names = ("a.bin", "x/b c.bin", "data/raw/c.bin", "x/data/d.bin")
    files: Files = {".gitattributes": LFS_ATTRIBUTES, **dict.fromkeys(names, TEXT)}
    assert paths(tmp_path, {**files, ".lfsconfig": f"[lfs]\n {settings}\n"}) == expected


def test_thousands_of_pointers(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"d{n % 50}/{n}.bin": TEXT for n in range(3000)}
    assert len(paths(tmp_path, {".gitattributes": LFS_ATTRIBUTES, **files})) == 3000


def test_a_commit_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GitError):
        pointers_of(make_repository(tmp_path / "r.git").path, "1" * 40)
