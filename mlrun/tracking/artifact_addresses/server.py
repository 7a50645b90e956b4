"""A server that passes artifacts on; several threads may ask it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar
from weakref import finalize

from mlrun.errors import InputError, TrackingError, TrackingUnavailableError
from mlrun.inputs.failures import NoServerError, PassingError
from mlrun.tracking.api import Json, TrackingApi
from mlrun.tracking.connection import ExchangeFailedError, StreamedAnswer, TimeLimits
from mlrun.tracking.credentials import Credentials
from mlrun.tracking.http import HttpClient, origin_of, read_persistence
from mlrun.tracking.tls import tls_settings
from mlrun.web.headers import seconds_to_wait

_TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
_PATIENT = 120.0
"""Seconds: a server may have to fetch a whole file from its own store before its first byte."""

_LARGEST_LISTING = 64 * 2**20
_SUCCESS = (200, 206)
_COME_BACK = frozenset({408, 425, 429})

Result = TypeVar("Result")


class Server:
    """Speaks to one server.

    Args:
        base: Its address without credentials.
        environ: The user's variables: certificates, proxies, time limits.
        credentials: Who we are there.
        shown: What a message calls it, where that is not the address.
    """

    def __init__(
        self,
        base: str,
        environ: Mapping[str, str],
        credentials: Credentials | None = None,
        shown: str | None = None,
    ) -> None:
        self.base = base
        self.shown = shown or base
        self.credentials = credentials
        self._environ = environ
        self._idle: list[HttpClient] = []
        finalize(self, _close, self._idle)

    def ask(self, method: str, endpoint: str, fields: Json) -> Json:
        """Ask an endpoint below `/api/2.0/mlflow/`.

        Raises:
            TrackingError: No answer, or no as the answer.
        """
        if method == "POST":
            return self.by_api(lambda api: api.post(endpoint, fields))
        return self.by_api(lambda api: api.get(endpoint, {k: str(v) for k, v in fields.items()}))

    def by_api(self, call: Callable[[TrackingApi], Result]) -> Result:
        """Return what a call of the API returns.

        Raises:
            TrackingError: No answer, or no as the answer.
        """
        with self._client() as client:
            return call(TrackingApi(client, self.credentials))

    @contextmanager
    def read(self, path: str, headers: Mapping[str, str]) -> Iterator[StreamedAnswer]:
        """Ask for a file, and give the answer as it comes.

        Args:
            path: Below the base, with the query.
            headers: Of the request.

        Raises:
            InputUnavailableError: No answer, 5xx, a stalled or cut-off transfer.
            InputError: Another answer than a file.
        """
        with (
            input_errors(self.shown),
            self._client() as client,
            client.stream(path, headers) as answer,
        ):
            self._check(answer)
            yield answer

    @contextmanager
    def _client(self) -> Iterator[HttpClient]:
        """Give a client that nobody else uses meanwhile; kept afterwards unless it failed."""
        client = self._idle.pop() if self._idle else self._new_client()
        try:
            yield client
        except BaseException:
            client.close()
            raise
        self._idle.append(client)

    def _new_client(self) -> HttpClient:
        persistence = read_persistence(self._environ)
        if not self._environ.get(_TIMEOUT):
            limits = TimeLimits(persistence.limits.connect, _PATIENT)
            persistence = replace(persistence, limits=limits)
        return HttpClient(
            self.base,
            self._environ,
            authorization=self.credentials.header() if self.credentials else None,
            tls=tls_settings(self._environ),
            persistence=replace(persistence, largest=_LARGEST_LISTING),
        )

    def _check(self, answer: StreamedAnswer) -> None:
        if answer.status in _SUCCESS:
            if answer.headers.get("content-encoding", "identity") not in ("", "identity"):
                raise InputError(f"{self.shown} sends {answer.url} compressed, unasked")
            return
        if answer.status >= 500 or answer.status in _COME_BACK:
            message = f"{self.shown} answered {answer.status} for {answer.url}"
            raise PassingError(message, after=seconds_to_wait(answer.headers.get("retry-after")))
        if answer.status in (401, 403):
            raise self._denied(answer)
        raise InputError(f"{self.shown} does not give {answer.url} ({answer.status})")

    def _denied(self, answer: StreamedAnswer) -> InputError:
        hint = "use another account, or ask for the permission"
        if self.credentials is None:
            hint = "it gets no credentials: those of the tracking server go there alone"
        return InputError(f"{self.shown} does not permit {answer.url} ({answer.status})", hint=hint)


def _close(clients: list[HttpClient]) -> None:
    for client in clients:
        client.close()


def at_home(server: Server, base: str) -> bool:
    """Return whether an address is on the server itself, which may have its credentials."""
    return origin_of(server.base) == origin_of(base)


@contextmanager
def input_errors(shown: str) -> Iterator[None]:
    """Raise what the tracking server's failures are to who fetches an input.

    Raises:
        InputUnavailableError: Another try may help; NoServerError where many were made.
        InputError: It does not.
    """
    try:
        yield
    except TrackingUnavailableError as error:
        # It was asked again and again already.
        raise NoServerError(error.message, hint=error.hint) from error
    except TrackingError as error:
        raise InputError(error.message, hint=error.hint) from error
    except ExchangeFailedError as error:
        kind = InputError if error.final else PassingError
        raise kind(f"{shown}: {error.reason}", hint=error.hint) from error
