"""For whom an environment is prepared, beside the way: what no kind of environment needs to know.

`EnvironmentKind.prepare` passes through code that cares for packages only. What the store and
the build log want to know besides (whose environment it is, whether it may be built, who shows
the progress) stands in an errand, which holds for a block of code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Thread


@dataclass(slots=True)
class Errand:
    """What one preparation is for, and what came of it.

    Attributes:
        project: What the environment is wanted for, as its URI or in words; no login in it.
        may_build: Whether what is not there may be built; if not,
            `EnvironmentNotBuiltError` is raised.
        anew: Whether what is there is built once more.
        offline: Whether no server may be asked for what is to be installed.
        limit: Bytes that the store may hold; the least used go after a build. None for no limit.
        progress: Takes lines of a long build, each of which replaces the one before.
        keys: The environments that were looked for, in order.
        built: Those of them that were built.
        chores: Work that goes on beside; whoever ends the process soon waits for it.
    """

    project: str | None = None
    may_build: bool = True
    anew: bool = False
    offline: bool = False
    limit: int | None = None
    progress: Callable[[str], None] | None = None
    keys: list[str] = field(default_factory=list)
    built: list[str] = field(default_factory=list)
    chores: list[Thread] = field(default_factory=list)

    def note(self, key: str) -> None:
        """Remember that an environment was looked for."""
        if key not in self.keys:
            self.keys.append(key)


_CURRENT: ContextVar[Errand | None] = ContextVar("errand", default=None)


def current_errand() -> Errand:
    """Return the errand that holds here; an empty one where there is none."""
    return _CURRENT.get() or Errand()


@contextmanager
def on_errand(errand: Errand) -> Iterator[Errand]:
    """Let an errand hold for a block."""
    token = _CURRENT.set(errand)
    try:
        yield errand
    finally:
        _CURRENT.reset(token)
