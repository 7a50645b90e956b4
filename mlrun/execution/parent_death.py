"""Lets a process end with the one that started it, even where that is killed.

Linux sends a signal to a child when the thread that started it ends (prctl(2),
PR_SET_PDEATHSIG); elsewhere nothing does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def dying_with_parent() -> Callable[[], None] | None:
    """Return what a new process is to call before it becomes another program; None for nothing.

    All that it needs is looked up now: between fork and exec little is safe (fork(2)).
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    parent = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
