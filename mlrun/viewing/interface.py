"""Opens MLflow's own interface over what was recorded, from the request to its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.python.mlflow_program import (
    SCHEMA_HEAD,
    VERSION,
    mlflow_program,
    prepare_mlflow,
)
from mlrun.errors import TrackingError, UsageError
from mlrun.viewing.address import Address, chosen_address
from mlrun.viewing.database_file import head_of
from mlrun.viewing.page import page_of
from mlrun.viewing.place import Place, refuse_empty
from mlrun.viewing.private_folder import private_folder
from mlrun.viewing.server_process import ServerProcess, server_variables
from mlrun.viewing.snapshot import Snapshot
from mlrun.viewing.upgrade import upgrade_users_database, upgrader

_LOOK = 1.0
"""Seconds between two looks at whether the database has changed."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a user wants to see.

    Attributes:
        place: Where it is recorded.
        cwd: Where the user stands.
        run_id: The run to show, None for all.
        host: The interface to listen on.
        port: The port; None for the first free one from the usual one on.
        upgrade: Whether to upgrade the user's own database before.
    """

    place: Place
    cwd: Path
    run_id: str | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    upgrade: bool = False


def show(look: Look, report: Report, opened: Callable[[str], None]) -> None:
    """Serve the interface until this process is asked to end.

    Args:
        look: What to show.
        report: Takes a line when something takes its time, or is worth knowing.
        opened: Takes the page's address, when it can be opened.

    Raises:
        MlrunError: There is nothing to show, or it cannot be shown.
    """
    place = look.place
    if look.upgrade and place.database is None:
        raise UsageError(f"--upgrade is for a local database, and {place.uri} is none")
    if place.is_server:
        opened(page_of(place, place.uri, look.run_id))
        return
    refuse_empty(place, look.cwd, os.environ)
    _refuse_foreign(place)
    page_of(place, "", look.run_id)  # Raises at once where there is no such run.
    with ExitStack() as stack:
        address = stack.enter_context(chosen_address(look.host, look.port))
        environment = prepare_mlflow(report)
        stack.callback(environment.release)
        folder = stack.enter_context(private_folder())
        snapshot = _made_ready(look, folder, environment, report)
        store = f"sqlite:///{snapshot.path.name}" if snapshot else place.uri
        server = _started(store, address, folder, place, environment)
        stack.callback(server.end)
        server.wait_until_healthy(address.near, address.port)
        opened(page_of(place, address.url, look.run_id))
        _serve(server, snapshot, report)


def _made_ready(
    look: Look, folder: Path, environment: PreparedEnvironment, report: Report
) -> Snapshot | None:
    """Return the copy to serve, None where the user's own records can be served."""
    database = look.place.database
    if database is None:
        return None
    upgrade = upgrader(environment)
    if look.upgrade:
        upgrade_users_database(database, folder, upgrade, report)
    head = head_of(database)
    if head == SCHEMA_HEAD:
        return None
    report(
        f"{database} has another schema ({head}) than MLflow {VERSION}: a copy is shown, "
        "which follows it and cannot be changed (--upgrade upgrades the database itself)"
    )
    snapshot = Snapshot(database, folder, upgrade)
    snapshot.take()
    return snapshot


def _refuse_foreign(place: Place) -> None:
    if place.database is not None and head_of(place.database) is None:
        raise TrackingError(
            f"{place.database} is not a database of MLflow's",
            hint="--tracking-uri names another one",
        )


def _started(
    store: str, address: Address, folder: Path, place: Place, environment: PreparedEnvironment
) -> ServerProcess:
    """Start the server in the private folder, where relative addresses mean the user's."""
    beside = place.database or place.folder
    assert beside is not None
    for name in ("mlruns", "mlartifacts"):
        (folder / name).symlink_to(beside.with_name(name))
    words = [str(mlflow_program(environment)), "server", "--workers", "1"]
    words += ["--host", address.host, "--port", str(address.port), *address.security()]
    words += ["--backend-store-uri", store]
    words += ["--default-artifact-root", str(place.folder or beside.with_name("mlruns"))]
    words += ["--artifacts-destination", str(beside.with_name("mlartifacts"))]
    return ServerProcess(words, folder, server_variables(os.environ), folder / "server.log")


def _serve(server: ServerProcess, snapshot: Snapshot | None, report: Report) -> None:
    while True:
        server.wait(_LOOK)
        server.check()
        problem = snapshot.follow() if snapshot else None
        if problem:
            report(f"the copy that is shown stays as it is: {problem}")
