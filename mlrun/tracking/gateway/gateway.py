"""The gateway as the line sees it: an address before the command starts, a server beside it.

Light, since it is made on the way to the command: the HTTP library is imported by the thread
that `serve` starts, and the small types here are plain classes.
"""

from __future__ import annotations

import os
import sys
import threading

# What `socket` is built on: it alone takes half the time to import.
from _socket import AF_INET, SOCK_STREAM
from _socket import socket as Socket  # noqa: N812
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from mlrun.errors import TrackingError
from mlrun.tracking.gateway.variables import contradicting, gateway_variables, is_in_netrc

if TYPE_CHECKING:
    from mlrun.tracking.gateway.service import Service

_BACKLOG = 1024
"""Connections that wait while the server is still being imported, or restarts."""

QUIET = 0.3
"""Seconds without a request after which the server is made ready for one all the same."""

_MARGIN = 10.0
"""Seconds beyond its patience after which a server that does not end is left to itself."""


class Listener:
    """An address that the gateway listens on.

    Attributes:
        socket: Bound and listening.
        hosts: What a request may name as its host, with the port.
        is_local: Whether it is the loopback address.
    """

    __slots__ = ("hosts", "is_local", "socket")

    def __init__(self, socket: Socket, hosts: frozenset[str], is_local: bool) -> None:
        self.socket = socket
        self.hosts = hosts
        self.is_local = is_local


class Identity:
    """What a gateway knows of the run that it serves.

    Attributes:
        token: What a request must bear.
        run_id: The run that the command is given.
        experiment_id: The one that the run is in.
        experiment_name: Its name, None where it is not known.
    """

    __slots__ = ("experiment_id", "experiment_name", "run_id", "token")

    def __init__(
        self, token: str, run_id: str, experiment_id: str, experiment_name: str | None
    ) -> None:
        self.token = token
        self.run_id = run_id
        self.experiment_id = experiment_id
        self.experiment_name = experiment_name


class Gateway:
    """Answers MLflow's clients in the command, in the name of a tracking target.

    Args:
        make_service: Makes what stands behind it; called in the server's thread, once more
            after a failure.
        target: The tracking target, absolute.
        run_id: The run that the command is given.
        experiment_id: The experiment of that run.
        experiment_name: Its name, where it is known.
        notify: Takes a line for the user; called from any thread.
        has_backlog: Whether the service has something to deliver even if nobody asks anything.
        quiet: Seconds without a request after which the server is made ready for one.

    Attributes:
        address: `http://127.0.0.1:PORT`.
        token: What every request must bear, in a header or as the first part of its path.
        unset: Inherited variables that the command must not see.

    Raises:
        TrackingError: There is no loopback address to listen on.
    """

    def __init__(
        self,
        make_service: Callable[[], Service],
        *,
        target: str,
        run_id: str,
        experiment_id: str,
        experiment_name: str | None = None,
        notify: Callable[[str], None],
        has_backlog: bool = False,
        quiet: float = QUIET,
    ) -> None:
        self.token = os.urandom(32).hex()
        self.unset = contradicting(target)
        self._target = target
        self._make_service = make_service
        self._notify = notify
        self._has_backlog = has_backlog
        self._quiet = quiet
        self._identity = Identity(self.token, run_id, experiment_id, experiment_name)
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ending = Ending()
        self._has_ended = threading.Event()
        self.address = self._listen("127.0.0.1", ("localhost",), is_local=True)

    def variables(
        self, environ: Mapping[str, str], *, address: str | None = None
    ) -> dict[str, str]:
        """Return what the command's environment gets.

        Args:
            environ: What it would inherit.
            address: The gateway's, where the command sees it at another one.
        """
        seen = address or self.address
        host = seen.removeprefix("http://").rpartition(":")[0]
        if address is None and is_in_netrc(environ, host):
            seen = f"{seen}/{self.token}"
        return gateway_variables(
            environ,
            address=seen,
            host=host,
            token=self.token,
            target=self._target,
        )

    def listen_also(self, host: str, names: Iterable[str] = ()) -> str:
        """Listen on a second address, such as a container's bridge. Before `serve`.

        Args:
            host: An address of this machine.
            names: By which else that address is known there.

        Returns:
            The URL there. Requests that come in by it count as not local.

        Raises:
            TrackingError: It cannot be listened on.
        """
        return self._listen(host, tuple(names), is_local=False)

    def serve(self) -> None:
        """Start the thread that serves, and return at once."""
        with self._lock:
            if self._thread is not None or self._ending.is_asked:
                return
            self._thread = threading.Thread(target=self._work, name="gateway", daemon=True)
            self._thread.start()

    def close(self, patience: float | None) -> int:
        """Deliver what still waits, and end. May be called again, and before `serve`.

        Args:
            patience: Seconds to try to deliver; None without limit. A later call's counts.

        Returns:
            How many records could not be delivered.
        """
        with self._lock:
            thread = self._thread
            self._ending.ask(patience)
        most = None if patience is None else patience + _MARGIN
        if thread is not None and sys.is_finalizing():
            return max(self._ending.undelivered, 1)  # no other thread gets a turn any more
        # Not by joining: Python to 3.12 takes a thread for over whose joining Ctrl-C broke off.
        if thread is not None and not self._has_ended.wait(most):
            self._notify("the gateway to the tracking store did not end in time")
            return max(self._ending.undelivered, 1)
        for listener in self._listeners:
            listener.socket.close()
        return self._ending.undelivered

    def _listen(self, host: str, names: tuple[str, ...], *, is_local: bool) -> str:
        listening = Socket(AF_INET, SOCK_STREAM)
        try:
            listening.bind((host, 0))
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            raise TrackingError(
                f"the gateway cannot listen on {host}: {error.strerror or error}",
                hint="--no-tracking runs without it",
            ) from error
        port = listening.getsockname()[1]
        hosts = frozenset(f"{name}:{port}".lower() for name in (host, *names))
        self._listeners.append(Listener(listening, hosts, is_local))
        return f"http://{host}:{port}"

    def _work(self) -> None:
        try:
            if self._has_backlog or self._is_needed():
                self._serve()
        finally:
            self._has_ended.set()

    def _serve(self) -> None:
        from mlrun.tracking.gateway.server import serve_until

        serve_until(self._ending, self._listeners, self._identity, self._make_service, self._notify)

    def _is_needed(self) -> bool:
        """Return False if the end comes before anybody has asked, and before they might soon.

        Most of a short run's time would go into importing a server that nobody needs.
        """
        import select

        reader, writer = os.pipe()
        try:
            self._ending.when_asked(lambda: os.write(writer, b"."))
            poll = select.poll()
            for descriptor in (reader, *(x.socket.fileno() for x in self._listeners)):
                poll.register(descriptor, select.POLLIN)
            poll.poll(self._quiet * 1000)
            self._ending.when_asked(None)
        finally:
            os.close(reader)
            os.close(writer)
        return not self._ending.is_asked


class Ending:
    """How the thread of the line and that of the server agree on the end.

    Attributes:
        undelivered: What the service could not deliver.
    """

    def __init__(self) -> None:
        self.undelivered = 0
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._patience: float | None = None
        self._wake: Callable[[], object] | None = None

    @property
    def is_asked(self) -> bool:
        """Whether the end was asked for."""
        return self._asked.is_set()

    @property
    def patience(self) -> float | None:
        """Seconds that the service has to deliver; the last that was asked."""
        return self._patience

    def ask(self, patience: float | None) -> None:
        """Ask for the end, or again with another patience."""
        with self._lock:
            self._patience = patience
            self._asked.set()
            if self._wake is not None:
                self._wake()

    def when_asked(self, wake: Callable[[], object] | None) -> None:
        """Have `wake` called at each asking, at once where it was asked already."""
        with self._lock:
            self._wake = wake
            if wake is not None and self._asked.is_set():
                wake()

    def wait(self, seconds: float) -> bool:
        """Wait for the asking, and return whether it came."""
        return self._asked.wait(seconds)
