"""What only tar archives have: forms, long names, holes, headers that lie, layers around them."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import tarfile
from pathlib import Path

import pytest
import zstandard

from mlrun.errors import SourceError
from mlrun.sources.archive import limits
from mlrun.sources.archive.limits import Limits
from tests.unit.sources.archive.packing import (
    TAR_KINDS,
    Entry,
    compress,
    hard,
    pack_tar,
    unpack_into,
)

LONG = "/".join(["folder" * 6] * 5) + "/" + "name" * 60
ZEROS = b"\0" * (1 << 20)


def refusal(archive: bytes, place: Path) -> str:
    with pytest.raises(SourceError) as caught:
        unpack_into(place, archive, "tar")
    return caught.value.message


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_in_both_forms(form: int, tmp_path: Path) -> None:
    archive = pack_tar([Entry(LONG, b"x"), hard("h", LONG)], form)
    work = unpack_into(tmp_path, archive, "tar")
    assert (work / LONG).read_bytes() == (work / "h").read_bytes() == b"x"


@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "v7", "oldgnu"])
def test_what_tar_itself_makes(form: str, tmp_path: Path) -> None:
    import subprocess

    source = tmp_path / "source"
    (source / "d").mkdir(parents=True)
    (source / "d" / "run.sh").write_text("#!/bin/sh\n")
    (source / "d" / "run.sh").chmod(0o755)
    (source / "same").hardlink_to(source / "d" / "run.sh")
    (source / "link").symlink_to("d/run.sh")
    words = ("tar", f"--format={form}", "-cf", str(tmp_path / "a.tar"), "-C", str(source), ".")
    subprocess.run(words, check=True)
    work = unpack_into(tmp_path, (tmp_path / "a.tar").read_bytes(), "tar")
    for name in ("d/run.sh", "same", "link"):
        assert (work / name).read_text() == "#!/bin/sh\n"
        assert os.access(work / name, os.X_OK)


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_files_with_holes(form: str, tmp_path: Path) -> None:
    import subprocess

    with (tmp_path / "holes").open("wb") as file:
        file.write(b"start")
        file.seek(5 << 20)
        file.write(b"end")
    words = ("tar", "--sparse", f"--format={form}", "-cf", "a.tar", "holes")
    subprocess.run(words, check=True, cwd=tmp_path)
    archive = (tmp_path / "a.tar").read_bytes()
    assert len(archive) < 1 << 20
    work = unpack_into(tmp_path, archive, "tar")
    assert (work / "holes").read_bytes() == (tmp_path / "holes").read_bytes()


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    work = unpack_into(tmp_path, pack_tar([Entry(name, b"x")], tarfile.GNU_FORMAT), "tar")
    assert os.listdir(os.fsencode(work)) == [b"caf\xe9"]


def test_a_header_of_all_members_like_that_of_git_archive(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", pax_headers={"comment": "0" * 40}) as tar:
        tar.addfile(tarfile.TarInfo("r/MLproject"))
    work = unpack_into(tmp_path, archive.getvalue(), "tar")
    assert [path.name for path in work.iterdir()] == ["r"]


def test_a_damaged_header_in_the_middle_is_not_the_end(tmp_path: Path) -> None:
    archive = bytearray(pack_tar([Entry("a", b"x"), Entry("b", b"y")]))
    archive[1024 + 10] ^= 1
    assert "damaged" in refusal(bytes(archive), tmp_path)


def test_headers_without_end(tmp_path: Path) -> None:
    """What says how long a name is can say that it is longer than all memory."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    header = info.tobuf(tarfile.GNU_FORMAT)
    assert "header without end" in refusal(header + ZEROS * 8, tmp_path)


def test_names_upon_names(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 0
    header = info.tobuf(tarfile.GNU_FORMAT)
    assert "damaged" in refusal(header * 3_000, tmp_path)


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, b"Z"])
@pytest.mark.parametrize("size", [-1, -512, -(1 << 40)])
def test_sizes_below_nothing(kind: bytes, size: int, tmp_path: Path) -> None:
    good = pack_tar([Entry("a", b"x")])[:1024]
    info = tarfile.TarInfo("b")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[156:157] = kind
    header[124:136] = b"\xff" + (256**11 + size).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    refusal(good + bytes(header) + b"\0" * 4096, tmp_path)


def test_a_kind_that_nobody_knows(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a")
    info.type = b"Z"
    assert "unknown kind" in refusal(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024, tmp_path)


@pytest.mark.parametrize("kind", TAR_KINDS)
def test_a_bomb_of_zeros(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "Limits", lambda: Limits(ratio_from=2 << 20, size=30 << 20))
    archive = compress(pack_tar([Entry(f"f{n}", ZEROS) for n in range(40)]), kind)
    assert "more than" in refusal(archive, tmp_path)


@pytest.mark.parametrize("kind", TAR_KINDS)
def test_a_bomb_behind_the_end(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "Limits", lambda: Limits(ratio_from=2 << 20, size=30 << 20))
    archive = compress(pack_tar([Entry("a", b"x")]) + ZEROS * 40, kind)
    assert "more than" in refusal(archive, tmp_path)


def test_a_size_that_is_too_much_is_refused_before_it_comes(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a")
    info.size = 21 << 30
    assert "more than 20.0 GiB" in refusal(info.tobuf(tarfile.GNU_FORMAT), tmp_path)


def test_a_hole_as_big_as_the_disk(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        info = tarfile.TarInfo("a")
        info.size = 8
        info.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.map": "0,4",
            "GNU.sparse.size": str(19 << 30),
        }
        tar.addfile(info, io.BytesIO(b"12345678"))
    assert "times as much" in refusal(archive.getvalue(), tmp_path)


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "Limits", lambda: Limits(members=10))
    archive = pack_tar([Entry(f"d{n}", kind="folder") for n in range(11)])
    assert "more than 10 files" in refusal(archive, tmp_path)


@pytest.mark.parametrize("kind", TAR_KINDS[1:])
def test_layers_of_several_parts(kind: str, tmp_path: Path) -> None:
    """Programs that pack in parallel write one part after the other."""
    tar = pack_tar([Entry("a", b"x" * 5_000)])
    archive = compress(tar[:3_000], kind) + compress(tar[3_000:], kind)
    work = unpack_into(tmp_path, archive, kind)
    assert (work / "a").read_bytes() == b"x" * 5_000


@pytest.mark.parametrize("kind", TAR_KINDS[1:])
def test_a_layer_whose_end_is_missing(kind: str, tmp_path: Path) -> None:
    archive = compress(pack_tar([Entry("a", b"x" * 5_000)]), kind)
    assert "damaged" in refusal(archive[:-2], tmp_path)


def test_a_layer_whose_checksum_is_wrong(tmp_path: Path) -> None:
    archive = bytearray(gzip.compress(pack_tar([Entry("a", b"x")])))
    archive[-8] ^= 1
    assert "CRC" in refusal(bytes(archive), tmp_path)


@pytest.mark.parametrize(
    ("kind", "content"), [("tar.gz", b""), ("tar.bz2", b"text"), ("tar.xz", b"text" * 999)]
)
def test_a_layer_around_no_tar(kind: str, content: bytes, tmp_path: Path) -> None:
    refusal(compress(content, kind), tmp_path)


def test_xz_that_wants_all_memory(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    archive = lzma.compress(pack_tar([Entry("a", b"x")]), filters=filters)
    assert "emory" in refusal(archive, tmp_path)


def test_zstd_that_wants_all_memory(tmp_path: Path) -> None:
    settings = zstandard.ZstdCompressionParameters(window_log=30)
    packer = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    archive = packer.compress(pack_tar([Entry("a", b"x")])) + packer.flush()
    assert "emory" in refusal(archive, tmp_path)
