"""What the libraries of object stores raise, as one kind of error each.

They have no tree of errors in common, and none is imported here only to be told: names and
statuses are enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlrun.errors import InputError
from mlrun.execution.redact import mask_text, secret_variables
from mlrun.inputs.failures import NoServerError, PassingError
from mlrun.inputs.stores import Store
from mlrun.web.headers import seconds_to_wait
from mlrun.web.timeouts import FETCH_TIMEOUT, stall_limit

_LONGEST = 300
"""Characters of a library's own words."""
_NO_LOGIN = frozenset(
    {
        *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
        *("ProfileNotFound", "DefaultCredentialsError", "RefreshError", "TokenRetrievalError"),
        *("ClientAuthenticationError", "CredentialUnavailableError", "UnauthorizedSSOTokenError"),
    }
)
_NO_SERVER = frozenset(
    {
        *("EndpointConnectionError", "ClientConnectorError", "ClientConnectorDNSError"),
        *("ServiceRequestError", "ProxyConnectionError", "ConnectionRefusedError", "gaierror"),
    }
)
_UNTRUSTED = frozenset({"SSLError", "ClientConnectorCertificateError", "SSLCertVerificationError"})
_CUT_OFF = frozenset(
    {
        *("ClientPayloadError", "ServerDisconnectedError", "IncompleteRead", "IncompleteReadError"),
        *("ConnectionClosedError", "ResponseStreamingError", "HTTPClientError", "ClientOSError"),
        *("IncompleteReadError", "ServiceResponseError", "ContentLengthError"),
    }
)
_NOT_FOUND = frozenset({"NoSuchBucket", "NoSuchKey", "ResourceNotFoundError", "FileNotFoundError"})


@contextmanager
def store_failures(shown: str, store: Store) -> Iterator[None]:
    """Turn what an object store's library raises into an error that says what to do.

    Args:
        shown: The address, for messages.
        store: What kind of store it is.

    Raises:
        PassingError: It may be over in a moment.
        NoServerError: There is no connection.
        InputError: Anything else.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise _failure(error, shown, store) from error


def _failure(error: Exception, shown: str, store: Store) -> InputError:
    names = {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}
    status = next((s for one in _chain(error) if (s := _status(one)) is not None), None)
    if names & _NO_LOGIN:
        return InputError(
            f"{shown}: no login for it was found: {_text(error)}", hint=f"set {store.login}"
        )
    if status in (401, 403) or (status is None and isinstance(error, PermissionError)):
        return InputError(
            f"{shown} may not be read: {_text(error)}", hint=f"is the login right ({store.login})?"
        )
    if status == 404 or names & _NOT_FOUND:
        return InputError(f"{shown}: there is no such file or folder", hint="is the address right?")
    if status is not None and (status >= 500 or status in (408, 429)):
        after = next((a for one in _chain(error) if (a := _asked(one)) is not None), None)
        return PassingError(f"{shown} cannot be had now: the server answered {status}", after=after)
    return _connection(error, names, shown)


def _connection(error: Exception, names: set[str], shown: str) -> InputError:
    if names & _UNTRUSTED:
        return InputError(
            f"{shown}: no trusted connection to the server: {_text(error)}",
            hint="AWS_CA_BUNDLE or REQUESTS_CA_BUNDLE names a file with your authority's",
        )
    if isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return PassingError(
            f"{shown}: the server sent nothing for {stall_limit():g} s",
            hint=f"{FETCH_TIMEOUT} sets how many seconds to wait",
        )
    if names & _NO_SERVER:
        return NoServerError(
            f"{shown}: the server cannot be reached: {_text(error)}",
            hint="is it running, is the endpoint right, is a proxy needed?",
        )
    if names & _CUT_OFF or isinstance(error, ConnectionError):
        return PassingError(f"{shown} was cut off ({type(error).__name__})")
    return InputError(f"{shown} cannot be read: {_text(error)}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from, at most a few."""
    one: BaseException | None = error
    for _ in range(5):
        if one is None:
            return
        yield one
        one = one.__cause__ or one.__context__


def _status(error: BaseException) -> int | None:
    for value in (
        _metadata(error).get("HTTPStatusCode"),
        getattr(error, "status_code", None),
        getattr(error, "status", None),
        getattr(error, "code", None),
    ):
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return None


def _asked(error: BaseException) -> float | None:
    headers = _metadata(error).get("HTTPHeaders")
    found = headers.get("retry-after") if isinstance(headers, Mapping) else None
    return seconds_to_wait(str(found)) if found else None


def _metadata(error: BaseException) -> Mapping[str, Any]:
    response = getattr(error, "response", None)
    found = response.get("ResponseMetadata") if isinstance(response, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _text(error: BaseException) -> str:
    """Return the first line of what an error says, without secrets."""
    import os

    lines = mask_text(str(error).strip(), secret_variables(os.environ)).splitlines()
    words = " ".join((lines or [type(error).__name__])[0].split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."
