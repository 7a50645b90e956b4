"""A container engine, spoken to directly: few requests, on the way to a command.

Docker's own library is used where images are fetched and built; importing it takes longer than
all the rest of a warm run (150 ms), and what a run needs of it is a few requests of the Engine
API (https://docs.docker.com/reference/api/engine/; Podman serves it too). No version of the API
is named, so that each engine answers in its own: new ones refuse old numbers, and old ones new.

The attendant is a small Python of its own in which this file is the largest part: hence
`_socket` in place of `socket` (10 ms), and `json` (8 ms) only where an answer is to be read.
"""

from __future__ import annotations

import _socket
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TIMEOUT = 60.0
"""Seconds without a sign of life of the engine after which a request is given up."""

_CHUNK = 1 << 16
_LONGEST_HEAD = 1 << 16
_UPGRADED = 101
_NO_BODY = (204, 304)
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")


class EngineError(Exception):
    """An engine's answer that is no success.

    Attributes:
        status: Of HTTP; 0 where there was no answer at all.
        message: The engine's own words.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class UnreachableError(EngineError):
    """Nobody is there: nothing was asked."""


class Engine:
    """One engine. Each request has a connection of its own.

    Args:
        address: `unix:///PATH`, `tcp://HOST:PORT` (with TLS where `DOCKER_TLS_VERIFY` and
            `DOCKER_CERT_PATH` say so).
        environ: Where those variables are.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        self.address = address
        self._environ = environ

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        query: Mapping[str, Any] | None = None,
        timeout: float | None = TIMEOUT,
    ) -> Any:
        """Make one request and return its JSON answer (None where that is empty).

        Args:
            method: `GET`, `POST`, `DELETE`.
            path: `/containers/create`, without a version.
            body: A JSON document, or one as text already.
            query: Values that are no text (lists, dictionaries, booleans) are given as JSON.
            timeout: Seconds to wait for each part of the answer; None for ever.

        Raises:
            EngineError: No answer, or no success.
        """
        connection = self.begin(method, path, body, query, timeout)
        try:
            return parsed(connection.answer(), self.address)
        finally:
            connection.close()

    def begin(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        query: Mapping[str, Any] | None = None,
        timeout: float | None = TIMEOUT,
    ) -> Connection:
        """Make one request and return before its answer, which is the connection's `answer`.

        Raises:
            EngineError: Nobody is there.
        """
        head = f"{method} {_target(path, query)} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n"
        return self._asked(head, _text_of(body), timeout)

    def attach(self, path: str, query: Mapping[str, Any] | None = None) -> Connection:
        """Make a request whose connection becomes a stream in both directions.

        Raises:
            EngineError: No answer, or no success.
        """
        head = (
            f"POST {_target(path, query)} HTTP/1.1\r\nHost: docker\r\n"
            "Connection: Upgrade\r\nUpgrade: tcp\r\n"
        )
        connection = self._asked(head, b"", TIMEOUT)
        try:
            connection.answer(upgrade=True)
        except BaseException:
            connection.close()
            raise
        return connection

    def _asked(self, head: str, body: bytes, timeout: float | None) -> Connection:
        try:
            connection = Connection(_open(self.address, self._environ, timeout), self.address)
        except (OSError, ValueError) as error:
            raise UnreachableError(0, _unreachable(self.address, error).message) from error
        try:
            connection.ask(head, body)
        except BaseException:
            connection.close()
            raise
        return connection


class Connection:
    """One connection to an engine: a request with its answer, or an attached stream.

    Args:
        connected: A socket, `_socket`'s or `ssl`'s.
        address: Of the engine, for messages.
    """

    def __init__(self, connected: Any, address: str) -> None:
        self.socket = connected
        self._address = address
        self._read = b""

    def close(self) -> None:
        """Close it."""
        self.socket.close()

    def flow(self) -> None:
        """From now on `receive` and `send` never wait."""
        self.socket.settimeout(0)

    def receive(self, size: int = _CHUNK) -> bytes | None:
        """Return what has arrived; nothing at the end, None where nothing is there yet.

        Raises:
            OSError: The connection broke.
        """
        if self._read:
            data, self._read = self._read[:size], self._read[size:]
            return data
        try:
            return bytes(self.socket.recv(size))
        except OSError as error:
            if _must_wait(error):
                return None
            raise

    def send(self, data: bytes) -> int:
        """Send as much as can be sent at once, and return how much that was.

        Raises:
            OSError: The connection broke.
        """
        try:
            return int(self.socket.send(data))
        except OSError as error:
            if _must_wait(error):
                return 0
            raise

    def end_input(self) -> None:
        """Tell the other side that nothing more will be sent."""
        try:
            if hasattr(self.socket, "unwrap"):
                self.socket.unwrap()
            else:
                self.socket.shutdown(_socket.SHUT_WR)
        except (OSError, ValueError):
            return  # TLS says so and does not wait for the answer; or all is over already

    def ask(self, head: str, body: bytes = b"") -> None:
        """Send a request; `answer` returns what becomes of it.

        Raises:
            EngineError: The connection broke.
        """
        if body:
            head += "Content-Type: application/json\r\n"
        try:
            self.socket.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        except OSError as error:
            raise _unreachable(self._address, error) from error

    def answer(self, *, upgrade: bool = False) -> bytes:
        """Return the text of the answer, after it has come.

        Args:
            upgrade: Whether the connection becomes a stream, and no text follows.

        Raises:
            EngineError: No answer, or no success.
        """
        try:
            status, fields = self._head()
            if upgrade and status in (_UPGRADED, 200):
                return b""
            text = b"" if status in _NO_BODY else self._body(fields)
        except (OSError, ValueError) as error:
            raise _unreachable(self._address, error) from error
        if not 200 <= status < 400:
            raise EngineError(status, _message_of(text, status))
        return text

    def _head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._read:
            if len(self._read) > _LONGEST_HEAD:
                raise ValueError("it does not speak HTTP")
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(None, 2)
        if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
            raise ValueError("it does not speak HTTP")
        pairs = (line.partition(":") for line in lines)
        return int(words[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def _body(self, fields: dict[str, str]) -> bytes:
        if "chunked" in fields.get("transfer-encoding", "").lower():
            return self._chunks()
        if "content-length" in fields:
            return self._exactly(int(fields["content-length"]))
        while data := self.socket.recv(_CHUNK):
            self._read += data
        return self._read

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._line().partition(b";")[0], 16):
            parts.append(self._exactly(size))
            self._line()
        return b"".join(parts)

    def _line(self) -> bytes:
        while b"\r\n" not in self._read:
            self._more()
        line, _, self._read = self._read.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        data, self._read = self._read[:size], self._read[size:]
        return data

    def _more(self) -> None:
        data = self.socket.recv(_CHUNK)
        if not data:
            raise ConnectionResetError("the connection was closed")
        self._read += data


def parsed(text: bytes, address: str) -> Any:
    """Return the JSON document of an answer, None for an empty one.

    Raises:
        EngineError: It is none.
    """
    if not text.strip():
        return None
    import json

    try:
        return json.loads(text)
    except ValueError:
        raise EngineError(0, f"{address} answered something that is no JSON") from None


def _must_wait(error: OSError) -> bool:
    """Return whether a socket that never waits would have to (TLS has errors of its own)."""
    return isinstance(error, BlockingIOError) or type(error).__name__.startswith("SSLWant")


def _target(path: str, query: Mapping[str, Any] | None) -> str:
    target = _quoted(path)
    if query:
        target += "?" + "&".join(f"{_quoted(k)}={_quoted(_word(v))}" for k, v in query.items())
    return target


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    import json

    return json.dumps(value)


def _quoted(text: str) -> str:
    return "".join(chr(b) if b in _SAFE else f"%{b:02X}" for b in text.encode())


def _text_of(body: Mapping[str, Any] | bytes | None) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    import json

    return json.dumps(body).encode()


def _message_of(text: bytes, status: int) -> str:
    import json

    try:
        message = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        message = text.decode("utf-8", "replace").strip()
    return str(message) or f"HTTP {status}"


def _unreachable(address: str, error: OSError | ValueError) -> EngineError:
    reason = getattr(error, "strerror", None) or str(error)
    return EngineError(0, f"no answer of the container engine at {address}: {reason}")


def _open(address: str, environ: Mapping[str, str], timeout: float | None) -> Any:
    """Return a connected socket.

    Raises:
        OSError: Nobody is there.
        ValueError: The address is none.
    """
    scheme, _, rest = address.partition("://")
    if scheme == "unix":
        return _connected(_socket.AF_UNIX, rest, timeout)
    if scheme not in ("tcp", "http", "https"):
        raise ValueError("not a kind of address that mlrun knows")
    secure = scheme == "https" or bool(environ.get("DOCKER_TLS_VERIFY"))
    host, port = _host_and_port(rest, 2376 if secure else 2375)
    if secure:
        return _open_tls(host, port, environ, timeout)
    family, _, _, _, place = _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM)[0]
    connected = _connected(family, place, timeout)
    connected.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    return connected


def _connected(family: int, place: Any, timeout: float | None) -> Any:
    made = _socket.socket(family, _socket.SOCK_STREAM)
    try:
        made.settimeout(timeout)
        made.connect(place)
    except BaseException:
        made.close()
        raise
    return made


def _host_and_port(text: str, usual: int) -> tuple[str, int]:
    place = text.partition("/")[0]
    host, colon, port = place.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = place, str(usual)
    return host.strip("[]") or "127.0.0.1", int(port)


def _open_tls(host: str, port: int, environ: Mapping[str, str], timeout: float | None) -> Any:
    import socket
    import ssl

    folder = environ.get("DOCKER_CERT_PATH") or f"{environ.get('HOME', '')}/.docker"
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    certificate = f"{folder}/cert.pem"
    if os.path.exists(certificate):  # noqa: PTH110 - no pathlib in the attendant
        context.load_cert_chain(certificate, f"{folder}/key.pem")
    connected = socket.create_connection((host, port), timeout)
    try:
        return context.wrap_socket(connected, server_hostname=host)
    except BaseException:
        connected.close()
        raise
