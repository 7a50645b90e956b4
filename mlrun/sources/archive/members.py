"""Which members an archive may have: one policy, whatever the format.

A member lies below the folder that it is unpacked into, is a file, a folder or a link, and no
link leads out. What an archive says of itself is refused here; that nothing is written outside
even so is the business of `writing.py`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum

_LONGEST_NAME = 255
_LONGEST_PATH = 2_048
_DEEPEST = 100
"""Folders within folders: each costs a descriptor when the tree is removed."""
_LONGEST_TARGET = 4_000

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_DRIVE = re.compile("[A-Za-z]:")


class ArchiveFaultError(Exception):
    """An archive that is not unpacked.

    Attributes:
        reason: What is wrong with it, to stand after "the archive X ".
        hint: What to do.
    """

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class MemberKind(Enum):
    """What a member is."""

    FILE = "file"
    FOLDER = "folder"
    SYMBOLIC_LINK = "symbolic link"
    HARD_LINK = "hard link"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive that may be unpacked.

    Attributes:
        path: Its names from the top down; empty for the top itself.
        kind: What it is.
        size: Of its content in bytes, as the archive says.
        mode: Permission bits of a file, without setuid, setgid and sticky.
        target: What a symbolic link says.
        linked: The earlier member that a hard link is the same as.
    """

    path: tuple[str, ...]
    kind: MemberKind
    size: int = 0
    mode: int = 0o666
    target: str = ""
    linked: tuple[str, ...] = ()


def file_member(name: str, size: int, mode: int) -> Member:
    """Return a file that may be unpacked.

    Args:
        name: As the archive has it.
        size: In bytes, as the archive says.
        mode: Its mode, of which the permissions are kept; the owner can always read and write.

    Raises:
        ArchiveFaultError: The name is not safe, or there cannot be such a file.
    """
    path = _path_below(name)
    if size < 0:
        raise ArchiveFaultError(f"is damaged: the size of {shown(name)} is less than nothing")
    return Member(path, MemberKind.FILE, size, mode & 0o777 | 0o600)


def folder_member(name: str) -> Member:
    """Return a folder that may be made.

    Raises:
        ArchiveFaultError: The name is not safe.
    """
    return Member(safe_path(name), MemberKind.FOLDER)


def symbolic_link(name: str, target: str) -> Member:
    """Return a symbolic link whose text does not lead out of the archive.

    That the place it means does not lie outside, by way of other links, is looked at when all
    links are there.

    Raises:
        ArchiveFaultError: The name or the target is not safe.
    """
    path = _path_below(name)
    if not target or len(target) > _LONGEST_TARGET or _CONTROL.search(target):
        raise _unsafe(name, "is a link to no place that can be")
    if target.startswith("/") or "\\" in target or _DRIVE.match(target):
        raise _unsafe(name, f"is a link to {shown(target)}, which is no place in the archive")
    depth = len(path) - 1
    for part in target.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            raise leads_out(name, target)
    _require_writable(name, target)
    return Member(path, MemberKind.SYMBOLIC_LINK, target=target)


def hard_link(name: str, linked: str) -> Member:
    """Return a hard link to another member.

    Raises:
        ArchiveFaultError: One of the names is not safe.
    """
    return Member(_path_below(name), MemberKind.HARD_LINK, linked=_path_below(linked))


def safe_path(name: str) -> tuple[str, ...]:
    """Return a member's names from the top down; empty for the top itself.

    Raises:
        ArchiveFaultError: The name is absolute, leads out, or cannot be a file's name.
    """
    if name.startswith("/") or _DRIVE.match(name):
        raise _unsafe(name, "is an absolute path")
    if _CONTROL.search(name):
        raise _unsafe(name, "has a control character in its name")
    if "\\" in name:
        raise _unsafe(name, "has a backslash in its name", "pack it with / between folders")
    path = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in path:
        raise _unsafe(name, "leads out of the archive with `..`")
    _require_writable(name, *path)
    is_long = any(len(os.fsencode(part)) > _LONGEST_NAME for part in path)
    if is_long or len(path) > _DEEPEST or len(os.fsencode(name)) > _LONGEST_PATH:
        raise _unsafe(name, "is too long a name, or lies too deep")
    return path


def not_a_file(name: str, what: str) -> ArchiveFaultError:
    """Return what to raise for a device, a socket, a pipe."""
    return _unsafe(name, f"is {what}, and neither a file nor a folder")


def leads_out(name: str, target: str) -> ArchiveFaultError:
    """Return what to raise for a link out of the archive."""
    return _unsafe(name, f"is a link out of it, to {shown(target)}")


def shown(name: str) -> str:
    """Return a name that may be shown: short, without control characters."""
    return repr(name if len(name) <= 120 else f"{name[:60]}...{name[-50:]}")


def _path_below(name: str) -> tuple[str, ...]:
    path = safe_path(name)
    if not path:
        raise _unsafe(name, "is the folder of the archive itself, and no folder")
    return path


def _require_writable(name: str, *parts: str) -> None:
    try:
        for part in parts:
            os.fsencode(part)
    except UnicodeEncodeError:
        raise _unsafe(name, "has characters that no file's name can have") from None


def _unsafe(name: str, why: str, hint: str | None = None) -> ArchiveFaultError:
    return ArchiveFaultError(f"is not safe to unpack: its member {shown(name)} {why}", hint)
