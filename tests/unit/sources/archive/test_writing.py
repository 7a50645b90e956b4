"""The writer by itself: it trusts nobody, not even those who check names before it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mlrun.errors import SourceError
from mlrun.sources.archive.limits import Budget, Limits
from mlrun.sources.archive.members import ArchiveFaultError, Member, MemberKind
from mlrun.sources.archive.writing import Unpacking


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "outer" / "work"
    work.mkdir(parents=True)
    return work


@pytest.fixture
def into(work: Path) -> Iterator[Unpacking]:
    into = Unpacking(work, Budget(Limits(), 1_000, work))
    yield into
    into.close()


def file(*path: str, size: int = 1) -> Member:
    return Member(path, MemberKind.FILE, size)


@pytest.mark.parametrize("path", [("..", "x"), ("/etc/x",), ("a", "..", "..", "x"), ("",), (".",)])
def test_names_are_looked_at_once_more(path: tuple[str, ...], into: Unpacking, work: Path) -> None:
    for kind in MemberKind:
        with pytest.raises(ArchiveFaultError):
            into.add(Member(path, kind, 1, linked=("a",)), io.BytesIO(b"x"))
    assert os.listdir(work.parent) == ["work"]


@pytest.mark.parametrize("target", ["/etc", "..", "../../x", "a/../.."])
def test_links_are_followed_in_the_end(target: str, into: Unpacking) -> None:
    into.add(Member(("l",), MemberKind.SYMBOLIC_LINK, target=target))
    with pytest.raises(ArchiveFaultError, match="link out of it"):
        into.finish()


def test_a_link_that_somebody_puts_in_the_way_is_not_followed(into: Unpacking, work: Path) -> None:
    (work / "l").symlink_to("..")
    (work / "f").symlink_to("../out")
    for path in (("l", "x"), ("f",)):
        with pytest.raises(ArchiveFaultError):
            into.add(file(*path), io.BytesIO(b"x"))
    assert os.listdir(work.parent) == ["work"]


def test_many_links_in_a_row(into: Unpacking, work: Path) -> None:
    into.add(file("l0"), io.BytesIO(b"x"))
    for number in range(1, 3_000):
        into.add(Member((f"l{number}",), MemberKind.SYMBOLIC_LINK, target=f"l{number - 1}"))
    with suppress(ArchiveFaultError):  # whether Python can follow so many depends on its version
        into.finish()
    assert os.listdir(work.parent) == ["work"]


@pytest.mark.parametrize("size", [0, 2])
def test_content_of_another_length_than_it_says(size: int, into: Unpacking) -> None:
    with pytest.raises(ArchiveFaultError, match="not as long as it says"):
        into.add(file("a", size=size), io.BytesIO(b"x"))


def test_few_descriptors_are_open_however_many_folders_there_are(into: Unpacking) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(2_000):
        into.add(file(f"d{number}", "e", "f"), io.BytesIO(b"x"))
    assert len(os.listdir("/proc/self/fd")) < before + 10


def test_folders_that_members_bring_along_are_counted(work: Path) -> None:
    into = Unpacking(work, Budget(Limits(members=20), 1_000, work))
    try:
        into.add(file(*"abcdefghij", "x"), io.BytesIO(b"x"))
        with pytest.raises(ArchiveFaultError, match="more than 20"):
            into.add(file(*"ABCDEFGHIJK", "x"), io.BytesIO(b"x"))
    finally:
        into.close()


def test_a_disk_that_refuses_is_said_as_such(into: Unpacking, work: Path) -> None:
    work.rmdir()
    with pytest.raises(SourceError, match="cannot be kept"):
        into.add(file("a"), io.BytesIO(b"x"))
