"""A small HTTP client: one kept connection, time limits, retries, careful redirects."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from urllib.parse import quote, urljoin, urlsplit

from mlrun._version import __version__
from mlrun.errors import TrackingRefusedError, TrackingUnavailableError, UsageError
from mlrun.tracking.connection import (
    LARGEST_ANSWER,
    Answer,
    Connection,
    ExchangeFailedError,
    Origin,
    StreamedAnswer,
    TimeLimits,
)
from mlrun.tracking.proxies import choose_proxy
from mlrun.tracking.tls import TlsSettings

PATIENCE = "MLRUN_TRACKING_PATIENCE"

_CONNECT_LIMIT = 10.0
_ANSWER_LIMIT = 20.0
_PATIENCE = 25.0
_FIRST_WAIT = 0.25
_LONGEST_WAIT = 8.0
_MOST_REDIRECTS = 5

_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})

DISABLED = b"disabled due to the mlflow server running"
"""In a server's 503 for what it will never do: it was started without artifacts, say."""

Recover = Callable[[], "Answer | None"]


@dataclass(frozen=True, slots=True)
class Persistence:
    """How hard to try.

    Attributes:
        limits: For one exchange.
        patience: Seconds after which nothing is sent again.
        retries: How often at most to send again, None for as long as patience lasts.
        largest: Bytes that an answer may have which is not streamed.
    """

    limits: TimeLimits = TimeLimits(_CONNECT_LIMIT, _ANSWER_LIMIT)  # noqa: RUF009 - frozen
    patience: float = _PATIENCE
    retries: int | None = None
    largest: int = LARGEST_ANSWER


def read_persistence(environ: Mapping[str, str]) -> Persistence:
    """Read how hard to try from `MLRUN_TRACKING_PATIENCE` and two of MLflow's variables.

    Raises:
        UsageError: A variable that holds no number.
    """
    answer = _number("MLFLOW_HTTP_REQUEST_TIMEOUT", environ)
    retries = _number("MLFLOW_HTTP_REQUEST_MAX_RETRIES", environ)
    patience = _number(PATIENCE, environ)
    limit = answer or _ANSWER_LIMIT
    return Persistence(
        limits=TimeLimits(min(_CONNECT_LIMIT, limit), limit),
        patience=_PATIENCE if patience is None else patience,
        retries=None if retries is None else int(retries),
    )


class HttpClient:
    """Speaks to one server.

    Args:
        base: The server's address, with a path where it has one, without credentials.
        environ: The user's variables: proxies.
        authorization: Value of the Authorization header, sent to this server alone.
        tls: How to check certificates.
        persistence: How hard to try.
    """

    def __init__(
        self,
        base: str,
        environ: Mapping[str, str],
        authorization: str | None = None,
        tls: TlsSettings | None = None,
        persistence: Persistence | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self._home = origin_of(base)
        self._environ = environ
        self._authorization = authorization
        self._tls = tls or TlsSettings()
        self._persistence = persistence or Persistence()
        self._connections: dict[Origin, Connection] = {}

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        recover: Recover | None = None,
        patience: float | None = None,
    ) -> Answer:
        """Send a request, again if need be, and return the answer.

        Args:
            method: GET or POST.
            path: Below the base, with the query.
            body: JSON to send.
            recover: Asked before a request is repeated that the server may have acted on
                already; returns the answer that was lost, or None.
            patience: Seconds, instead of the client's own.

        Raises:
            TrackingUnavailableError: No answer, or one that asks to come back, to the end.
            TrackingRefusedError: An answer that leads nowhere.
        """
        trial = _Trial(self._persistence, patience)
        while True:
            failure = self._once(method, path, body)
            if isinstance(failure, Answer):
                return failure
            trial.wait_after(failure, self.base)
            if recover is not None and trial.in_doubt:
                found = recover()
                if found is not None:
                    return found

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[StreamedAnswer]:
        """Ask once for something of any size, and give it as it comes, whatever its status.

        Args:
            path: Below the base, with the query.
            headers: Beside those that every request has.

        Raises:
            ExchangeFailedError: No answer; also while the body is read.
            TrackingRefusedError: An answer that leads nowhere.
        """
        url = self.base + path
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._streamed(url, headers)
            try:
                place = answer.headers.get("location")
                if answer.status not in _REDIRECTS or not place:
                    yield answer
                    return
            finally:
                answer.close()
            url = self._checked_redirect("GET", url, place, answer.status)
        raise TrackingRefusedError(f"{self.base} redirects without end")

    def close(self) -> None:
        """Let go of all connections."""
        for connection in self._connections.values():
            connection.close()

    def _once(self, method: str, path: str, body: bytes | None) -> Answer | _Failure:
        try:
            answer = self._follow(method, self.base + path, body)
        except ExchangeFailedError as error:
            return _Failure(error.reason, error.sent, error.final, error.hint, error.stale)
        if answer.status not in _TRY_AGAIN or DISABLED in answer.body:
            return answer
        from mlrun.web.headers import seconds_to_wait

        wait = seconds_to_wait(answer.headers.get("retry-after"))
        return _Failure(f"answered {answer.status}", sent=answer.status != 429, wait=wait)

    def _follow(self, method: str, url: str, body: bytes | None) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._send(method, url, body)
            place = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not place:
                return answer
            url = self._checked_redirect(method, url, place, answer.status)
        raise TrackingRefusedError(f"{self.base} redirects without end")

    def _send(self, method: str, url: str, body: bytes | None) -> Answer:
        origin = origin_of(url)
        headers = {"Accept": "application/json", **self._headers(origin)}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._connection(origin).exchange(method, _target(url), headers, body)

    def _streamed(self, url: str, headers: Mapping[str, str]) -> StreamedAnswer:
        origin = origin_of(url)
        connection = self._connection(origin)
        headers = {"Accept": "*/*", **self._headers(origin), **headers}
        try:
            return connection.stream(_target(url), headers)
        except ExchangeFailedError as error:
            if not error.stale or error.final:
                raise
        return connection.stream(_target(url), headers)

    def _headers(self, origin: Origin) -> dict[str, str]:
        headers = {"User-Agent": f"mlrun/{__version__}"}
        if self._authorization is not None and self._is_home(origin):
            headers["Authorization"] = self._authorization
        return headers

    def _connection(self, origin: Origin) -> Connection:
        if origin not in self._connections:
            proxy = choose_proxy(origin.scheme, origin.host, origin.port, self._environ)
            context = None
            if origin.scheme == "https":
                context = self._tls.context(with_client=self._is_home(origin))
            limits, largest = self._persistence.limits, self._persistence.largest
            self._connections[origin] = Connection(origin, limits, proxy, context, largest)
        return self._connections[origin]

    def _is_home(self, origin: Origin) -> bool:
        """Return whether credentials may go there: the server itself, or it by TLS."""
        upgraded = Origin("https", self._home.host, 443)
        return origin == self._home or (
            origin == upgraded and self._home == Origin("http", self._home.host, 80)
        )

    def _checked_redirect(self, method: str, url: str, place: str, status: int) -> str:
        """Return where to go, which for what is sent is only another path of the same server."""
        try:
            place = urljoin(url, place)
            scheme = urlsplit(place).scheme.lower()
        except ValueError:
            scheme = ""
        if scheme not in ("http", "https"):
            raise TrackingRefusedError(f"{self.base} redirects to an address that is not HTTP")
        is_safe = status in _KEEPS_METHOD and origin_of(place) == origin_of(url)
        if method == "GET" or is_safe:
            return place
        target = origin_of(place)
        raise TrackingRefusedError(
            f"{self.base} redirects to {target}, and what is recorded is not sent elsewhere",
            hint=f"give the server's own address: MLFLOW_TRACKING_URI={target}...",
        )


@dataclass(frozen=True, slots=True)
class _Failure:
    """One try that failed.

    Attributes:
        reason: Why.
        sent: Whether the server may have acted.
        final: Whether another try is pointless.
        hint: What to do.
        stale: Whether a kept connection failed, which the server may have closed long ago.
        wait: Seconds that the server asked to wait.
    """

    reason: str
    sent: bool
    final: bool = False
    hint: str | None = None
    stale: bool = False
    wait: float | None = None


class _Trial:
    """The tries of one request: how long to wait, and when to give up."""

    def __init__(self, persistence: Persistence, patience: float | None) -> None:
        self._start = monotonic()
        self._patience = persistence.patience if patience is None else patience
        self._retries = persistence.retries
        self._tries = 0
        self._fresh_start_used = False
        self.in_doubt = False

    def wait_after(self, failure: _Failure, base: str) -> None:
        """Wait until the next try.

        Raises:
            TrackingUnavailableError: There is none.
            TrackingRefusedError: It would be pointless.
        """
        self.in_doubt = self.in_doubt or failure.sent
        if failure.stale and not self._fresh_start_used and not failure.final:
            self._fresh_start_used = True
            return
        self._tries += 1
        wait = _backoff(self._tries) if failure.wait is None else failure.wait
        elapsed = monotonic() - self._start
        is_over = self._retries is not None and self._tries > self._retries
        if failure.final or is_over or elapsed + wait > self._patience:
            raise self._given_up(failure, base, elapsed)
        sleep(wait)

    def _given_up(
        self, failure: _Failure, base: str, elapsed: float
    ) -> TrackingUnavailableError | TrackingRefusedError:
        asked = f", and asks to wait {failure.wait:g} s" if failure.wait else ""
        tried = f" (tried {self._tries} times in {elapsed:.0f} s)" if self._tries > 1 else ""
        hint = failure.hint or "is the server running, and is its address right?"
        message = f"the tracking server {base}: {failure.reason}{asked}{tried}"
        if failure.final and failure.sent:
            return TrackingRefusedError(message, hint=hint)
        return TrackingUnavailableError(message, hint=hint)


def origin_of(url: str) -> Origin:
    """Return the origin of an address.

    Raises:
        UsageError: An address that cannot be understood.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not host.isprintable() or " " in host:
        raise UsageError(f"the address {url} cannot be understood")
    return Origin(scheme, host, port or {"http": 80, "https": 443}[scheme])


def _target(url: str) -> str:
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{parts.query}" if parts.query else path


def _backoff(tries: int) -> float:
    """Return seconds: doubled each time, the last half by chance so that clients spread."""
    ceiling = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (tries - 1))
    return float(ceiling * (0.5 + os.urandom(1)[0] / 510))


def _number(name: str, environ: Mapping[str, str]) -> float | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise UsageError(f"{name} must be a number, 0 or more, not {text!r}")
    return number
