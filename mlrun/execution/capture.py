"""Copies a command's output: unchanged to where mlrun's own goes, and into a log.

Nothing here waits: what a slow reader cannot take yet stays pending, and while it does, no
more is read, so that the command itself is slowed down, as it would be without mlrun.
"""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.execution.masking import Mask

BLOCK = 65536
"""Bytes read at once: the usual capacity of a pipe on Linux."""

_SAFE_CHUNK = 512
"""Bytes that a pipe which is ready for writing takes without blocking (POSIX: PIPE_BUF)."""

_GAP = b"\n[mlrun: some of the output is missing here]\n"


class Log:
    """The file that the output is kept in. A full disk costs its content, never the command.

    Args:
        path: Appended to; made if missing, readable by its owner only.
        notify: Takes a line for the user.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: Path, notify: Callable[[str], None]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY
        self.path = path
        self.complete = True
        self._fd = os.open(path, flags, 0o600)
        self._notify = notify
        self._gap = False

    def write(self, data: bytes) -> None:
        """Append, or remember that it could not be done."""
        try:
            if self._gap:
                self._write_all(_GAP)
                self._gap = False
            self._write_all(data)
        except OSError as error:
            self._gap = True
            self._incomplete(error)

    def close(self) -> None:
        """Close the file; a network file system may report a full disk only now."""
        try:
            os.close(self._fd)
        except OSError as error:
            self._incomplete(error)

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def _incomplete(self, error: OSError) -> None:
        if self.complete:
            self.complete = False
            self._notify(
                f"the log {self.path} cannot take all the output ({error.strerror}); "
                "the command goes on"
            )


class Sink:
    """One place where mlrun's own output goes.

    Args:
        fd: The file descriptor, or None for nowhere.
        on_closed: Called once, when its reader has gone.
    """

    def __init__(self, fd: int | None, on_closed: Callable[[], None]) -> None:
        self._on_closed = on_closed
        self._pending = memoryview(b"")
        self._own = _reopened(fd) if fd is not None else None
        self._fd = self._own if self._own is not None else fd
        self._chunk = BLOCK if self._own is not None or _is_file(fd) else _SAFE_CHUNK

    @property
    def fd(self) -> int | None:
        """What to poll for writing."""
        return self._fd

    @property
    def busy(self) -> bool:
        """Whether something is pending."""
        return bool(self._pending)

    def offer(self, data: bytes) -> None:
        """Write what can be written now; the rest stays pending. Only while not `busy`."""
        if self._fd is not None:
            self._pending = memoryview(data)
            self.flush()

    def flush(self) -> None:
        """Write pending bytes as far as that needs no waiting."""
        while self._pending and self._fd is not None and self._is_ready(self._fd):
            try:
                written = os.write(self._fd, self._pending[: self._chunk])
            except BlockingIOError:
                return
            except OSError:
                self.give_up()
                self._on_closed()
                return
            self._pending = self._pending[written:]

    def give_up(self) -> None:
        """Drop what is pending and all that follows."""
        self.close()
        self._fd = None
        self._pending = memoryview(b"")

    def close(self) -> None:
        """Close what was opened here."""
        if self._own is not None:
            os.close(self._own)
            self._own = None

    def _is_ready(self, fd: int) -> bool:
        if self._chunk == BLOCK:
            return True
        poll = select.poll()
        poll.register(fd, select.POLLOUT)
        return bool(poll.poll(0))


class Stream:
    """One stream of output on its way from the command into a sink and the log.

    Args:
        source: The end to read from, closed by `close`.
        sink: Where it goes; two streams may share one.
        log: Where it is kept.
        mask: Stars the secrets in what is kept; None where there are none.
    """

    def __init__(self, source: int, sink: Sink, log: Log, mask: Mask | None = None) -> None:
        os.set_blocking(source, False)
        self.source = source
        self.sink = sink
        self.ended = False
        self._log = log
        self._mask = mask

    def copy(self) -> bool:
        """Copy one block, or notice the end; return whether there was something to copy."""
        try:
            data = os.read(self.source, BLOCK)
        except BlockingIOError:
            return False
        except OSError:  # Linux: EIO, once nothing has a pseudo-terminal open any more
            data = b""
        if not data:
            self._end()
            return False
        self._log.write(data if self._mask is None else self._mask.take(data))
        self.sink.offer(data)
        return True

    def close(self) -> None:
        """Stop reading; a command that goes on writing gets SIGPIPE."""
        self._end()
        os.close(self.source)

    def _end(self) -> None:
        self.ended = True
        if self._mask is not None:
            self._log.write(self._mask.end())


class Output:
    """All of a command's output: one or two streams, their sinks, and the log.

    Args:
        stdout: The end of standard output to read from.
        stderr: The same of standard error; None if both come in one.
        stdout_to_stderr: Whether all goes to our standard error.
        log: Where it is kept.
        notify: Takes a line for the user.
        secrets: Texts of which the log gets only stars.
    """

    def __init__(
        self,
        stdout: int,
        stderr: int | None,
        *,
        stdout_to_stderr: bool,
        log: Log,
        notify: Callable[[str], None],
        secrets: tuple[bytes, ...] = (),
    ) -> None:
        self._log = log
        self._notify = notify
        out_sink, err_sink = self._open_sinks(stdout_to_stderr)
        self._streams = [Stream(stdout, out_sink, log, _mask(secrets))]
        if stderr is not None:
            self._streams.append(Stream(stderr, err_sink, log, _mask(secrets)))
        self._sinks = [out_sink] if err_sink is out_sink else [out_sink, err_sink]

    @property
    def ended(self) -> bool:
        """Whether all streams have ended."""
        return all(stream.ended for stream in self._streams)

    @property
    def delivered(self) -> bool:
        """Whether nothing that was read waits for a slow reader."""
        return not any(sink.busy for sink in self._sinks)

    def awaited(self) -> Iterator[tuple[int, int]]:
        """Yield each descriptor that something is awaited from, and what."""
        for stream in self._streams:
            if not stream.ended and not stream.sink.busy:
                yield stream.source, select.POLLIN
        for sink in self._sinks:
            if sink.busy and sink.fd is not None:
                yield sink.fd, select.POLLOUT

    def serve(self, ready: Mapping[int, int]) -> bool:
        """Move what can be moved; return whether something was read."""
        for sink in self._sinks:
            if sink.fd in ready:
                sink.flush()
        copied = False
        for stream in self._streams:
            if not stream.ended and not stream.sink.busy and stream.source in ready:
                copied |= stream.copy()
        return copied

    def give_up_delivery(self) -> None:
        """Keep all further output in the log only."""
        for sink in self._sinks:
            sink.give_up()

    def close(self) -> None:
        """Close all that was opened here."""
        for stream in self._streams:
            stream.close()
        for sink in self._sinks:
            sink.close()

    def _open_sinks(self, stdout_to_stderr: bool) -> tuple[Sink, Sink]:
        out = 1 if sys.__stdout__ is not None else None
        err = 2 if sys.__stderr__ is not None else None
        err_sink = Sink(err, lambda: self._reader_gone("standard error"))
        if stdout_to_stderr or _is_same_file(out, err):
            return err_sink, err_sink
        return Sink(out, lambda: self._reader_gone("standard output")), err_sink

    def _reader_gone(self, name: str) -> None:
        self._notify(
            f"nothing reads {name} any more; the command goes on, its output is kept in "
            f"{self._log.path}"
        )


def _mask(secrets: tuple[bytes, ...]) -> Mask | None:
    """Return a new mask, one for each stream, since a secret comes in pieces of one stream."""
    if not secrets:
        return None
    from mlrun.execution.masking import Mask, patterns

    return Mask(patterns(secrets))


def _reopened(fd: int) -> int | None:
    """Return a non-blocking descriptor of the same pipe or terminal.

    The one that we were given is shared with other processes, so that it must not be changed.
    """
    if _is_file(fd) or not sys.platform.startswith("linux"):
        return None
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(f"/proc/self/fd/{fd}", flags)
    except OSError:
        return None


def _is_file(fd: int | None) -> bool:
    if fd is None:
        return True
    try:
        return stat.S_ISREG(os.fstat(fd).st_mode)
    except OSError:
        return True


def _is_same_file(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return False
    try:
        return os.path.samestat(os.fstat(one), os.fstat(other))
    except OSError:
        return False
