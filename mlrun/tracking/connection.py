"""One kept connection to one origin: a request out in one write, an answer back."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from mlrun.tracking.proxies import Proxy
from mlrun.web.headers import whole_number

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes; no answer about a run comes near it."""

_BLOCK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a server."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """Return the address, without a port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme] == self.port
        return f"{self.scheme}://{host}" if usual else f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        body: All of it.
        url: What was asked, without query and credentials.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class ExchangeFailedError(Exception):
    """No whole answer came. Internal: `HttpClient` tries again, or names it to the user.

    Attributes:
        reason: Why, in words.
        sent: Whether the server may have acted on the request.
        final: Whether trying again is pointless.
        hint: What to do.
        stale: Whether it was a kept connection, which the server may have closed long ago.
    """

    def __init__(
        self, reason: str, *, sent: bool = False, final: bool = False, hint: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.final = final
        self.hint = hint
        self.stale = False


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long one exchange may take, in seconds.

    Attributes:
        connect: To an address, with the TLS handshake.
        answer: From the request to the end of the answer.
    """

    connect: float
    answer: float


class Connection:
    """A connection that is made when it is needed, and kept.

    Args:
        origin: The server.
        limits: How long things may take.
        proxy: What to go through.
        context: How to check the server's certificate; needed for https.
        largest: Bytes that an answer may have which is not streamed.
    """

    def __init__(
        self,
        origin: Origin,
        limits: TimeLimits,
        proxy: Proxy | None = None,
        context: ssl.SSLContext | None = None,
        largest: int = LARGEST_ANSWER,
    ) -> None:
        self._origin = origin
        self._limits = limits
        self._largest = largest
        self._forward = proxy if origin.scheme == "http" else None
        self._wire = _wire(origin, limits.connect, proxy, context)

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Send a request and read the answer.

        Args:
            method: GET or POST.
            target: Path and query.
            headers: All but Host and Content-Length.
            body: What to send, None for nothing.

        Raises:
            ExchangeFailedError: No whole answer came.
        """
        with self._failures_named():
            return self._exchange(method, target, headers, body)

    def stream(self, target: str, headers: Mapping[str, str]) -> StreamedAnswer:
        """Ask for something of any size, of which nothing is read yet but the headers.

        The limit of time holds for each wait by itself. Whoever asks closes the answer before
        the next request.

        Args:
            target: Path and query.
            headers: All but Host.

        Raises:
            ExchangeFailedError: No answer came.
        """
        with self._failures_named():
            url = str(self._origin) + target.partition("?")[0]
            return StreamedAnswer(self, self._send("GET", target, headers, None), url)

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        stale = self._wire.sock is not None
        sent = False
        try:
            self._connect()
            sent = True
            yield
        except ExchangeFailedError:
            self.close()
            raise
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self.close()
            failure = self.named(error, sent=sent)
            failure.stale = stale
            raise failure from error
        except BaseException:
            # Half a request or answer (Ctrl-C) must not meet the next one.
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection; the next exchange makes a new one."""
        self._wire.close()

    def _connect(self) -> None:
        if self._wire.sock is None:
            try:
                self._wire.connect()
            except OSError as error:
                # Python 3.10 leaves open what a proxy answered; only the traceback keeps it.
                raise error.with_traceback(None) from None
            self._wire.allow_answer(self._limits.answer)

    def _exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        url = str(self._origin) + target.partition("?")[0]
        response = self._send(method, target, headers, body)
        try:
            content = self._read(response)
        finally:
            response.close()
        return Answer(response.status, _fields(response), content, url)

    def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> http.client.HTTPResponse:
        if self._forward is not None:
            target, headers = self._for_proxy(target, headers)
        return self._wire.send_at_once(method, target, headers, body)

    def _for_proxy(self, target: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        assert self._forward is not None
        authorization = self._forward.authorization
        extra = {"Proxy-Authorization": authorization} if authorization else {}
        return f"{self._origin}{target}", {**headers, **extra}

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        """Read to the end, within the limits of time and size."""
        deadline = monotonic() + self._limits.answer
        chunks: list[bytes] = []
        size = 0
        while chunk := response.read1(65536):
            size += len(chunk)
            if size > self._largest:
                reason = f"answered more than {self._largest} bytes"
                raise ExchangeFailedError(reason, sent=True, final=True)
            if monotonic() > deadline:
                raise TimeoutError
            chunks.append(chunk)
        _check_whole(response, size)
        return b"".join(chunks)

    def named(self, error: Exception, *, sent: bool) -> ExchangeFailedError:
        """Return what a failure of the connection is, in words."""
        if isinstance(error, ssl.SSLError):
            return _tls_failure(error, sent=sent)
        if isinstance(error, TimeoutError):
            limit = self._limits.answer if sent else self._limits.connect
            what = "did not answer" if sent else "could not be reached"
            return ExchangeFailedError(f"{what} within {limit:g} s", sent=sent)
        if isinstance(error, socket.gaierror):
            unknown = error.errno == socket.EAI_NONAME
            reason = f"its host name is unknown ({error.strerror})"
            return ExchangeFailedError(reason, final=unknown, hint="check the address")
        if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead)):
            return ExchangeFailedError("closed the connection before its answer", sent=sent)
        if isinstance(error, http.client.HTTPException):
            return ExchangeFailedError("did not answer by HTTP", sent=sent, final=True)
        if isinstance(error, UnicodeError):
            return ExchangeFailedError("its host name cannot be understood", final=True)
        assert isinstance(error, OSError)
        reason = error.strerror or str(error) or type(error).__name__
        refused_by_proxy = "Tunnel connection failed: 4" in reason
        what = "the connection broke" if sent else "no connection"
        return ExchangeFailedError(f"{what}: {reason}", sent=sent, final=refused_by_proxy)


class StreamedAnswer:
    """An answer that is read as it comes.

    Args:
        connection: That it comes by.
        response: The answer, read to the end of its headers.
        url: What was asked, without query and credentials.
    """

    def __init__(
        self, connection: Connection, response: http.client.HTTPResponse, url: str
    ) -> None:
        self.status = response.status
        self.headers = _fields(response)
        self.url = url
        self._connection = connection
        self._response = response
        self._is_whole = False

    def blocks(self) -> Iterator[bytes]:
        """Yield the body.

        Raises:
            ExchangeFailedError: It breaks off, or nothing more comes.
        """
        size = 0
        try:
            while block := self._response.read1(_BLOCK):
                size += len(block)
                yield block
            _check_whole(self._response, size)
        except (OSError, http.client.HTTPException) as error:
            raise self._connection.named(error, sent=True) from error
        self._is_whole = True

    def close(self) -> None:
        """Let go of it, and of the connection where something of it was not read."""
        self._response.close()
        if not self._is_whole:
            self._connection.close()


class _Wire(http.client.HTTPConnection):
    """Holds back what a request consists of until it is whole.

    Headers and body written apart meet Nagle's algorithm and delayed acknowledgement: some
    40 ms for each request, at some servers.
    """

    _held: list[bytes] | None = None

    def allow_answer(self, seconds: float) -> None:
        """Set how long to wait for each part of an answer."""
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def send_at_once(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> http.client.HTTPResponse:
        """Send a request in one write."""
        self._held = []
        try:
            self.request(method, target, body=body, headers=dict(headers))
            whole = b"".join(self._held)
        finally:
            self._held = None
        super().send(whole)
        return self.getresponse()

    def send(self, data: object) -> None:
        """Send, or hold back."""
        if self._held is None:
            super().send(data)  # type: ignore[arg-type]
        else:
            assert isinstance(data, bytes)
            self._held.append(data)


class _TlsWire(_Wire, http.client.HTTPSConnection):
    """The same over TLS."""


def _wire(
    origin: Origin, timeout: float, proxy: Proxy | None, context: ssl.SSLContext | None
) -> _Wire:
    host, port = (proxy.host, proxy.port) if proxy else (origin.host, origin.port)
    if origin.scheme == "http":
        return _Wire(host, port, timeout=timeout)
    wire = _TlsWire(host, port, timeout=timeout, context=context)
    if proxy is not None:
        authorization = proxy.authorization
        headers = {"Proxy-Authorization": authorization} if authorization else {}
        wire.set_tunnel(origin.host, origin.port, headers)
    return wire


def _fields(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _check_whole(response: http.client.HTTPResponse, size: int) -> None:
    announced = whole_number(response.getheader("Content-Length", ""))
    if announced is not None and size < announced:
        raise http.client.IncompleteRead(b"", announced - size)


def _tls_failure(error: ssl.SSLError, *, sent: bool) -> ExchangeFailedError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ExchangeFailedError(
            f"its certificate is not trusted: {error.verify_message}",
            final=True,
            hint="name its authority's certificate in MLFLOW_TRACKING_SERVER_CERT_PATH",
        )
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return ExchangeFailedError(
            "does not speak TLS", final=True, hint="is its address http:// instead of https://?"
        )
    reason = (error.reason or "TLS failed").lower().replace("_", " ")
    wants_certificate = "certificate" in reason
    hint = "name a client certificate in MLFLOW_TRACKING_CLIENT_CERT_PATH"
    return ExchangeFailedError(
        f"broke off the TLS connection: {reason}",
        sent=sent,
        final=wants_certificate,
        hint=hint if wants_certificate else None,
    )
