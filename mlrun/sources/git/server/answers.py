"""What a person told git of a login, so that the next git process need not ask again.

A login that a server has taken is offered by git to its credential helpers, to be stored
(gitcredentials(7)). One more helper, of a line's length, passes it on through a pipe. It is kept in
this process's memory, for this very address.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mlrun.sources.git.url import GitUrl

_MOST = 65536

_answers: dict[str, tuple[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a git process is started with, so that its answers are heard.

    Attributes:
        options: Words after `git`.
        pass_fds: Open files that it inherits.
    """

    options: Sequence[str] = ()
    pass_fds: Sequence[int] = ()


def with_answers(url: GitUrl) -> GitUrl:
    """Return an address with the login that a person gave for it, if it has none of its own."""
    username, password = _answers.get(url.address, (None, None))
    if password is None or url.password is not None or url.username not in (None, username):
        return url
    return replace(url, username=username, password=password)


@contextlib.contextmanager
def hearing(url: GitUrl, *, may_ask: bool) -> Iterator[Hearing]:
    """Remember what a git process of this block is told, if a server takes it.

    Args:
        url: What it speaks with.
        may_ask: Whether it may ask a person.
    """
    known = with_answers(url).password is not None
    if not may_ask or known or url.transport not in ("http", "https") or os.name != "posix":
        yield Hearing()
        return
    ours, its = os.pipe()
    try:
        os.set_blocking(ours, False)
        helper = f'!f() {{ test "$1" != store || cat >/dev/fd/{its}; }}; f'
        yield Hearing(("-c", f"credential.helper={helper}"), (its,))
        with contextlib.suppress(BlockingIOError):
            _remember(url, os.read(ours, _MOST))
    finally:
        os.close(ours)
        os.close(its)


def _remember(url: GitUrl, told: bytes) -> None:
    lines = told.decode("utf-8", "replace").split("\n")
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    if "username" in values and "password" in values:
        _answers[url.address] = (values["username"], values["password"])
