"""Between a command and its tracking store: which store, and whether a gateway stands before it.

- A local database gets a gateway, since a client opens only a database of its own version.
- A tracking server gets one where that was asked for, to outlive the server's outages.
- A nested mlrun has its parent's, which is to it a server like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from mlrun.events import Event, EventKind, Listener
from mlrun.request import RunRequest
from mlrun.run_folder import RunFolder
from mlrun.tracking.base import TrackedRun, TrackingStore
from mlrun.tracking.nesting import gateway_to
from mlrun.tracking.target import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.tracking.gateway.gateway import Gateway
    from mlrun.tracking.gateway.service import Service

JOURNAL = "journal"
"""The folder, in a run's folder, with what its tracking server has not got yet."""


def choose_store(
    uri: str | None, request: RunRequest, folder: RunFolder, environ: Mapping[str, str]
) -> TrackingStore:
    """Open the store that the run is recorded in.

    Args:
        uri: What the plan says, None for a run without tracking.
        request: What the user asked for.
        folder: The run's folder, which keeps what the store does not take.
        environ: The user's variables.

    Raises:
        MlrunError: The store cannot be used, as far as that can be seen without it.
    """
    store = open_store(uri, environ, asked=request.tracking_uri, cwd=request.cwd)
    if not request.best_effort or not _is_server(store.uri):
        return store
    from mlrun.tracking.best_effort import BestEffortStore

    return BestEffortStore(store, lambda: folder.path / JOURNAL)


def open_gateway(
    request: RunRequest,
    store: TrackingStore,
    tracked: TrackedRun,
    folder: RunFolder,
    environ: Mapping[str, str],
    listen: Listener,
) -> Gateway | None:
    """Listen for the command's MLflow client, where it is to talk to mlrun.

    Nothing is served before the gateway is told to, which is after the command's start.
    """
    if gateway_to(store.uri, environ) is not None:
        return None
    make_service = _service_for(request, store, tracked, folder, environ, listen)
    if make_service is None:
        return None
    from mlrun.tracking.gateway.gateway import Gateway

    def notify(line: str) -> None:
        listen(Event(EventKind.PROGRESS, line, {"phase": "track"}))

    return Gateway(
        make_service,
        target=store.uri,
        run_id=tracked.run_id,
        experiment_id=tracked.experiment_id,
        notify=notify,
    )


def _service_for(
    request: RunRequest,
    store: TrackingStore,
    tracked: TrackedRun,
    folder: RunFolder,
    environ: Mapping[str, str],
    listen: Listener,
) -> Callable[[], Service] | None:
    """Return what makes the service behind the gateway; its modules are imported only then."""
    if store.uri.startswith("sqlite:"):
        return lambda: _local_service(store)
    if _is_server(store.uri) and (request.buffer_tracking or request.best_effort):
        return lambda: _forwarding_service(request, store, tracked, folder, environ, listen)
    return None


def reached_through(
    gateway: Gateway | None, tracked: TrackedRun, environ: Mapping[str, str]
) -> TrackedRun:
    """Return the run with the variables by which the command reaches it through the gateway."""
    if gateway is None:
        return tracked
    return replace(
        tracked,
        variables={**tracked.variables, **gateway.variables(environ)},
        unset=(*tracked.unset, *gateway.unset),
    )


def _is_server(uri: str) -> bool:
    return uri.startswith(("http:", "https:"))


def _local_service(store: TrackingStore) -> Service:
    from mlrun.tracking.database.store import DatabaseStore
    from mlrun.tracking.gateway.local import LocalService

    assert isinstance(store, DatabaseStore)
    return LocalService(store.path, store.artifact_root)


def _forwarding_service(
    request: RunRequest,
    store: TrackingStore,
    tracked: TrackedRun,
    folder: RunFolder,
    environ: Mapping[str, str],
    listen: Listener,
) -> Service:
    raise NotImplementedError
