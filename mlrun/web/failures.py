"""Why a download failed, in one message each; who downloads says what that means for a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlrun.web.headers import seconds_to_wait
from mlrun.web.timeouts import FETCH_TIMEOUT, stall_limit

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from mlrun.web.transport import Transport


class WebError(Exception):
    """There can be no such request: an address or a setting is wrong.

    Attributes:
        message: What is wrong, without credentials.
        hint: What to do about it.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WebRefusedError(WebError):
    """The server answered no."""


class WebUnavailableError(WebError):
    """There is no connection to the server."""


class WebStalledError(WebUnavailableError):
    """The server was reached, and sent nothing for too long."""


class WebTryAgainError(WebError):
    """A failure that may be over in a moment; its message stands after the file's name.

    Attributes:
        after: Seconds that the server asks to wait, None where it asks for none.
    """

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@contextmanager
def connection_failures(transport: Transport) -> Iterator[None]:
    """Turn what a connection may end with into an error that says what to do.

    Raises:
        WebTryAgainError: The server closed the connection, or did not speak HTTP to its end.
        WebUnavailableError: There is none, or it stands still.
        WebError: There can be none to this address.
    """
    from http.client import HTTPException, InvalidURL
    from urllib.error import URLError

    try:
        yield
    except URLError as error:
        reason = error.reason if isinstance(error.reason, OSError) else OSError(error.reason)
        raise _no_connection(reason, transport) from error
    except (InvalidURL, UnicodeError) as error:
        raise WebError(f"the address {transport.name} cannot be understood") from error
    except HTTPException as error:
        raise WebTryAgainError(f"was cut off ({type(error).__name__})") from error
    except OSError as error:
        raise _no_connection(error, transport) from error


def refusal(answer: HTTPResponse, transport: Transport) -> WebError:
    """Return what to raise for a status that is not the one hoped for."""
    status = answer.status
    name, login, host = transport.name, transport.login, transport.origin.host
    if status >= 500 or status in (408, 429):
        after = seconds_to_wait(answer.headers.get("Retry-After"))
        return WebTryAgainError(f"cannot be had now: the server answered {status}", after)
    if status == 407:
        return WebRefusedError(
            f"{name}: the proxy asks for a login (407)",
            hint="give it in the proxy's address: https_proxy=http://user:password@host:port",
        )
    if status in (401, 403) and login is not None:
        return WebRefusedError(
            f"{name}: the server does not accept user name and password of {login.source} "
            f"({status})",
            hint=f"are they right, and may they read this file at {host}?",
        )
    if status in (401, 403):
        return WebRefusedError(
            f"{name}: the server asks for a user name and a password ({status})",
            hint=f"add a line to ~/.netrc: machine {host} login USER password TOKEN",
        )
    if status in (404, 410):
        hint = "is the address right?"
        if login is None:
            hint += (
                f" For private files, servers say so too: does ~/.netrc have a login for {host}?"
            )
        return WebRefusedError(f"{name}: there is no such file ({status})", hint=hint)
    return WebRefusedError(f"{name}: the server answered {status}")


def _no_connection(error: OSError, transport: Transport) -> WebError:
    import ssl
    from socket import gaierror

    server = f"{transport.origin.host}:{transport.origin.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return WebUnavailableError(
            f"{transport.name}: the server's certificate is not trusted: {error.verify_message}",
            hint="SSL_CERT_FILE or REQUESTS_CA_BUNDLE names a file with your authority's",
        )
    if isinstance(error, TimeoutError):
        return WebStalledError(
            f"{transport.name}: the server sent nothing, or next to nothing, for "
            f"{stall_limit():g} s",
            hint=f"{FETCH_TIMEOUT} sets how many seconds to wait",
        )
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)):
        return WebTryAgainError("was cut off by the server")
    if isinstance(error, ssl.SSLError):
        return WebUnavailableError(
            f"{transport.name}: no encrypted connection to {server}: {error.reason or error}",
            hint="is the address right? A server that does not encrypt has http:// in its address",
        )
    reason = error.strerror or str(error)
    if isinstance(error, gaierror):
        reason = f"the host {transport.origin.host} is not known ({reason})"
    return WebUnavailableError(
        f"{transport.name} cannot be reached: {reason}",
        hint="is the address right, is the server running, is a proxy needed (https_proxy)?",
    )
