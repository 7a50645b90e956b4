"""Writes an archive's members below one folder, and nowhere else.

Every folder on the way is opened by its descriptor and never through a link, files are only ever
made anew, and links are made when all else is there: nothing can be written through one. In the
end each link is followed, and must mean a place below the folder.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mlrun.sources.archive.limits import Budget
from mlrun.sources.archive.members import (
    ArchiveFaultError,
    Member,
    MemberKind,
    leads_out,
    shown,
    symbolic_link,
)
from mlrun.sources.disk import disk_errors

_CHUNK = 1 << 18
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class Unpacking:
    """The folder that an archive is unpacked into.

    Args:
        folder: It is there, and empty.
        budget: What may come.
    """

    def __init__(self, folder: Path, budget: Budget) -> None:
        self.budget = budget
        self._top = folder
        self._names: list[str] = []
        self._folders = [os.open(folder, _OPEN_FOLDER)]
        self._links: dict[tuple[str, ...], str] = {}
        self._made = 0  # folders: one member can bring a hundred

    def add(self, member: Member, content: IO[bytes] | None = None) -> None:
        """Take a member.

        Args:
            member: It may be unpacked, as far as it can be seen by itself.
            content: Of a file.

        Raises:
            ArchiveFaultError: It contradicts an earlier member, or is too much.
            SourceError: The disk is full.
        """
        self.budget.add_member()
        _require_names(*member.path, *member.linked)
        if member.kind is MemberKind.FILE:
            self._write(member, content)
            return
        with disk_errors(self._top), _contradictions(member):
            if member.kind is MemberKind.FOLDER:
                self._enter(member.path)
            elif member.kind is MemberKind.SYMBOLIC_LINK:
                self._links[member.path] = member.target
            else:
                self._link(member)

    def finish(self) -> None:
        """Make the links, now that all else is there, and follow each.

        Raises:
            ArchiveFaultError: A link contradicts another member, or leads out.
            SourceError: The disk is full.
        """
        for path, target in self._links.items():
            member = Member(path, MemberKind.SYMBOLIC_LINK, target=target)
            with disk_errors(self._top), _contradictions(member):
                os.symlink(target, path[-1], dir_fd=self._enter(path[:-1]))
        top = os.path.realpath(self._top)
        for path, target in self._links.items():
            if not _lies_below(top, os.path.join(top, *path)):  # noqa: PTH118
                raise leads_out("/".join(path), target)

    def close(self) -> None:
        """Let go of the folder."""
        while self._folders:
            os.close(self._folders.pop())

    def _enter(self, path: tuple[str, ...]) -> int:
        """Return the descriptor of a folder, which is made if it is not there."""
        same = 0
        while same < min(len(path), len(self._names)) and path[same] == self._names[same]:
            same += 1
        while len(self._names) > same:
            self._names.pop()
            os.close(self._folders.pop())
        for name in path[same:]:
            above = self._folders[-1]
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=above)
                self._made += 1
                self.budget.require_members(self._made)
            self._folders.append(os.open(name, _OPEN_FOLDER, dir_fd=above))
            self._names.append(name)
        return self._folders[-1]

    def _write(self, member: Member, content: IO[bytes] | None) -> None:
        with disk_errors(self._top), _contradictions(member):
            folder = self._enter(member.path[:-1])
            _make_way(member.path[-1], folder)
            file = os.open(member.path[-1], _NEW_FILE, member.mode, dir_fd=folder)
        size = 0
        try:
            while chunk := content.read(_CHUNK) if content is not None else b"":
                size += len(chunk)
                self.budget.add(len(chunk))
                with disk_errors(self._top):
                    _write_all(file, chunk)
        finally:
            with disk_errors(self._top):
                os.close(file)
        if size != member.size:
            name = shown("/".join(member.path))
            raise ArchiveFaultError(f"is damaged: its member {name} is not as long as it says")

    def _link(self, member: Member) -> None:
        """Make a hard link: one more name of an earlier file, or of an earlier link."""
        if member.linked in self._links:
            again = symbolic_link("/".join(member.path), self._links[member.linked])
            self._links[again.path] = again.target
            return
        source = self._open_existing(member.linked[:-1])
        try:
            _require_file(member.linked[-1], source)
            if member.path == member.linked:
                return
            folder = self._enter(member.path[:-1])
            _make_way(member.path[-1], folder)
            os.link(
                member.linked[-1],
                member.path[-1],
                src_dir_fd=source,
                dst_dir_fd=folder,
                follow_symlinks=False,
            )
        finally:
            os.close(source)

    def _open_existing(self, path: tuple[str, ...]) -> int:
        """Return a descriptor of a folder that is there already, to be closed by the caller."""
        folder = os.dup(self._folders[0])
        for name in path:
            try:
                below = os.open(name, _OPEN_FOLDER, dir_fd=folder)
            finally:
                os.close(folder)
            folder = below
        return folder


def _require_names(*names: str) -> None:
    """Let no name mean another place than one in its folder, should that not have been seen."""
    for name in names:
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise ArchiveFaultError(f"is not safe to unpack: {shown(name)} is no file's name")


def _write_all(file: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(file, rest) :]


def _make_way(name: str, folder: int) -> None:
    """Remove an earlier file of the same name: as with tar, the last one counts."""
    with suppress(FileNotFoundError):
        _require_file(name, folder)
        os.unlink(name, dir_fd=folder)


def _require_file(name: str, folder: int) -> None:
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise FileExistsError(errno.EEXIST, "no file")


def _lies_below(top: str, link: str) -> bool:
    """Return whether what a link means, by way of all others, lies below a folder."""
    try:
        place = os.path.realpath(link)
    except RecursionError:
        return False
    return place == top or place.startswith(f"{top}/")


@contextmanager
def _contradictions(member: Member) -> Iterator[None]:
    """Say of a member that it cannot be there beside the earlier ones."""
    name = shown("/".join(member.path))
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.ELOOP, errno.EISDIR):
            raise ArchiveFaultError(
                f"is not safe to unpack: its member {name} replaces one of another kind, or lies "
                "below a file or a link"
            ) from None
        if error.errno == errno.ENOENT and member.kind is MemberKind.HARD_LINK:
            linked = shown("/".join(member.linked))
            raise ArchiveFaultError(
                f"is damaged: its member {name} is a link to {linked}, which does not come before"
            ) from None
        raise
