"""Where the interface listens: a port that is free, and the names by which it may be called."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mlrun.errors import UsageError

DEFAULT_PORT = 5000
_TRIED = 100
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens.

    Attributes:
        host: The interface that is bound.
        port: The port.
    """

    host: str
    port: int

    @property
    def near(self) -> str:
        """The host by which this machine reaches it."""
        if self.host in _ANY:
            return "::1" if self.host == "::" else "127.0.0.1"
        return self.host

    @property
    def url(self) -> str:
        """What a person on this machine opens."""
        return f"http://{_in_url(self.near)}:{self.port}"

    def security(self) -> list[str]:
        """Return the options by which MLflow's server takes requests for this host.

        By itself it takes those for the loopback and, in part, for private addresses.
        """
        if self.host in _LOOPBACK:
            return []
        names = list(dict.fromkeys(_in_url(name) for name in (*_LOOPBACK, *self._names())))
        hosts = [form for name in names for form in (name, f"{name}:{self.port}")]
        origins = [f"http://{name}:{self.port}" for name in names]
        return [
            *("--allowed-hosts", ",".join(hosts)),
            *("--cors-allowed-origins", ",".join(origins)),
        ]

    def _names(self) -> tuple[str, ...]:
        if self.host not in _ANY:
            return (self.host,)
        own = socket.gethostname()
        try:
            _, aliases, addresses = socket.gethostbyname_ex(own)
        except OSError:
            aliases, addresses = [], []
        return (own, socket.getfqdn(), *aliases, *addresses)


@contextmanager
def chosen_address(host: str, port: int | None) -> Iterator[Address]:
    """Give a free place to listen: the port that is asked for, else the first free usual one.

    A server takes seconds until it listens; in the block no other mlrun chooses the same.

    Raises:
        UsageError: The port is taken, or the host is none of this machine.
    """
    ports = (port,) if port is not None else range(DEFAULT_PORT, DEFAULT_PORT + _TRIED)
    for candidate in ports:
        reservation = _reserve(candidate)
        problem = _problem(host, candidate) if reservation else "another mlrun is about to use it"
        if reservation is not None:
            with reservation:
                if problem is None:
                    yield Address(host, candidate)
                    return
    if port is None:
        raise UsageError(
            f"cannot listen on {host}: {problem}", hint="--host takes an address of this machine"
        )
    raise UsageError(
        f"cannot listen on port {port} of {host}: {problem}",
        hint="without --port mlrun takes the first free one from 5000 on",
    )


def refuse_taken(host: str, port: int) -> None:
    """Refuse a place where nobody can listen.

    Raises:
        UsageError: The port is taken, or the host is none of this machine.
    """
    problem = _problem(host, port)
    if problem is not None:
        raise UsageError(
            f"cannot listen on port {port} of {host}: {problem}",
            hint="--port takes another port, --host another address of this machine",
        )


def _reserve(port: int) -> socket.socket | None:
    """Return what keeps other mlruns from a port until it is closed; None if one has it.

    A name in Linux's abstract name space is the system's, not the user's, and goes with its
    process (unix(7)). Elsewhere there is none, and nothing is kept.
    """
    reservation = socket.socket(socket.AF_UNIX)
    try:
        if sys.platform == "linux":
            reservation.bind(f"\0mlrun ui {port}")
    except OSError:
        reservation.close()
        return None
    return reservation


def _problem(host: str, port: int) -> str | None:
    """Return why nobody can listen there, None if one can."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does it: a connection that was closed lately takes no port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
