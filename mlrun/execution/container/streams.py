"""A container's streams: one connection in, two outputs out, as fast as the slower side allows."""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.execution.container.engine import Connection

_HEADER = 8
_STDERR = 2
_CHUNK = 1 << 16
_HELD = 1 << 18
"""Bytes that wait for a slow reader before the container has to wait, too."""


class Outlet:
    """One of our own outputs, written to without waiting.

    Args:
        descriptor: Of a pipe or a terminal.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._waiting = bytearray()
        self._lost = False
        try:
            os.set_blocking(descriptor, False)
        except OSError:
            self._lost = True

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return len(self._waiting)

    def put(self, data: bytes) -> None:
        """Take bytes; they are dropped where nobody reads any more."""
        if not self._lost:
            self._waiting += data
            self.write()

    def write(self) -> None:
        """Write as much as is taken at once."""
        try:
            while self._waiting:
                written = os.write(self.descriptor, memoryview(self._waiting)[:_CHUNK])
                del self._waiting[:written]
        except BlockingIOError:
            return
        except OSError:
            self._lost = True
            self._waiting.clear()


class Output:
    """What comes from the container, given to standard output and standard error.

    Without a terminal the two come in frames: a kind, three zeros, a length of four bytes, and
    as many bytes (https://docs.docker.com/reference/api/engine/, "Attach to a container").

    Args:
        connection: The attached stream.
        terminal: Whether the container has a terminal, so that there are no frames.
    """

    def __init__(self, connection: Connection, *, terminal: bool) -> None:
        self.ended = False
        self.outlets = (Outlet(1), Outlet(2))
        self._connection = connection
        self._terminal = terminal
        self._header = b""
        self._left = 0
        self._outlet = self.outlets[0]

    @property
    def connection(self) -> int:
        """The descriptor of the connection."""
        return int(self._connection.socket.fileno())

    @property
    def _wanted(self) -> bool:
        return not self.ended and all(outlet.held < _HELD for outlet in self.outlets)

    @property
    def delivered(self) -> bool:
        """Whether nothing waits for our readers."""
        return not any(outlet.held for outlet in self.outlets)

    def awaited(self) -> dict[int, int]:
        """Return what is to be polled, and for what."""
        awaited = {outlet.descriptor: select.POLLOUT for outlet in self.outlets if outlet.held}
        if self._wanted:
            awaited[self.connection] = select.POLLIN
        return awaited

    def serve(self, ready: dict[int, int]) -> None:
        """Write what waits and read what has arrived; not only on a poll's word (TLS)."""
        for outlet in self.outlets:
            if outlet.descriptor in ready:
                outlet.write()
        while self._wanted:
            try:
                data = self._connection.receive(_CHUNK)
            except OSError:
                data = b""
            if data is None:
                return
            self.ended = not data
            self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        if self._terminal:
            self._outlet.put(data)
            return
        start = 0
        while start < len(data):
            if self._left == 0:
                start = self._take_header(data, start)
                continue
            chunk = data[start : start + self._left]
            self._outlet.put(chunk)
            self._left -= len(chunk)
            start += len(chunk)

    def _take_header(self, data: bytes, start: int) -> int:
        missing = _HEADER - len(self._header)
        self._header += data[start : start + missing]
        if len(self._header) == _HEADER:
            self._outlet = self.outlets[1 if self._header[0] == _STDERR else 0]
            self._left = int.from_bytes(self._header[4:], "big")
            self._header = b""
        return start + missing


class Input:
    """Our standard input, given to the container.

    Args:
        connection: The attached stream.
        wanted: Whether there is one for it.
    """

    def __init__(self, connection: Connection, *, wanted: bool) -> None:
        self._connection = connection
        self._open = wanted
        self._waiting = b""
        self._told = not wanted

    @property
    def wanted(self) -> bool:
        """Whether our standard input is to be read."""
        return self._open and len(self._waiting) < _CHUNK

    @property
    def waiting(self) -> bool:
        """Whether something waits for the connection to take it."""
        return bool(self._waiting)

    def read(self) -> bytes:
        """Read what is there, pass it on, and return it."""
        try:
            data = os.read(0, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self._open = bool(data)
        self._waiting += data
        self.write()
        return data

    def write(self) -> None:
        """Send as much as the connection takes; after the last of it, say that it was."""
        try:
            while self._waiting:
                sent = self._connection.send(self._waiting)
                if sent == 0:
                    return
                self._waiting = self._waiting[sent:]
        except OSError:
            self._open, self._waiting = False, b""
        if not self._open and not self._told:
            self._told = True
            self._connection.end_input()
