"""What only ZIP archives have: a directory at the end, encryption, systems, overlaps."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from mlrun.errors import SourceError
from mlrun.sources.archive import limits
from mlrun.sources.archive.limits import Limits
from tests.unit.sources.archive.packing import Entry, link, pack_zip, unpack_into


def refusal(archive: bytes, place: Path) -> str:
    with pytest.raises(SourceError) as caught:
        unpack_into(place, archive, "zip")
    return caught.value.message


def local(name: bytes, content: bytes, size: int, crc: int) -> bytes:
    packed = len(content)
    fields = (b"PK\3\4", 20, 0, 8, 0, 0, crc, packed, size, len(name), 0)
    return struct.pack("<4s5H3L2H", *fields) + name + content


def directory(name: bytes, packed: int, size: int, crc: int, place: int) -> bytes:
    fields = (b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, packed, size, len(name), 0, 0, 0, 0, 0, place)
    return struct.pack("<4s6H3L5H2L", *fields) + name


def end(count: int, size: int, place: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, place, 0)


def test_an_encrypted_archive_is_refused_with_what_to_do(tmp_path: Path) -> None:
    archive = bytearray(pack_zip([Entry("a", b"x")]))
    archive[6] |= 1
    archive[archive.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(SourceError, match="is encrypted") as caught:
        unpack_into(tmp_path, bytes(archive), "zip")
    assert "without a password" in str(caught.value.hint)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_uncommon_methods_that_know_no_bounds_are_refused(method: int, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as packed:
        packed.writestr("a", b"x" * 1000)
    assert "uncommon" in refusal(archive.getvalue(), tmp_path)


def test_stored_files_zip64_and_a_comment(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        with packed.open("big", "w", force_zip64=True) as member:
            member.write(b"x" * 1000)
        packed.comment = b"this is how it ends"
    work = unpack_into(tmp_path, archive.getvalue(), "zip")
    assert (work / "big").read_bytes() == b"x" * 1000


def test_what_stands_before_an_archive_does_not_matter(tmp_path: Path) -> None:
    archive = b"#!/bin/sh\nexit\n" + pack_zip([Entry("a", b"x")])
    assert (unpack_into(tmp_path, archive, "zip") / "a").read_bytes() == b"x"


@pytest.mark.parametrize(("flag", "name"), [(0x800, "é.txt"), (0, "Θ⌐.txt")])
def test_names_in_both_encodings(flag: int, name: str, tmp_path: Path) -> None:
    """Without the flag for UTF-8, a name is in the code page of old PCs."""
    archive = bytearray(pack_zip([Entry("é.txt", b"x")]))
    for place in (6, archive.index(b"PK\1\2") + 8):
        archive[place : place + 2] = struct.pack("<H", flag)
    work = unpack_into(tmp_path, bytes(archive), "zip")
    expected = name if flag else "é.txt".encode().decode("cp437")
    assert [path.name for path in work.iterdir()] == [expected]


def test_an_archive_made_without_modes(tmp_path: Path) -> None:
    """High bits mean a mode only where a Unix made the archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        info = zipfile.ZipInfo("a")
        info.create_system = 0
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(info, b"/etc/passwd")
    path = unpack_into(tmp_path, archive.getvalue(), "zip") / "a"
    assert not path.is_symlink()
    assert path.stat().st_mode & 0o111 == 0


def test_a_link_that_is_a_book(tmp_path: Path) -> None:
    assert "no link" in refusal(pack_zip([link("l", "x/" * 5_000)]), tmp_path)


def test_members_that_share_their_bytes(tmp_path: Path) -> None:
    """Each of a hundred members names the same packed megabyte."""
    content = b"\0" * (1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, crc = packer.compress(content) + packer.flush(), zlib.crc32(content)
    body = local(b"a", packed, len(content), crc)
    table = b"".join(directory(b"a", len(packed), len(content), crc, 0) for _ in range(100))
    archive = body + table + end(100, len(table), len(body))
    assert "overlaps" in refusal(archive, tmp_path)


def test_members_that_quote_the_next_ones_header(tmp_path: Path) -> None:
    """The first one's packed bytes hold the second one, header and all."""
    inner = local(b"b", zlib.compress(b"x" * 100)[2:-4], 100, zlib.crc32(b"x" * 100))
    quoted = b"\0" + struct.pack("<HH", len(inner), len(inner) ^ 0xFFFF) + inner
    rest = b"\1\0\0\xff\xff"
    body = local(b"a", quoted + rest, len(inner), zlib.crc32(inner))
    inner_at = len(body) - len(rest) - len(inner)
    packed = len(inner) - 31
    table = directory(b"a", len(quoted + rest), len(inner), zlib.crc32(inner), 0)
    table += directory(b"b", packed, 100, zlib.crc32(b"x" * 100), inner_at)
    archive = body + table + end(2, len(table), len(body))
    assert "overlaps" in refusal(archive, tmp_path)


def test_a_member_that_is_longer_than_it_says(tmp_path: Path) -> None:
    content = b"\0" * (1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    body = local(b"a", packed, 10, zlib.crc32(content))
    table = directory(b"a", len(packed), 10, zlib.crc32(content), 0)
    assert "damaged" in refusal(body + table + end(1, len(table), len(body)), tmp_path)


def test_sizes_in_the_directory_that_are_too_much(tmp_path: Path) -> None:
    """They are refused before anything is unpacked, whether true or not."""
    body = local(b"a", b"\3\0", 0, 0)
    table = directory(b"a", 2, 0xFFFFFFF0, 0, 0)
    assert "times as much" in refusal(body + table + end(1, len(table), len(body)), tmp_path)


def test_a_bomb_that_is_small_and_unpacks_to_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "Limits", lambda: Limits(ratio_from=1 << 20))
    archive = pack_zip([Entry(f"f{n}", b"\0" * (1 << 19)) for n in range(9)])
    assert "500 times as much" in refusal(archive, tmp_path)


def test_more_members_than_are_taken(tmp_path: Path) -> None:
    table = directory(b"a/", 0, 0, 0, 0) * 100_001
    archive = local(b"a/", b"", 0, 0) + table + end(0xFFFF, len(table), 32)
    assert "100,000" in refusal(archive, tmp_path)


@pytest.mark.parametrize("size", [65 << 20, 0xFFFFFFFE])
def test_a_directory_without_end_is_not_read(size: int, tmp_path: Path) -> None:
    assert "table of contents" in refusal(b"PK\3\4" + b"\0" * 100 + end(1, size, 0), tmp_path)


def test_a_member_behind_the_end_of_the_file(tmp_path: Path) -> None:
    body = local(b"a", b"\3\0", 0, 0)
    table = directory(b"a", 2, 0, 0, 1 << 20)
    assert "damaged" in refusal(body + table + end(1, len(table), len(body)), tmp_path)


def test_a_count_that_is_a_lie_is_seen_before_the_directory_is_taken_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "Limits", lambda: Limits(members=99))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    table = directory(b"a", 0, 0, 0, 0) * 100
    archive = local(b"a", b"", 0, 0) + table + end(1, len(table), 31)
    assert "more than 99 files" in refusal(archive, tmp_path)
