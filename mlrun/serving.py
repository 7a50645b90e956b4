"""Between a command and its tracking store: which store, and whether a gateway stands before it.

- A local database gets a gateway, since a client opens only a database of its own version.
- A tracking server gets one where that was asked for, to outlive the server's outages.
- A nested mlrun has its parent's, which is to it a server like any other.
- A container cannot reach the loopback address of this machine: what listens there, a server or a
  parent's gateway, gets a gateway too, which listens where containers can reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from mlrun.events import Event, EventKind, Listener
from mlrun.request import RunRequest
from mlrun.run_folder import RunFolder
from mlrun.tracking.base import RunStart, RunStatus, TrackedRun, TrackingStore
from mlrun.tracking.nesting import gateway_to
from mlrun.tracking.target import is_on_loopback, open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.execution.container.container import Container
    from mlrun.tracking.gateway.gateway import Gateway
    from mlrun.tracking.gateway.provisional import ProvisionalRun
    from mlrun.tracking.gateway.service import Service

_PATIENCE = "MLRUN_TRACKING_PATIENCE"
_SHORT_PATIENCE = "5"
"""Seconds for a server that need not be there, where the user has not said how long."""

_QUIET_OF_CONTAINERS = 1.5
"""Seconds before the server is made ready unasked: a container alone takes a third of one."""

_UNREACHABLE = (
    "the container's network does not lead to this machine: an MLflow client in it can record "
    "nothing, and fails (a file store is mounted: --tracking-uri ./mlruns)"
)
_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
"""Read by MLflow's clients; without it they ask for minutes for what cannot be reached."""

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
    if request.buffer_tracking or request.best_effort:
        _refuse_bad_budget(environ)
    # An enclosing run's gateway knows only runs that were made through it: they have to be.
    is_best_effort = request.best_effort and gateway_to(uri or "", environ) is None
    if is_best_effort:
        environ = {_PATIENCE: _SHORT_PATIENCE, **environ}
    store = open_store(uri, environ, asked=request.tracking_uri, cwd=request.cwd)
    if not is_best_effort or not _is_server(store.uri):
        return store
    from mlrun.tracking.best_effort import BestEffortStore

    return BestEffortStore(store, lambda: folder.path / JOURNAL)


def open_gateway(
    request: RunRequest,
    store: TrackingStore,
    start: RunStart,
    tracked: TrackedRun,
    folder: RunFolder,
    environ: Mapping[str, str],
    listen: Listener,
    container: Container | None = None,
) -> Gateway | None:
    """Listen for the command's MLflow client, where it is to talk to mlrun.

    Nothing is served before the gateway is told to, which is after the command's start.

    Args:
        request: What the user asked for.
        store: Where the run is recorded.
        start: What was recorded when it began.
        tracked: The run there.
        folder: The run's folder.
        environ: The user's variables.
        listen: Takes what the gateway has to say.
        container: What the command runs in, None for this machine.

    Raises:
        TrackingError: There is no loopback address to listen on.
    """
    parents = gateway_to(store.uri, environ)
    if parents is not None and container is None:
        return None

    def notify(line: str) -> None:
        listen(Event(EventKind.PROGRESS, line, {"phase": "track"}))

    make_service: Callable[[], Service]
    if store.uri.startswith("sqlite:"):
        make_service = partial(_local_service, store.uri, request.cwd)
    elif _is_server(store.uri) and (
        request.buffer_tracking or request.best_effort or _is_out_of_reach(container, store.uri)
    ):
        journal = folder.path / JOURNAL
        make_service = partial(
            _forwarding_service, store, request, start, tracked, journal, environ, notify
        )
    else:
        return None
    if container is not None and container.host_address is None:
        listen(Event(EventKind.WARNING, _UNREACHABLE, {"phase": "track"}))
    from mlrun.tracking.gateway.gateway import QUIET, Gateway

    return Gateway(
        make_service,
        target=store.uri,
        run_id=tracked.run_id,
        experiment_id=tracked.experiment_id,
        experiment_name=tracked.experiment_name,
        notify=notify,
        has_backlog=_unmade(request, store) is not None,
        quiet=QUIET if container is None else _QUIET_OF_CONTAINERS,
    )


def reached_through(
    gateway: Gateway | None,
    tracked: TrackedRun,
    environ: Mapping[str, str],
    container: Container | None = None,
) -> TrackedRun:
    """Return the run with the variables by which the command reaches it through the gateway.

    Before the gateway serves: for a container it listens on a further address.

    Raises:
        TrackingError: That address cannot be listened on.
    """
    if gateway is None:
        return tracked
    address = None if container is None else _address_for(container, gateway)
    is_hopeless = container is not None and address is None and not environ.get(_RETRIES)
    return replace(
        tracked,
        variables={
            **tracked.variables,
            **gateway.variables(environ, address=address),
            **({_RETRIES: "0"} if is_hopeless else {}),
        },
        unset=(*tracked.unset, *gateway.unset),
    )


def _address_for(container: Container, gateway: Gateway) -> str | None:
    """Return the gateway's address as the container sees it, None where it sees none."""
    if container.host_address is None:
        return None
    name = container.host_name
    url = gateway.listen_also(container.host_address, (name,) if name else ())
    is_by_name = name is not None and container.host_address.startswith("127.")
    return url.replace(container.host_address, str(name), 1) if is_by_name else url


def serves_artifacts(gateway: Gateway | None, store: TrackingStore) -> bool:
    """Return whether a container gets at the files of artifacts through a gateway."""
    return gateway is not None and store.uri.startswith("sqlite:")


def _is_out_of_reach(container: Container | None, uri: str) -> bool:
    """Return whether a server listens where a container does not reach it."""
    if container is None or not is_on_loopback(uri):
        return False
    return not shares_network(container)


def shares_network(container: Container) -> bool:
    """Return whether a container has this machine's own network."""
    return container.host_name is None and (container.host_address or "").startswith("127.")


def _refuse_bad_budget(environ: Mapping[str, str]) -> None:
    """Refuse before anything starts what the gateway could only refuse beside the command."""
    if environ.get("MLRUN_JOURNAL_BUDGET"):
        from mlrun.tracking.gateway.journal import read_budget

        read_budget(environ)


def leave_to_gateway(store: TrackingStore, gateway: Gateway) -> None:
    """Have the gateway keep what a server did not take after the start.

    Raises:
        TrackingError: It cannot be kept.
    """
    from mlrun.tracking.api import TrackingApi
    from mlrun.tracking.best_effort import BestEffortStore
    from mlrun.tracking.http import HttpClient
    from mlrun.tracking.rest import RestStore

    server = store.server if isinstance(store, BestEffortStore) else store
    if not isinstance(server, RestStore):
        return
    client = HttpClient(gateway.address, {"no_proxy": "*"}, f"Bearer {gateway.token}")
    api = TrackingApi(client, None)
    try:
        server.leave_to(api)
    finally:
        api.close()


def _is_server(uri: str) -> bool:
    return uri.startswith(("http:", "https:"))


def _local_service(uri: str, cwd: Path) -> Service:
    from mlrun.tracking.database.store import DatabaseStore
    from mlrun.tracking.gateway.local import LocalService

    # Without the variables of an enclosing run, which would lead to its gateway.
    store = open_store(uri, {}, cwd=cwd)
    assert isinstance(store, DatabaseStore)
    return LocalService(store.path, store.artifact_root)


def _forwarding_service(
    store: TrackingStore,
    request: RunRequest,
    start: RunStart,
    tracked: TrackedRun,
    journal: Path,
    environ: Mapping[str, str],
    notify: Callable[[str], None],
) -> Service:
    from mlrun.tracking.gateway.forwarding import ForwardingService
    from mlrun.tracking.gateway.journal import Journal, read_budget
    from mlrun.tracking.gateway.upstream import Upstream

    return ForwardingService(
        Upstream(gateway_to(store.uri, environ) or store.uri, environ, request.tracking_uri),
        Journal(journal, read_budget(environ)),
        run=_as_answered(start, tracked),
        is_new=start.run_id is None,
        experiment=_experiment_as_answered(start, tracked),
        provisional=_unmade(request, store),
        notify=notify,
    )


def _unmade(request: RunRequest, store: TrackingStore) -> ProvisionalRun | None:
    """Return the run that is still to be made on its server, None where it was made."""
    if not request.best_effort:
        return None
    from mlrun.tracking.best_effort import BestEffortStore

    return store.unmade if isinstance(store, BestEffortStore) else None


def _experiment_as_answered(start: RunStart, tracked: TrackedRun) -> dict[str, object] | None:
    """Return the run's experiment as `experiments/get` answers it, None without its name."""
    if start.run_id is not None or tracked.experiment_name is None:
        return None
    answer: dict[str, object] = {
        "experiment_id": tracked.experiment_id,
        "name": tracked.experiment_name,
        "lifecycle_stage": "active",
    }
    place, separator, _ = (tracked.artifact_uri or "").partition(f"/{tracked.run_id}/artifacts")
    return {**answer, "artifact_location": place} if separator else answer


def _as_answered(start: RunStart, tracked: TrackedRun) -> dict[str, object]:
    """Return the run as a tracking server answers `runs/get`."""
    return {
        "info": {
            "run_id": tracked.run_id,
            "run_uuid": tracked.run_id,
            "run_name": start.run_name or "",
            "experiment_id": tracked.experiment_id,
            "user_id": start.user,
            "status": RunStatus.RUNNING.value,
            "start_time": start.start_time,
            "artifact_uri": tracked.artifact_uri or "",
            "lifecycle_stage": "active",
        },
        "data": {
            "tags": [{"key": key, "value": value} for key, value in start.tags.items()],
            "params": [{"key": key, "value": value} for key, value in start.parameters.items()],
        },
    }
