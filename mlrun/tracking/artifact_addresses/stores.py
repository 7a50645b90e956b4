"""The store that is asked about artifacts, of whatever kind it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlrun.tracking.artifact_addresses.answers import AnsweredCatalog
from mlrun.tracking.artifact_addresses.catalog import Catalog
from mlrun.tracking.artifact_addresses.file_store import FileCatalog
from mlrun.tracking.artifact_addresses.server import Server
from mlrun.tracking.nesting import gateway_to
from mlrun.tracking.target import find_access


@dataclass(frozen=True, slots=True)
class Store:
    """A store.

    Attributes:
        target: Its address, without credentials.
        catalog: Says where artifacts lie.
        server: Passes artifacts on, None where the store is no server.
        folders: What a relative path in it is relative to, the likeliest first.
    """

    target: str
    catalog: Catalog
    server: Server | None
    folders: tuple[Path, ...]

    @property
    def is_web(self) -> bool:
        """Whether it is a server's word where artifacts lie, and not a file of the user's own."""
        return self.target.startswith(("http:", "https:"))


def open_for_artifacts(target: str, environ: Mapping[str, str], asked: str | None = None) -> Store:
    """Return a store, of which nothing is asked yet.

    Args:
        target: What `mlrun.tracking.target.resolve_target` returned.
        environ: The user's variables: credentials, certificates, proxies, time limits.
        asked: What the user gave as its address: its credentials are used.

    Raises:
        NotSupportedError: A kind of authentication that mlrun does not speak.
        UsageError: A variable or a file with credentials that cannot be understood.
    """
    gateway = gateway_to(target, environ)
    if gateway is None and target.startswith("file:"):
        root = Path(unquote(urlsplit(target).path))
        return Store(target, FileCatalog(root), None, (Path.cwd(), root.parent))
    beside = Path(target.partition(":///")[2]).parent if target.startswith("sqlite:") else None
    folders = (beside, Path.cwd()) if beside is not None else ()
    if gateway is None and beside is not None:
        from mlrun.tracking.artifact_addresses.database import database_catalog

        path = Path(target.partition(":///")[2])
        return Store(target, database_catalog(path), None, folders)
    access = find_access(gateway or target, environ, asked if gateway is None else None)
    shown = f"the tracking server {access.base}" if gateway is None else f"the store {target}"
    server = Server(access.base, environ, access.credentials, shown)
    return Store(target, AnsweredCatalog(target, server.ask), server, folders)
