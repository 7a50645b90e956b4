"""Fetches contents of Git LFS with the program `git-lfs`.

It works in a small repository of its own, made for one fetch: one commit with exactly the pointers
that are wanted, the address of the server, and the mirror's store. So git-lfs meets no settings
of the project's (`.lfsconfig` may choose the server, and nothing else), looks for no other files,
and notes nothing in the mirror.
"""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mlrun.errors import SourceError
from mlrun.sizes import size_in_words
from mlrun.sources.base import Report
from mlrun.sources.digests import digest_of
from mlrun.sources.git.committed_config import read_committed_config
from mlrun.sources.git.lfs.contents import Pointer, is_stored, store_of, stored_file
from mlrun.sources.git.lfs.failures import lfs_failure, program_missing
from mlrun.sources.git.local_failures import no_git
from mlrun.sources.git.process import run_git
from mlrun.sources.git.server.credentials import talking_environ, talking_options
from mlrun.sources.git.server.failures import stalled
from mlrun.sources.git.server.watching import StalledError, Watch, follow
from mlrun.sources.git.url import GitUrl
from mlrun.web.timeouts import connect_limit, stall_limit

_REF = "refs/mlrun/wanted"
_NO_PROGRAM = "'lfs' is not a git command"
_RETRIES = 3
_PROGRESS = re.compile(r"Downloading LFS objects: +(\d+)% \((\d+)/(\d+)\), ([^|]*)")
_TRACE = re.compile(r"\d\d:\d\d:\d\d\.\d+ ")
_REJECTION = re.compile(r"trace git-lfs: (?:exec|run_command): \W*git\W+credential\W+reject")
_STATUS = re.compile(r"trace git-lfs: HTTP: (\d{3})\s*$")
_MOST_REJECTIONS = 3
_MOST_LINES = 200
_LONGEST_LINE = 4096


@dataclass(frozen=True, slots=True)
class Download:
    """Contents to be fetched.

    Attributes:
        url: The repository that they belong to.
        mirror: Whose store they come into.
        repository: That has the commit.
        commit: That has their pointers.
        pointers: To contents that the store does not have.
        may_ask: Whether a person is there whom git may ask for a password.
    """

    url: GitUrl
    mirror: Path
    repository: Path
    commit: str
    pointers: Sequence[Pointer]
    may_ask: bool

    @property
    def store(self) -> Path:
        """Where the mirror keeps contents."""
        return store_of(self.mirror)


def download(wanted: Download, report: Report) -> None:
    """See `contents.fetch_contents`."""
    endpoint = lfs_endpoint(wanted.url, wanted.repository, wanted.commit)
    sizes = {pointer.oid: pointer.size for pointer in wanted.pointers}
    count = f"{len(sizes)} file{'s' if len(sizes) > 1 else ''}"
    report(f"fetching {count} of Git LFS ({size_in_words(sum(sizes.values()))})")
    with TemporaryDirectory(prefix="mlrun-") as folder:
        _make_repository(Path(folder), wanted, endpoint)
        code, said = _run(Path(folder), wanted, endpoint or wanted.url, report)
    _remove_wrong(wanted)
    missing = [pointer for pointer in wanted.pointers if not is_stored(wanted.store, pointer)]
    if not missing:
        return
    if _NO_PROGRAM in said:
        raise program_missing(wanted.pointers)
    raise lfs_failure(endpoint or wanted.url, missing, said, code)


def lfs_endpoint(url: GitUrl, repository: Path, commit: str) -> GitUrl | None:
    """Return the server that a commit's `.lfsconfig` names; None for the repository's own.

    The repository's user name and password go along only to the same scheme, host and port.

    Raises:
        SourceError: A transport that is not taken, or files of this machine for a repository
            from elsewhere.
    """
    settings = dict(read_committed_config(repository, commit, ".lfsconfig"))
    text = settings.get("lfs.url") or settings.get("remote.origin.lfsurl")
    if not text:
        return None
    try:
        endpoint = url.submodule(text)
    except SourceError as error:
        raise SourceError(
            f"the repository's .lfsconfig names a server that is not asked: {error.message}",
            hint=error.hint,
        ) from None
    if text.startswith(".") or endpoint.transport == "git":
        raise SourceError(
            "the repository's .lfsconfig names a server that is not asked: Git LFS is reached by "
            "https, http, ssh and file",
            hint="correct lfs.url in .lfsconfig",
        )
    return endpoint


def _make_repository(folder: Path, wanted: Download, endpoint: GitUrl | None) -> None:
    git = folder / ".git"
    (git / "objects").mkdir(parents=True)
    (git / "refs").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    (git / "config").write_text(_configuration(wanted, endpoint), encoding="utf-8")
    stream = b"".join(_commit_of_pointers(wanted.pointers))
    run_git("fast-import", "--quiet", "--done", folder=folder, standard_input=stream)


def _configuration(wanted: Download, endpoint: GitUrl | None) -> str:
    # Watch ends what stands still; git-lfs would begin anew each time, and so never end.
    patience = math.ceil(2 * stall_limit()) + 10
    lines = [
        "[core]",
        "\trepositoryformatversion = 0",
        "\tbare = false",
        '[remote "origin"]',
        f"\turl = {_quoted(wanted.url.address)}",
        "[lfs]",
        f"\tstorage = {_quoted(str(wanted.mirror / 'lfs'))}",
        f"\tdialtimeout = {math.ceil(connect_limit())}",
        f"\ttlstimeout = {math.ceil(connect_limit())}",
        f"\tactivitytimeout = {patience}",
        '[lfs "transfer"]',
        f"\tmaxretries = {_RETRIES}",
    ]
    if endpoint is not None:
        lines += ["[lfs]", f"\turl = {_quoted(endpoint.address)}"]
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _commit_of_pointers(pointers: Sequence[Pointer]) -> list[bytes]:
    """Return what `git fast-import` makes the commit of; a file is named by its hash."""
    sizes = {pointer.oid: pointer.size for pointer in pointers}
    lines = [f"commit {_REF}\ncommitter mlrun <mlrun> 0 +0000\ndata 0\n".encode("ascii")]
    for oid, size in sizes.items():
        version = "https://git-lfs.github.com/spec/v1"
        text = f"version {version}\noid sha256:{oid}\nsize {size}\n".encode("ascii")
        lines.append(b"M 100644 inline %s\ndata %d\n%s\n" % (oid.encode("ascii"), len(text), text))
    return [*lines, b"done\n"]


def _run(folder: Path, wanted: Download, server: GitUrl, report: Report) -> tuple[int, str]:
    """Run git-lfs, and return its exit code and what it said."""
    process = _start(folder, wanted, server)
    progress, said = _Progress(report), _Said()
    assert process.stdout is not None
    assert process.stderr is not None
    readers = {process.stdout: progress.take, process.stderr: said.take}
    watch = Watch(process.pid, stall_limit(), may_ask=wanted.may_ask)
    try:
        code = follow(process, readers, watch, leads_group=not wanted.may_ask)
    except StalledError as error:
        raise stalled(server, error.seconds, progress.last) from None
    except _RejectedError:
        return 1, "Authentication required"
    return code, said.text()


def _start(folder: Path, wanted: Download, server: GitUrl) -> subprocess.Popen[bytes]:
    environ = talking_environ(server, may_ask=wanted.may_ask)
    # git-lfs would look for a repository named by file:// in this one.
    del environ["GIT_DIR"]
    fetch = ("lfs", "fetch", "--include=", "--exclude=", "origin", _REF)
    try:
        return subprocess.Popen(
            ("git", *talking_options(server), *fetch),
            cwd=folder,
            env={**environ, "GIT_LFS_FORCE_PROGRESS": "1", "GIT_TRACE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=not wanted.may_ask,
        )
    except FileNotFoundError:
        raise no_git(wanted.url.address) from None


class _RejectedError(Exception):
    """The server does not take the credentials that it is given again and again."""


class _Said:
    """What git-lfs writes to standard error, without its trace.

    The trace tells what the server answered last, where git-lfs repeats only the words. And when
    credentials are rejected: git-lfs asks for others then, without end, and a credential helper
    that knows no others gives the same each time.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._rest = b""
        self._rejections = 0
        self._status = ""

    def take(self, data: bytes) -> None:
        """Take bytes as they come.

        Raises:
            _RejectedError: Credentials were rejected too often.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-_LONGEST_LINE:]
        for line in lines:
            self._line(line.decode("utf-8", "replace"))

    def text(self) -> str:
        """Return the lines that are no trace, and the server's last answer if it is an error."""
        self._line(self._rest.decode("utf-8", "replace"))
        self._rest = b""
        status = [f"HTTP {self._status}"] if self._status >= "400" else []
        return "\n".join([*self._lines, *status])

    def _line(self, line: str) -> None:
        if not _TRACE.match(line):
            if line.strip() and len(self._lines) < _MOST_LINES:
                self._lines.append(line)
        elif found := _STATUS.search(line):
            self._status = found[1]
        elif _REJECTION.search(line):
            self._rejections += 1
            if self._rejections >= _MOST_REJECTIONS:
                raise _RejectedError


class _Progress:
    """Says how far a download is.

    Attributes:
        last: How far it was at last; None before anything came.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._rest = ""
        self.last: str | None = None

    def take(self, data: bytes) -> None:
        """Take bytes as they come; the last line of all ends with a line feed."""
        text = (self._rest + data.decode("utf-8", "replace")).replace("\n", "\r")
        *lines, self._rest = text.split("\r")
        self._rest = self._rest[-1024:]
        found = [match for line in lines if (match := _PROGRESS.search(line))]
        if found:
            share, done, count, size = found[-1].groups()
            self.last = f"{share} %, {size.strip()}, {done} of {count} files"
            self._report(f"fetching files of Git LFS: {self.last}", passing=True)


def _remove_wrong(wanted: Download) -> None:
    """Remove what came and is not what the pointers say."""
    for oid in {pointer.oid for pointer in wanted.pointers}:
        file = stored_file(wanted.store, oid)
        try:
            with file.open("rb") as content:
                digest = digest_of(content)
        except FileNotFoundError:
            continue
        if digest != oid:
            file.unlink()
