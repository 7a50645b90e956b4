"""Makes archives of every format, honest ones and others, and unpacks them under observation."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import zstandard

from mlrun.sources.archive.unpacking import unpack

TAR_KINDS = ("tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst")
KINDS = ("zip", *TAR_KINDS)

_TAR_TYPES = {
    "file": tarfile.REGTYPE,
    "folder": tarfile.DIRTYPE,
    "link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "block device": tarfile.BLKTYPE,
    "device": tarfile.CHRTYPE,
    "pipe": tarfile.FIFOTYPE,
}
_ZIP_TYPES = {
    "file": stat.S_IFREG,
    "folder": stat.S_IFDIR,
    "link": stat.S_IFLNK,
    "block device": stat.S_IFBLK,
    "device": stat.S_IFCHR,
    "pipe": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
}


@dataclass(frozen=True)
class Entry:
    """A member to be."""

    name: str
    content: bytes = b""
    mode: int = 0o644
    kind: str = "file"
    target: str = ""


def link(name: str, target: str) -> Entry:
    return Entry(name, kind="link", target=target, mode=0o777)


def hard(name: str, target: str) -> Entry:
    return Entry(name, kind="hard link", target=target)


def folder(name: str) -> Entry:
    return Entry(name, kind="folder", mode=0o755)


def pack(entries: Iterable[Entry], kind: str) -> bytes:
    return pack_zip(entries) if kind == "zip" else compress(pack_tar(entries), kind)


def pack_tar(entries: Iterable[Entry], form: int = tarfile.PAX_FORMAT) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=form) as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.type, info.mode = _TAR_TYPES[entry.kind], entry.mode
            info.linkname, info.size = entry.target, len(entry.content)
            tar.addfile(info, io.BytesIO(entry.content))
    return archive.getvalue()


def compress(tar: bytes, kind: str) -> bytes:
    if kind == "tar.gz":
        return gzip.compress(tar)
    if kind == "tar.bz2":
        return bz2.compress(tar)
    if kind == "tar.xz":
        return lzma.compress(tar)
    if kind == "tar.zst":
        return zstandard.ZstdCompressor().compress(tar)
    return tar


def pack_zip(entries: Iterable[Entry]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that come twice
        for entry in entries:
            slash = "/" if entry.kind == "folder" and not entry.name.endswith("/") else ""
            info = zipfile.ZipInfo()
            info.filename = entry.name + slash  # which takes it as it is
            info.create_system = 3
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (_ZIP_TYPES[entry.kind] | entry.mode) << 16
            is_link = entry.kind == "link"
            packed.writestr(info, os.fsencode(entry.target) if is_link else entry.content)
    return archive.getvalue()


def unpack_into(place: Path, archive: bytes, kind: str) -> Path:
    """Unpack an archive deep below a place, and require that nothing else there changes."""
    work = place / "around" / "it" / "work"
    work.mkdir(parents=True)
    (place / "around" / "secret").write_text("as it was")
    before = snapshot(place, work)
    try:
        unpack(io.BytesIO(archive), kind, work, "X")
    except BaseException:
        assert list(work.iterdir()) == []
        raise
    finally:
        assert snapshot(place, work) == before
    return work


def snapshot(place: Path, but: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return what is in a folder: mode, links and content of each file, but for one folder."""
    found = {}
    for root, names, files in os.walk(place):
        if Path(root) == but:
            names.clear()
            continue
        for name in (*names, *files):
            path = Path(root) / name
            state = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(state.st_mode) else b""
            found[str(path)] = (state.st_mode, 0 if path.is_dir() else state.st_nlink, content)
    return found
