"""Whether a `git` process gets on: what it reads, writes and computes, and whether it asks.

Progress lines alone do not tell: git is silent while it looks something up, and while it checks
what came. Without `/proc` only a growing pack is seen (proc(5)).
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mlrun.execution.leftovers import Process, list_processes

_BUSY = 0.2
"""Part of a processor's time that counts as computing; waiting costs a little of it, too."""

_ASKERS = ("credential", "askpass")
_TERMINAL = "/dev/tty"


class Activity:
    """What a git process and its children have done since the last look.

    Args:
        pid: The git process.
        repository: The Git folder that it fetches into, if it does.
    """

    def __init__(self, pid: int, repository: Path | None) -> None:
        self._pid = pid
        self._packs = repository / "objects" / "pack" if repository else None
        self._moved = 0
        self._computed = 0.0

    def has_moved(self, seconds: float) -> bool:
        """Return whether anything went on.

        Args:
            seconds: How long ago the last look was.
        """
        programs = [p for p in self._processes() if p.name.startswith("git")]
        moved = sum(_bytes_moved(p.pid) for p in programs) + self._size_of_packs()
        computed = sum(_seconds_computed(p.pid) for p in programs)
        is_busy = computed - self._computed > _BUSY * seconds
        has_moved = moved != self._moved
        self._moved, self._computed = moved, computed
        return has_moved or is_busy

    def is_asking(self) -> bool:
        """Return whether a person, or a program for one, is asked for a password."""
        return any(_has_terminal(p.pid) or _is_asker(p.pid) for p in self._processes())

    def _processes(self) -> list[Process]:
        everyone = list_processes()
        found = {self._pid}
        while more := {p.pid for p in everyone if p.parent in found} - found:
            found |= more
        return [p for p in everyone if p.pid in found]

    def _size_of_packs(self) -> int:
        if self._packs is None:
            return 0
        with contextlib.suppress(OSError):
            return sum(entry.stat().st_size for entry in os.scandir(self._packs))
        return 0


def _bytes_moved(pid: int) -> int:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/io").read_text().split()
        return int(fields[fields.index("rchar:") + 1]) + int(fields[fields.index("wchar:") + 1])
    return 0


def _seconds_computed(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _has_terminal(pid: int) -> bool:
    """Return whether a process has opened its terminal by name, as git and ssh do to ask."""
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(descriptor.readlink()) == _TERMINAL:
                    return True
    return False


def _is_asker(pid: int) -> bool:
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").lower()
        return any(asker in word for word in _telling(text.split("\0")) for asker in _ASKERS)
    return False


def _telling(words: list[str]) -> list[str]:
    """Return the words of a command line that say what it does.

    Those of git are its command alone: settings (`-c credential.helper=...`) and addresses may
    have any word in them.
    """
    program = words[0].rpartition("/")[2]
    if not program.startswith("git"):
        return words
    if program != "git":
        return [program]
    rest = iter(words[1:])
    for word in rest:
        if word in ("-c", "-C"):
            next(rest, None)
        elif not word.startswith("-"):
            return [word]
    return []
