"""Orphans: makes this process the one that they are given to, instead of the system's first.

Linux gives the children of a process that has ended to its nearest ancestor that asked for
them (prctl(2), PR_SET_CHILD_SUBREAPER); asking counts for descendants that exist already.
Only a process that serves one command alone may ask.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection

from mlrun.execution.leftovers import Process, is_adopted, list_processes

_PR_SET_CHILD_SUBREAPER = 36


class Adoption:
    """The time during which orphans become children of this process.

    Args:
        known: Children that are not orphans of the command. Others that there are already
            are added.
    """

    def __init__(self, known: Collection[int]) -> None:
        self.known = {*known, *(p.pid for p in _adopted())}
        self.active = _set_subreaper(on=True)

    def end(self) -> None:
        """Collect what has ended, and adopt no more."""
        self.collect()
        if self.active:
            self.active = not _set_subreaper(on=False)

    def collect(self) -> None:
        """Let the system forget adopted processes that have ended."""
        for process in _adopted():
            if process.state == "Z" and process.pid not in self.known:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)


def _adopted() -> list[Process]:
    own = os.getpid()
    return [process for process in list_processes() if is_adopted(process, own)]


def _set_subreaper(*, on: bool) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        answer: int = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return False
    return answer == 0
