"""Which names and links are safe, whatever the format."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.sources.archive.members import (
    ArchiveFaultError,
    MemberKind,
    file_member,
    folder_member,
    hard_link,
    safe_path,
    symbolic_link,
)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", ("a",)),
        ("a/b.txt", ("a", "b.txt")),
        ("./a//b/./c/", ("a", "b", "c")),
        (".", ()),
        ("./", ()),
        ("...", ("...",)),
        ("a..b/..c", ("a..b", "..c")),
        ("data:1.csv", ("data:1.csv",)),
        ("dossier/été", ("dossier", "été")),
        (os.fsdecode(b"caf\xe9"), (os.fsdecode(b"caf\xe9"),)),
        ("/".join("d" * 100), tuple("d" * 100)),
        ("x" * 255, ("x" * 255,)),
    ],
)
def test_safe_names(name: str, path: tuple[str, ...]) -> None:
    assert safe_path(name) == path


@pytest.mark.parametrize(
    "name",
    [
        *("/etc/passwd", "//server/share", "../x", "a/../../x", "a/..", ".."),
        *("C:/x", "c:x", "..\\x", "a\\b", "\\\\server\\x"),
        *("a\0b", "a\nb", "\x1b[31m", "\x7f"),
        *("x" * 256, "é" * 128, "/".join("d" * 101), "/".join(["x" * 200] * 11)),
        "\ud800",
    ],
)
def test_names_that_are_not_safe(name: str) -> None:
    with pytest.raises(ArchiveFaultError) as caught:
        safe_path(name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@given(st.text())
def test_what_is_safe_lies_below(name: str) -> None:
    try:
        path = safe_path(name)
    except ArchiveFaultError:
        return
    top = Path("/top")
    assert top in (top.joinpath(*path), *top.joinpath(*path).parents)
    assert ".." not in path


@pytest.mark.parametrize(
    ("name", "target"),
    [("l", "a"), ("l", "."), ("a/l", "../b"), ("a/b/l", "../../c/../d"), ("l", "a/./b//c")],
)
def test_links_that_stay(name: str, target: str) -> None:
    assert symbolic_link(name, target).target == target


@pytest.mark.parametrize(
    ("name", "target"),
    [
        *(("l", "/etc"), ("l", ".."), ("l", "../x"), ("a/l", "../../x"), ("a/l", "b/../../../x")),
        *(("l", "a/../../top/x"), ("l", ""), ("l", "a\0b"), ("l", "..\\x"), ("l", "C:/x")),
        *(("l", "a/" * 3_000), ("../l", "x"), (".", "x"), ("l", "\ud800")),
    ],
)
def test_links_that_do_not(name: str, target: str) -> None:
    with pytest.raises(ArchiveFaultError):
        symbolic_link(name, target)


@pytest.mark.parametrize(("name", "linked"), [("a", "/b"), ("a", "../b"), ("../a", "b"), ("a", "")])
def test_hard_links_that_lead_out(name: str, linked: str) -> None:
    with pytest.raises(ArchiveFaultError):
        hard_link(name, linked)


@pytest.mark.parametrize(
    ("mode", "kept"),
    [(0o644, 0o644), (0o755, 0o755), (0o7755, 0o755), (0o000, 0o600), (0o555, 0o755)],
)
def test_modes(mode: int, kept: int) -> None:
    assert file_member("a", 1, mode).mode == kept


def test_the_top_itself_is_a_folder() -> None:
    assert folder_member("./").kind is MemberKind.FOLDER
    with pytest.raises(ArchiveFaultError):
        file_member("./", 1, 0o644)


def test_a_size_below_nothing() -> None:
    with pytest.raises(ArchiveFaultError, match="damaged"):
        file_member("a", -1, 0o644)
