"""Why a download failed, in one message each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlrun.errors import SourceError, SourceRefusedError, SourceUnavailableError
from mlrun.sources.timeouts import FETCH_TIMEOUT, stall_limit

if TYPE_CHECKING:
    from mlrun.sources.archive.transport import Transport


class TryAgainError(Exception):
    """A failure that may be over in a moment; its text stands after the file's name."""


@contextmanager
def connection_failures(transport: Transport) -> Iterator[None]:
    """Turn what a connection may end with into an error that says what to do.

    Raises:
        TryAgainError: The server closed the connection, or did not speak HTTP to its end.
        SourceUnavailableError: There is none, or it stands still.
        SourceError: There can be none to this address.
    """
    from http.client import HTTPException, InvalidURL
    from urllib.error import URLError

    try:
        yield
    except URLError as error:
        reason = error.reason if isinstance(error.reason, OSError) else OSError(error.reason)
        raise _no_connection(reason, transport) from error
    except (InvalidURL, UnicodeError) as error:
        raise SourceError(f"the address {transport.name} cannot be understood") from error
    except HTTPException as error:
        raise TryAgainError(f"was cut off ({type(error).__name__})") from error
    except OSError as error:
        raise _no_connection(error, transport) from error


def refusal(status: int, transport: Transport) -> SourceError | TryAgainError:
    """Return what to raise for a status that is not 200."""
    name, login, host = transport.name, transport.login, transport.origin.host
    if status >= 500 or status in (408, 429):
        return TryAgainError(f"cannot be had now: the server answered {status}")
    if status == 407:
        return SourceRefusedError(
            f"{name}: the proxy asks for a login (407)",
            hint="give it in the proxy's address: https_proxy=http://user:password@host:port",
        )
    if status in (401, 403) and login is not None:
        return SourceRefusedError(
            f"{name}: the server does not accept user name and password of {login.source} "
            f"({status})",
            hint=f"are they right, and may they read this file at {host}?",
        )
    if status in (401, 403):
        return SourceRefusedError(
            f"{name}: the server asks for a user name and a password ({status})",
            hint=f"add a line to ~/.netrc: machine {host} login USER password TOKEN",
        )
    if status in (404, 410):
        hint = "is the address right?"
        if login is None:
            hint += (
                f" For private files, servers say so too: does ~/.netrc have a login for {host}?"
            )
        return SourceRefusedError(f"{name}: there is no such file ({status})", hint=hint)
    return SourceRefusedError(f"{name}: the server answered {status}")


def _no_connection(error: OSError, transport: Transport) -> SourceError | TryAgainError:
    import ssl
    from socket import gaierror

    server = f"{transport.origin.host}:{transport.origin.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceUnavailableError(
            f"{transport.name}: the server's certificate is not trusted: {error.verify_message}",
            hint="SSL_CERT_FILE or REQUESTS_CA_BUNDLE names a file with your authority's",
        )
    if isinstance(error, TimeoutError):
        return SourceUnavailableError(
            f"{transport.name}: the server sent nothing, or next to nothing, for "
            f"{stall_limit():g} s",
            hint=f"{FETCH_TIMEOUT} sets how many seconds to wait",
        )
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)):
        return TryAgainError("was cut off by the server")
    if isinstance(error, ssl.SSLError):
        return SourceUnavailableError(
            f"{transport.name}: no encrypted connection to {server}: {error.reason or error}"
        )
    reason = error.strerror or str(error)
    if isinstance(error, gaierror):
        reason = f"the host {transport.origin.host} is not known ({reason})"
    return SourceUnavailableError(
        f"{transport.name} cannot be reached: {reason}",
        hint="is the address right, is the server running, is a proxy needed (https_proxy)?",
    )
