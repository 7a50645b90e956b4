"""From an address of artifacts to where they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlrun.errors import TrackingRefusedError
from mlrun.inputs.base import RemoteData
from mlrun.tracking.api import ARTIFACTS
from mlrun.tracking.artifact_addresses import missing
from mlrun.tracking.artifact_addresses.address import (
    LATEST,
    Address,
    LoggedModelAddress,
    RunAddress,
    ServedAddress,
    VersionAddress,
    is_address,
    parse_address,
)
from mlrun.tracking.artifact_addresses.catalog import Owner
from mlrun.tracking.artifact_addresses.merged import MergedData
from mlrun.tracking.artifact_addresses.on_disk import DiskData
from mlrun.tracking.artifact_addresses.outlets import (
    OfLoggedModel,
    OfRun,
    Outlet,
    PassedOn,
    join,
)
from mlrun.tracking.artifact_addresses.served import Label, ServedData
from mlrun.tracking.artifact_addresses.server import Server, at_home
from mlrun.tracking.artifact_addresses.stores import Store, open_for_artifacts
from mlrun.tracking.artifact_addresses.unasked import UnaskedData
from mlrun.tracking.database.artifact_uris import below
from mlrun.tracking.local_artifacts import may_hold_artifacts
from mlrun.tracking.refusals import deleted_run
from mlrun.tracking.target import resolve_target

REGISTRY_URI = "MLFLOW_REGISTRY_URI"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_LOGGED_MODEL = re.compile(r"/(m-\w+)/artifacts(?:/(.*))?", re.ASCII)
_MOST_STEPS = 5
"""Addresses that may name each other, as the source of a version names a run's artifacts."""

_SERVED_FOLDER = "mlartifacts"
"""Where `mlflow server` keeps, beside a local database, what it passes on."""

Found = RemoteData | Path | str


class Resolver:
    """Answers for one tracking store, and the registry that belongs to it.

    Args:
        target: The tracking store.
        environ: The user's variables.
        asked: What the user gave as its address.
    """

    def __init__(self, target: str, environ: Mapping[str, str], asked: str | None) -> None:
        self._target = target
        self._environ = environ
        self._asked = asked

    def resolve(self, uri: str) -> Found:
        """Return where the artifacts of an address are.

        Raises:
            TrackingError: The store has no such thing, did not answer, or refused.
        """
        return self._resolve(uri, None, 0)

    def resolve_offline(self, uri: str) -> Found:
        """Return the same without asking a server: then only what the address is called.

        Raises:
            TrackingError: The store has no such thing, or which version is meant is the server's
                to say.
        """
        address = parse_address(uri)
        is_of_registry = isinstance(address, VersionAddress)
        target = self._registry_target if is_of_registry else self._target
        if not target.startswith(("http:", "https:")):
            return self.resolve(uri)
        if isinstance(address, VersionAddress) and address.number is None:
            raise TrackingRefusedError(
                f"which version {uri} means at present only the server can say",
                hint=f"offline, name the version: models:/{address.name}/VERSION",
            )
        return UnaskedData(self._label(uri, address))

    @cached_property
    def _tracking(self) -> Store:
        return open_for_artifacts(self._target, self._environ, self._asked)

    @cached_property
    def _registry(self) -> Store:
        """The store with the registered models."""
        target = self._registry_target
        if target == self._target:
            return self._tracking
        return open_for_artifacts(target, self._environ, self._environ[REGISTRY_URI])

    @cached_property
    def _registry_target(self) -> str:
        """Its address: that of the tracking store, unless a variable says another."""
        given = self._environ.get(REGISTRY_URI, "").strip()
        return resolve_target(given, Path.cwd(), self._environ) if given else self._target

    def _resolve(self, uri: str, label: Label | None, steps: int) -> Found:
        address = parse_address(uri)
        if isinstance(address, VersionAddress):
            address = self._with_number(address)
        label = label or self._label(uri, address)
        if isinstance(address, ServedAddress):
            return self._passed_on(address, "", label, None, self._tracking)
        if isinstance(address, RunAddress):
            return self._of_run(address, label, steps)
        if isinstance(address, LoggedModelAddress):
            owner = self._tracking.catalog.logged_model(address.model_id)
            if owner is None:
                raise missing.missing_logged_model(address.model_id, self._tracking.catalog)
            return self._at(owner, address.path, label, self._tracking, steps)
        owner = self._registry.catalog.version(address.name, str(address.number))
        if owner is None:
            raise self._no_version(address)
        return self._at(owner, address.path, label, self._registry, steps)

    def _label(self, uri: str, address: Address) -> Label:
        store, owner, kind = self._target, "", "mlflow-artifacts:/"
        if isinstance(address, RunAddress):
            owner, kind = address.run_id, "runs:/"
        elif isinstance(address, LoggedModelAddress):
            owner, kind = address.model_id, "models:/"
        elif isinstance(address, VersionAddress):
            owner, kind = address.name, f"models:/{address.number}/"
            store = self._registry_target
        else:
            owner = address.host
        name = address.path.rpartition("/")[2] or owner or "artifacts"
        return Label(uri, name, f"{store} {kind}{join(owner, address.path)}")

    def _with_number(self, address: VersionAddress) -> VersionAddress:
        """Return the version that a stage or an alias stands for at this moment."""
        if address.number is not None:
            return address
        catalog = self._registry.catalog
        model = catalog.registered(address.name)
        if model is None:
            raise missing.missing_model(address.name, catalog)
        if LATEST in (address.stage, (address.alias or "").lower()):
            number = model.newest
        elif address.alias is not None:
            number = model.aliases.get(address.alias)
        else:
            by_stage = {stage.lower(): number for stage, number in model.stages.items()}
            number = by_stage.get(str(address.stage).lower())
        if number is None:
            raise missing.missing_version(address, model, catalog)
        return VersionAddress(address.name, address.path, number=number)

    def _no_version(self, address: VersionAddress) -> TrackingRefusedError:
        catalog = self._registry.catalog
        model = catalog.registered(address.name)
        if model is None:
            return missing.missing_model(address.name, catalog)
        return missing.missing_version(address, model, catalog)

    def _of_run(self, address: RunAddress, label: Label, steps: int) -> Found:
        catalog = self._tracking.catalog
        run = catalog.run(address.run_id)
        if run is None:
            raise missing.missing_run(address.run_id, catalog)
        if run.is_deleted:
            raise deleted_run(address.run_id)
        name, _, rest = address.path.partition("/")
        model = catalog.model_of_run(run, name) if name else None
        if model is None:
            return self._at(run, address.path, label, self._tracking, steps)
        found: list[Found] = []
        refusals: list[TrackingRefusedError] = []
        for owner, path in ((run, address.path), (model, rest)):
            with _noted(refusals):
                found.append(self._at(owner, path, label, self._tracking, steps))
        if not found:
            raise refusals[-1]
        return _both(found, label)

    def _at(self, owner: Owner, path: str, label: Label, store: Store, steps: int) -> Found:
        """Return where a path below an owner's artifacts is."""
        uri = owner.uri
        if uri.startswith("mlflow-artifacts:"):
            address = parse_address(uri)
            assert isinstance(address, ServedAddress)
            return self._passed_on(address, path, label, owner.identity, store)
        if is_address(uri):
            if steps >= _MOST_STEPS:
                raise TrackingRefusedError(f"{label.shown} leads from one address to another")
            return self._resolve(f"{uri.rstrip('/')}/{path}", label, steps + 1)
        if uri.startswith(("http:", "https:")):
            return self._by_http(owner, path, label)
        if not uri:
            raise TrackingRefusedError(f"{store.catalog.uri} does not say where {label.shown} is")
        if not uri.startswith("file:") and _SCHEME.match(uri):
            return below(uri, path) if path else uri
        return self._in_folder(owner, path, label, store)

    def _passed_on(
        self, address: ServedAddress, path: str, label: Label, identity: str | None, store: Store
    ) -> Found:
        home = self._tracking.server or store.server
        path = join(address.path, path)
        if home is None:
            return self._kept_for_server(path, label, store)
        if address.host:
            # The path of a server behind another one is taken to be the same, as MLflow does.
            home = self._server_at(urlsplit(home.base)._replace(netloc=address.host).geturl())
        return ServedData(home, PassedOn(), path, label, identity)

    def _kept_for_server(self, path: str, label: Label, store: Store) -> Path:
        """Return where `mlflow server` on a local database has what it would pass on."""
        for folder in store.folders:
            if (folder / _SERVED_FOLDER).is_dir():
                return _existing(folder / _SERVED_FOLDER, path, label)
        raise TrackingRefusedError(
            f"{label.shown} is what an MLflow server passes on, and {self._target} is none",
            hint="give the server's address in MLFLOW_TRACKING_URI",
        )

    def _server_at(self, base: str) -> Server:
        """Return a server, which has the user's credentials only if it is the tracking server."""
        home = self._tracking.server
        if home is not None and base.rstrip("/") == home.base.rstrip("/"):
            return home
        credentials = home.credentials if home is not None and at_home(home, base) else None
        return Server(base, self._environ, credentials)

    def _by_http(self, owner: Owner, path: str, label: Label) -> Found:
        base, is_passed_on, root = owner.uri.partition(ARTIFACTS)
        if not is_passed_on:
            return below(owner.uri, path) if path else owner.uri
        whole = join(unquote(root).strip("/"), path)
        parse_address(f"mlflow-artifacts:/{whole}")
        return ServedData(self._server_at(base), PassedOn(), whole, label, owner.identity)

    def _in_folder(self, owner: Owner, path: str, label: Label, store: Store) -> Found:
        """Return a place on this machine.

        What a server names is a folder of its own machine, which may be another one: where it is
        not here, or cannot be meant, the server is asked for the files.
        """
        folder = _folder(owner.uri, store)
        if folder is not None and folder.exists() and self._may_be_meant(folder, path, store):
            return _existing(folder, path, label)
        outlet, whole = self._outlet_of(owner)
        server = self._tracking.server
        if server is not None and outlet is not None:
            return ServedData(server, outlet, join(whole, path), label, owner.identity)
        if not store.is_web:
            raise missing.missing_path(label.shown, "", ())
        raise TrackingRefusedError(
            f"{label.shown} lies in the folder {owner.uri} of the server's machine, "
            "which is not on this one",
            hint="start the server with --serve-artifacts, or share the folder",
        )

    def _may_be_meant(self, folder: Path, path: str, store: Store) -> bool:
        places = (folder, folder / path)
        return not store.is_web or all(may_hold_artifacts(p, self._environ) for p in places)

    def _outlet_of(self, owner: Owner) -> tuple[Outlet | None, str]:
        """Return how the server itself gives out what is in its folders, and the path there."""
        if owner.experiment_id:
            return OfRun(owner.run_id), ""
        found = _LOGGED_MODEL.search(owner.uri)
        if found is not None:
            return OfLoggedModel(found[1]), (found[2] or "").strip("/")
        run = self._tracking.catalog.run(owner.run_id) if owner.run_id else None
        if run is not None and f"{owner.uri}/".startswith(f"{run.uri}/"):
            return OfRun(run.run_id), owner.uri[len(run.uri) :].strip("/")
        return None, ""


@contextmanager
def _noted(refusals: list[TrackingRefusedError]) -> Iterator[None]:
    try:
        yield
    except TrackingRefusedError as error:
        refusals.append(error)


def _both(found: list[Found], label: Label) -> Found:
    """Return what is in both places; where one is elsewhere altogether, that of the model."""
    if len(found) == 1 or any(isinstance(part, str) for part in found):
        return found[-1]
    of_run, of_model = (
        DiskData(part, label) if isinstance(part, Path) else part
        for part in found
        if not isinstance(part, str)
    )
    return MergedData(of_run, of_model, label)


def _folder(uri: str, store: Store) -> Path | None:
    """Return the folder that an address means, None for one that can only be on another machine."""
    path = Path(uri)
    if uri.startswith("file:"):
        parts = urlsplit(uri)
        if parts.netloc not in ("", "localhost"):
            return None
        path = Path(unquote(parts.path))
    if "\0" in str(path):
        return None
    if path.is_absolute():
        return path
    candidates = [folder / path for folder in store.folders]
    return next((c for c in candidates if c.exists()), candidates[0] if candidates else None)


def _existing(root: Path, path: str, label: Label) -> Path:
    """Return a path below a folder.

    Raises:
        TrackingRefusedError: It is not there; the error names what is.
    """
    place = root / path
    if os.path.lexists(place):
        return place
    here = root
    for part in path.split("/"):
        if not os.path.lexists(here / part):
            there = sorted(os.listdir(here)) if here.is_dir() else []
            raise missing.missing_path(label.shown, part, there)
        here /= part
    raise missing.missing_path(label.shown, "", ())
