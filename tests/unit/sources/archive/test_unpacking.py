"""What comes out of archives of every format, and that the hostile ones leave nothing."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import SourceError
from mlrun.sources.archive.unpacking import find_root
from tests.unit.sources.archive.packing import (
    KINDS,
    TAR_KINDS,
    Entry,
    folder,
    hard,
    link,
    pack,
    unpack_into,
)

PROJECT = (
    folder("repo-main"),
    Entry("repo-main/MLproject", b"name: x\n"),
    Entry("repo-main/run.sh", b"#!/bin/sh\n", mode=0o755),
    Entry("repo-main/data/" + "long" * 40 + "/été.csv", b"1,2\n" * 100_000),
    folder("repo-main/empty"),
    link("repo-main/latest", "data"),
    link("repo-main/data/up", "../MLproject"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_comes_out_as_it_went_in(kind: str, tmp_path: Path) -> None:
    top = unpack_into(tmp_path, pack(PROJECT, kind), kind) / "repo-main"
    for entry in PROJECT:
        path = top.parent / entry.name
        if entry.kind == "file":
            assert path.read_bytes() == entry.content
        elif entry.kind == "link":
            assert str(path.readlink()) == entry.target
    assert (top / "empty").is_dir()
    assert stat.S_IMODE((top / "run.sh").stat().st_mode) == 0o755
    assert (top / "data" / "up").read_bytes() == b"name: x\n"


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_bytes_say_the_format_and_not_the_name(kind: str, tmp_path: Path) -> None:
    work = unpack_into(tmp_path, pack(PROJECT, kind), "tar.gz" if kind == "zip" else "zip")
    assert (work / "repo-main" / "MLproject").is_file()


@pytest.mark.parametrize("kind", KINDS)
def test_rights_of_others_and_special_bits_are_not_taken_over(kind: str, tmp_path: Path) -> None:
    entries = [
        Entry("setuid", b"x", mode=0o6755),
        Entry("sticky", b"x", mode=0o1777),
        Entry("secret", b"x", mode=0o600),
        Entry("unreadable", b"x", mode=0o000),
        Entry("closed", kind="folder", mode=0o000),
        Entry("closed/file", b"x"),
    ]
    earlier = os.umask(0o022)
    try:
        work = unpack_into(tmp_path, pack(entries, kind), kind)
    finally:
        os.umask(earlier)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in work.iterdir()}
    assert modes["setuid"] == modes["sticky"] == 0o755
    assert modes["secret"] == 0o600
    assert modes["unreadable"] & 0o600 == 0o600
    assert modes["closed"] & 0o700 == 0o700


OUT = {
    "up": [Entry("../out", b"x")],
    "up from below": [Entry("a/../../out", b"x")],
    "absolute": [Entry("/tmp/mlrun-archive-out", b"x")],
    "backslash": [Entry("..\\out", b"x")],
    "drive": [Entry("C:/out", b"x")],
    "line break": [Entry("a\nb", b"x")],
    "folder up": [folder("../out")],
    "absolute link": [link("l", "/etc/passwd")],
    "link up": [link("l", "../secret")],
    "link and a file below it": [link("l", ".."), Entry("l/out", b"x")],
    "inner link and a file below it": [folder("d"), link("l", "d"), Entry("l/x", b"x")],
    "file below a link that comes later": [Entry("l/x", b"x"), link("l", "d"), folder("d")],
    "link below a link": [folder("d"), link("l", "d"), link("l/m", "x")],
    "chain": [link("a", "."), link("b", "a/.."), Entry("b/out", b"x")],
    "chain of links alone": [folder("d/e"), link("d/here", ".."), link("d/up", "here/../secret")],
    "chain by a later link": [link("x", "d/../secret"), link("d", "."), link("y", "d/d/d/../..")],
    "link of which a part is a link": [link("d", "."), link("x", "d/../../secret")],
    "a file through an earlier link": [link("l", "target"), Entry("l", b"x")],
    "a link in place of a file": [Entry("l", b"x"), link("l", "target")],
    "a folder in place of a link": [link("l", "target"), folder("l")],
    "a link in place of a folder": [folder("l"), link("l", "target")],
    "a file in place of a folder": [Entry("a/b", b"x"), Entry("a", b"x")],
    "a file below a file": [Entry("a", b"x"), Entry("a/b", b"x")],
    "device": [Entry("null", kind="device")],
    "block device": [Entry("disk", kind="block device")],
    "pipe": [Entry("pipe", kind="pipe")],
    "very long name": [Entry("x" * 300, b"x")],
    "very deep": [Entry("/".join("d" * 500), b"x")],
}
OUT_OF_TAR = {
    "hard link up": [hard("h", "../secret")],
    "absolute hard link": [hard("h", "/etc/passwd")],
    "hard link by a link": [link("l", ".."), hard("h", "l/secret")],
    "hard link to a link that leads out": [link("d/l", "../x"), hard("m", "d/l")],
    "hard link to nothing": [hard("h", "later"), Entry("later", b"x")],
    "hard link to a folder": [folder("d"), hard("h", "d")],
    "hard link below a link": [Entry("f", b"x"), link("l", "."), hard("l/h", "f")],
}
OUT_OF_ZIP = {
    "NUL": [Entry("a\0/../../out", b"x")],
    "socket": [Entry("socket", kind="socket")],
}


def hostile() -> list[object]:
    everywhere = [(name, kind, entries) for name, entries in OUT.items() for kind in KINDS[:3]]
    tars = [(name, kind, entries) for name, entries in OUT_OF_TAR.items() for kind in TAR_KINDS[:2]]
    zips = [(name, "zip", entries) for name, entries in OUT_OF_ZIP.items()]
    return [pytest.param(k, e, id=f"{k}-{n}") for n, k, e in (*everywhere, *tars, *zips)]


@pytest.mark.parametrize(("kind", "entries"), hostile())
def test_hostile_members_are_refused_and_leave_nothing(
    kind: str, entries: list[Entry], tmp_path: Path
) -> None:
    archive = pack([Entry("MLproject", b"name: x\n"), *entries], kind)
    with pytest.raises(SourceError, match=r"not safe|damaged") as caught:
        unpack_into(tmp_path, archive, kind)
    assert caught.value.message.startswith("the archive X ")
    assert caught.value.message.isprintable()
    assert not Path("/tmp/mlrun-archive-out").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_links_within_may_be_chained_looped_and_lead_nowhere(kind: str, tmp_path: Path) -> None:
    entries = [
        link("a", "b"),
        link("b", "d/../d"),
        link("d/self", "self"),
        link("d/nowhere", "../not/there"),
        link("top", "."),
        Entry("d/f", b"x"),
    ]
    work = unpack_into(tmp_path, pack(entries, kind), kind)
    assert (work / "a" / "f").read_bytes() == b"x"


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_files_of_a_name_the_last_one_counts(kind: str, tmp_path: Path) -> None:
    entries = [Entry("a", b"old", mode=0o755), Entry("a", b"new")]
    work = unpack_into(tmp_path, pack(entries, kind), kind)
    assert (work / "a").read_bytes() == b"new"
    assert stat.S_IMODE((work / "a").stat().st_mode) & 0o111 == 0


@pytest.mark.parametrize("kind", TAR_KINDS)
def test_a_second_file_does_not_write_through_a_hard_link(kind: str, tmp_path: Path) -> None:
    entries = [Entry("a", b"old"), hard("b", "a"), Entry("b", b"new"), hard("c", "a")]
    work = unpack_into(tmp_path, pack(entries, kind), kind)
    contents = {path.name: path.read_bytes() for path in work.iterdir()}
    assert contents == {"a": b"old", "b": b"new", "c": b"old"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_repository_in_an_archive_is_only_files(kind: str, tmp_path: Path) -> None:
    """What mlrun does with a folder (asking git) it does not do with an archive's."""
    config = b"[core]\n\tfsmonitor = touch /tmp/mlrun-archive-out\n"
    entries = [
        Entry(".git/config", config),
        Entry(".git/hooks/post-checkout", b"#!/bin/sh\n", mode=0o755),
        Entry("MLproject", b"name: x\n"),
    ]
    work = unpack_into(tmp_path, pack(entries, kind), kind)
    assert (work / ".git" / "config").read_bytes() == config
    assert not Path("/tmp/mlrun-archive-out").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_of_nothing(kind: str, tmp_path: Path) -> None:
    assert list(unpack_into(tmp_path, pack([], kind), kind).iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_any_cut_is_seen_or_harmless(kind: str, tmp_path: Path) -> None:
    archive = pack(PROJECT[:3], kind)
    whole = unpack_into(tmp_path / "whole", archive, kind)
    names = sorted(path.relative_to(whole) for path in whole.rglob("*"))
    for end in range(0, len(archive), max(1, len(archive) // 40)):
        place = tmp_path / str(end)
        try:
            work = unpack_into(place, archive[:end], kind)
        except SourceError:
            continue
        # A tar that ends between two members is a tar.
        assert kind == "tar"
        assert {p.relative_to(work) for p in work.rglob("*")} <= set(names)


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_byte_is_seen_or_harmless(kind: str, tmp_path: Path) -> None:
    archive = bytearray(pack(PROJECT[:3], kind))
    for place in range(0, len(archive), max(1, len(archive) // 60)):
        changed = bytes([*archive[:place], archive[place] ^ 0x55, *archive[place + 1 :]])
        with suppress(SourceError):
            unpack_into(tmp_path / str(place), changed, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"", b"x", b"no archive at all\n" * 100, b"\xff\1" * 999])
def test_what_is_no_archive(kind: str, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"is no|damaged"):
        unpack_into(tmp_path, content, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_web_page_instead_of_an_archive(kind: str, tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html><title>Sign in</title></html>" + b" " * 1000
    with pytest.raises(SourceError) as caught:
        unpack_into(tmp_path, page, kind)
    assert "web page" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("paths", "subfolder", "root"),
    [
        (["r/MLproject"], "", "r"),
        (["r/a", "r/b"], "", "r"),
        (["r/MLproject", "__MACOSX/r/._MLproject", ".DS_Store"], "", "r"),
        (["r/MLproject", "pax_global_header"], "", "r"),
        (["r/sub/MLproject"], "sub", "r"),
        (["r/sub/MLproject"], "./sub", "r"),
        (["r/sub/MLproject"], "r/sub", ""),
        (["r/sub/MLproject"], "./r/sub", ""),
        (["r/MLproject"], "r", ""),
        (["r/rest/MLproject"], "rest", "r"),
        (["r/MLproject", "README"], "", ""),
        (["r/MLproject", "q/MLproject"], "", ""),
        (["MLproject"], "", ""),
        (["mlproject"], "", ""),
        (["mlproject/MLproject"], "", "mlproject"),
    ],
)
def test_where_the_project_starts(
    paths: list[str], subfolder: str, root: str, tmp_path: Path
) -> None:
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    assert find_root(tmp_path, subfolder) == tmp_path / root


def test_a_link_alone_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "l").symlink_to(".")
    assert find_root(tmp_path, "") == tmp_path


NAME = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="/\\:"), min_size=1
)
SAFE = NAME.filter(lambda name: name not in (".", "..") and len(name.encode()) < 100)
TREE = st.dictionaries(
    st.tuples(SAFE) | st.tuples(SAFE, SAFE) | st.tuples(SAFE, SAFE, SAFE),
    st.tuples(st.binary(max_size=2_000), st.sampled_from([0o644, 0o755, 0o600])),
    max_size=8,
)


@pytest.mark.parametrize("kind", KINDS)
@given(tree=TREE)
def test_any_tree_comes_out_as_it_went_in(
    kind: str, tree: dict[tuple[str, ...], tuple[bytes, int]]
) -> None:
    folders = {path[:n] for path in tree for n in range(1, len(path))}
    files = {"/".join(path): value for path, value in tree.items() if path not in folders}
    archive = pack([Entry(name, content, mode) for name, (content, mode) in files.items()], kind)
    with tempfile.TemporaryDirectory() as place:
        work = unpack_into(Path(place), archive, kind)
        found = {
            str(path.relative_to(work)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
            for path in work.rglob("*")
            if path.is_file()
        }
    assert found == files


EVIL = st.lists(
    st.sampled_from(["..", ".", "a", "b", "l", "", "secret", "around", "work", "C:", "\\", "/"]),
    max_size=5,
).map("/".join)
MEMBERS = st.lists(
    st.one_of(
        st.builds(Entry, EVIL, st.just(b"evil")),
        st.builds(folder, EVIL),
        st.builds(link, EVIL, EVIL),
        st.builds(hard, EVIL, EVIL),
    ),
    max_size=7,
)


@pytest.mark.parametrize("kind", ["zip", "tar"])
@given(members=MEMBERS)
def test_nothing_hostile_is_ever_written_outside(kind: str, members: list[Entry]) -> None:
    entries = [e for e in members if kind == "tar" or (e.kind != "hard link" and e.name)]
    with tempfile.TemporaryDirectory() as place:
        try:
            work = unpack_into(Path(place), pack(entries, kind), kind)
        except SourceError:
            return
        top = os.path.realpath(work)
        for path in work.rglob("*"):
            if path.is_symlink():
                assert (os.path.realpath(path) + "/").startswith(top + "/")
            elif path.is_file():
                assert path.read_bytes() == b"evil"
