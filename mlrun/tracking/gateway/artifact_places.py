"""Where artifacts lie, and what a client is told of it.

A client in the command's own file system is told the plain path that the database has, and
writes there itself. One in a container is told `mlflow-artifacts:/experiments/<id>/...`
instead, and sends its files through the gateway.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.gateway.artifact_files import parts_of, within

_SCHEME = "mlflow-artifacts:"
_EXPERIMENTS = "experiments"
_SERVED = "mlartifacts"
"""Where `mlflow server --serve-artifacts` keeps the files, beside the database by default."""

_OF_TRACE = "mlflow.artifactLocation"
"""The tag of a trace that tells where its spans lie."""

_PLACES = frozenset(
    (
        *("artifact_uri", "artifact_location", "root_uri", "source", "storage_location"),
        *("artifact_path", _OF_TRACE),
    )
)
"""Fields of requests and answers that tell where artifacts lie."""


class Places:
    """Translates between places in the database, folders, and paths at the gateway.

    Args:
        folder: The database's: what is relative is relative to it.
        locations: The experiments' artifact locations, by experiment id.
        artifact_root: Where new experiments get their folder.
    """

    def __init__(self, folder: Path, locations: Mapping[str, str], artifact_root: str = "") -> None:
        self._folder = folder
        self._locations = locations
        self._artifact_root = artifact_root

    def folder_of(self, uri: str) -> Path | None:
        """Return the folder of an artifact URI, None for one that is not on this disk."""
        if uri.startswith(_SCHEME):
            return self.at(urlsplit(uri).path.lstrip("/"))
        path = local_path(uri)
        return None if path is None else self._folder / path

    def at(self, path: str) -> Path:
        """Return what a path at the gateway stands for.

        Args:
            path: Below `/mlflow-artifacts/artifacts/`, percent-encoded.

        Raises:
            ApiError: It leads out of its root, or to artifacts that are not on this disk.
        """
        parts = parts_of(path)
        if len(parts) > 1 and parts[0] == _EXPERIMENTS:
            root = local_path(self._locations.get(parts[1], _SCHEME))
            if root is not None:
                return within(self._folder / root, parts[2:])
            if parts[1] not in self._locations:
                raise ApiError(MISSING, f"No Experiment with id={parts[1]} exists")
        return within(self._folder / _SERVED, parts)

    def shown(self, uri: str) -> str:
        """Return a place as a client is told that does not see this disk."""
        path = local_path(uri)
        if path is None:
            return uri
        path = self._folder / path
        for folder in (path, *path.parents):
            experiment_id = self._by_root.get(str(folder))
            if experiment_id is not None:
                rest = path.relative_to(folder).as_posix()
                return f"{_SCHEME}/{_EXPERIMENTS}/{experiment_id}/{rest}".removesuffix("/.")
        return uri

    def meant(self, uri: str) -> str:
        """Return the place in the database that such a client means."""
        prefix = f"{_SCHEME}/{_EXPERIMENTS}/"
        if not uri.startswith(prefix):
            return uri
        experiment_id, separator, rest = uri.removeprefix(prefix).partition("/")
        location = self._locations.get(experiment_id)
        if location is None:
            return uri
        return f"{location.rstrip('/')}{separator}{rest}"

    def is_root(self, path: Path) -> bool:
        """Return whether a folder holds whole experiments, or all of one."""
        roots = [os.path.realpath(root) for root in self._roots()]
        return os.path.realpath(path) in roots

    def check_from_afar(self, uri: str) -> None:
        """Refuse a place on this disk that is not among the artifacts.

        Who does not see this disk would otherwise read and write all of it here: as the
        location of an experiment, or as the source of a model's version.

        Args:
            uri: As the database has it, or is to have it.

        Raises:
            ApiError: It is such a place.
        """
        path = local_path(uri)
        if path is not None and not self._is_within_a_root(self._folder / path):
            raise ApiError(
                INVALID,
                f"Invalid place of artifacts {uri!r}: for a container or another machine, a place "
                "on mlrun's own disk must be among its artifacts. Name none, or a store such as "
                "s3://.",
            )

    def _is_within_a_root(self, path: Path) -> bool:
        if "\0" in str(path):
            return False
        real = os.path.realpath(path)
        roots = (os.path.realpath(root) for root in self._roots())
        return any(os.path.commonpath((root, real)) == root for root in roots)

    @cached_property
    def _by_root(self) -> dict[str, str]:
        """The experiments' ids by their folders."""
        found: dict[str, str] = {}
        for experiment_id, location in self._locations.items():
            root = local_path(location)
            if root is not None:
                found.setdefault(str(self._folder / root), experiment_id)
        return found

    def _roots(self) -> Iterator[Path]:
        yield self._folder / _SERVED
        for location in (self._artifact_root, *self._locations.values()):
            root = local_path(location) if location else None
            if root is not None:
                yield self._folder / root

    def show_all(self, content: Any) -> Any:
        """Return an answer in which all places are shown."""
        return _replaced(content, self.shown)

    def mean_all(self, content: Any) -> Any:
        """Return a request in which all places are those of the database."""
        return _replaced(content, self.meant)


def local_path(uri: str) -> Path | None:
    """Return the path of a place, None if it is not in a file system."""
    if uri.startswith("file:"):
        parts = urlsplit(uri)
        return Path(unquote(parts.path)) if parts.netloc in ("", "localhost") else None
    scheme, separator, _ = uri.partition(":")
    if separator and scheme.replace("+", "").replace("-", "").isalnum():
        return None
    return Path(uri)


def _replaced(content: Any, replace: Any) -> Any:
    if isinstance(content, list):
        return [_replaced(member, replace) for member in content]
    if not isinstance(content, dict):
        return content
    if content.get("key") == _OF_TRACE and isinstance(content.get("value"), str):
        return {**content, "value": replace(content["value"])}
    return {
        name: replace(value)
        if name in _PLACES and isinstance(value, str)
        else _replaced(value, replace)
        for name, value in content.items()
    }
