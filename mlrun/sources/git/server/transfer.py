"""A `git fetch` into a mirror, driven by GitPython: its progress, and its end if it stands still.

GitPython takes a while to import, so nothing but a fetch imports this.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import git
from git.util import RemoteProgress

from mlrun.errors import SourceError
from mlrun.execution.parent_death import dying_with_parent
from mlrun.sources.base import Report
from mlrun.sources.git.cut_off import clear_cut_off
from mlrun.sources.git.local_failures import no_git
from mlrun.sources.git.server.credentials import talking_environ, talking_options
from mlrun.sources.git.server.failures import failure, stalled
from mlrun.sources.git.server.watching import StalledError, Watch, follow
from mlrun.sources.git.url import GitUrl
from mlrun.web.timeouts import stall_limit

_WITHOUT_FETCH_HEAD = (2, 29)
_SPEAKS_VERSION_2 = (2, 28)
"""By itself; with it, a server gives any commit that it has, and not only what it names."""

_MOST_LINES = 200
_LONGEST_LINE = 4096
_LINES_EVERY = 0.1

_SIZE = re.compile(r"\d[\d.]{0,9} (?:bytes|[KMGT]iB)(?:/s)?")

_OPTIONS = ("--no-tags", "--no-recurse-submodules", "--no-show-forced-updates", "--update-shallow")
_STAGES = {
    RemoteProgress.COUNTING: "the server counts objects, ",
    RemoteProgress.COMPRESSING: "the server compresses objects, ",
    RemoteProgress.RECEIVING: "",
    RemoteProgress.RESOLVING: "resolving deltas, ",
}


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is fetched, into which repository.

    Attributes:
        url: The server's repository.
        mirror: The bare repository to fetch into.
        refspecs: What to fetch, and the refs of the mirror to write.
        depth: How many commits deep; None for all.
        unshallow: Make a mirror that is not whole so.
        blobs: False for commits alone, without folders and files.
    """

    url: GitUrl
    mirror: Path
    refspecs: Sequence[str]
    depth: int | None = None
    unshallow: bool = False
    blobs: bool = True

    def arguments(self, version: tuple[int, ...]) -> list[str]:
        """Return the command line of a git of this version; it holds no secret."""
        words = ["git", *talking_options(self.url)]
        if version < _SPEAKS_VERSION_2:
            words += ["-c", "protocol.version=2"]
        words += ["fetch", "--progress", *_OPTIONS]
        if any("*" in refspec for refspec in self.refspecs):
            words.append("--prune")
        if version >= _WITHOUT_FETCH_HEAD:
            words.append("--no-write-fetch-head")
        if self.depth is not None:
            words.append(f"--depth={self.depth}")
        elif self.unshallow and (self.mirror / "shallow").exists():
            words.append("--unshallow")
        if not self.blobs:
            words.append("--filter=tree:0")
        return [*words, "--", self.url.address, *self.refspecs]


def transfer(what: Transfer, *, may_ask: bool, report: Report) -> None:
    """Fetch; see `talking.fetch`."""
    limit = stall_limit()
    is_done = False
    clear_cut_off(what.mirror)
    # GitPython ends the process when this object goes.
    started = _start(what, may_ask)
    process = started.proc
    assert process is not None
    assert process.stderr is not None
    progress = Progress(what.url, report)
    watch = Watch(process.pid, limit, may_ask=may_ask, repository=what.mirror)
    try:
        code = follow(process, {process.stderr: progress.take}, watch, leads_group=not may_ask)
    except StalledError as error:
        raise stalled(what.url, error.seconds, progress.last) from None
    else:
        is_done = code == 0
    finally:
        if not is_done:
            clear_cut_off(what.mirror)
    if not is_done:
        raise failure(what.url, progress.text(), code)


def _start(what: Transfer, may_ask: bool) -> git.Git.AutoInterrupt:
    environ = talking_environ(what.url, may_ask=may_ask, repository=what.mirror)
    program = git.Git()
    # GitPython hands its own environment on, too: what must not be in it is taken out on the way.
    unwanted = sorted(os.environ.keys() - environ.keys())
    before = ["env", *(word for name in unwanted for word in ("-u", name))] if unwanted else []
    try:
        return program.execute(
            [*before, *what.arguments(program.version_info)],
            as_process=True,
            with_stdout=False,
            env=environ,
            start_new_session=not may_ask,
            # A killed mlrun lets go of the mirror's lock: nobody may write there any more.
            preexec_fn=dying_with_parent(),
        )
    except (git.GitCommandNotFound, PermissionError):
        raise no_git(what.url.address) from None
    except ValueError as error:
        raise SourceError(f"{what.url.address} cannot be given to git: {error}") from None


class Progress:
    """Reads what a fetch writes, and says how far it is.

    Args:
        url: What is fetched.
        report: Takes the lines.
    """

    def __init__(self, url: GitUrl, report: Report) -> None:
        self._percentages = _Percentages(_name(url), report)
        self._take_line = self._percentages.new_message_handler()
        self._rest = b""
        self._said: deque[str] = deque(maxlen=_MOST_LINES)

    @property
    def last(self) -> str | None:
        """How far it was at last; None before anything came."""
        return self._percentages.last

    def take(self, data: bytes) -> None:
        """Take bytes as they come; a line ends with a carriage return while something goes on."""
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._line(line)
        # An endless line is cut into several, so that nobody can fill the memory.
        while len(self._rest) > _LONGEST_LINE:
            self._line(self._rest[:_LONGEST_LINE])
            self._rest = self._rest[_LONGEST_LINE:]

    def text(self) -> str:
        """Return the last lines that were no progress."""
        self._line(self._rest)
        self._rest = b""
        return "\n".join(self._said)

    def _line(self, line: bytes) -> None:
        self._take_line(line[:_LONGEST_LINE].decode("utf-8", "replace"))
        for said in (self._percentages.error_lines, self._percentages.other_lines):
            self._said.extend(text for text in said if text)
            said.clear()


class _Percentages(RemoteProgress):
    """What git's lines of progress mean.

    Args:
        name: What is fetched.
        report: Takes the lines.
    """

    def __init__(self, name: str, report: Report) -> None:
        super().__init__()
        self._name = name
        self._report = report
        self._next = 0.0
        self.last: str | None = None

    def update(
        self,
        op_code: int,
        cur_count: str | float,
        max_count: str | float | None = None,
        message: str = "",
    ) -> None:
        """Take one line of progress."""
        stage = _STAGES.get(op_code & self.OP_MASK)
        if stage is None:
            return
        share = [f"{100 * float(cur_count) / float(max_count):.0f} %"] if max_count else []
        # The line may be the server's: nothing but sizes and speeds is taken from it.
        self.last = stage + ", ".join(share + _SIZE.findall(message))
        if monotonic() >= self._next or op_code & self.END:
            self._next = monotonic() + _LINES_EVERY
            self._report(f"fetching {self._name}: {self.last}", passing=True)


def _name(url: GitUrl) -> str:
    """Return what a line of progress calls a repository: `host/team/project`."""
    address = url.address.partition("://")[2] or url.address.replace(":", "/", 1)
    return address.rpartition("@")[2].rstrip("/").removesuffix(".git")
