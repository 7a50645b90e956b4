"""What is looked at: a local database, a file store, or a tracking server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlrun.errors import RunNotFoundError
from mlrun.tracking.target import resolve_target

_SQLITE = "sqlite:///"
_LEVELS = 3
"""Folders above the user's that are looked into for other records."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where runs are recorded.

    Attributes:
        uri: Absolute, without credentials.
    """

    uri: str

    @property
    def database(self) -> Path | None:
        """The file of a local database, None for another kind of place."""
        return _path(self.uri, _SQLITE) if self.uri.startswith(_SQLITE) else None

    @property
    def folder(self) -> Path | None:
        """The folder of a file store, None for another kind of place."""
        return _path(self.uri, "file://") if self.uri.startswith("file:") else None

    @property
    def is_server(self) -> bool:
        """Whether it is a tracking server, which has an interface of its own."""
        return self.database is None and self.folder is None

    def has_records(self) -> bool:
        """Return whether anything was recorded there; servers are not asked."""
        if self.database is not None:
            return self.database.is_file() and self.database.stat().st_size > 0
        return self.folder is None or any(self.folder.glob("*/meta.yaml"))


def find_place(tracking_uri: str | None, cwd: Path, environ: Mapping[str, str]) -> Place:
    """Return what the user means, as `mlrun run` would understand it.

    Raises:
        NotSupportedError: A kind of store that mlrun does not speak.
        UsageError: An address that cannot be understood.
    """
    return Place(resolve_target(tracking_uri, cwd, environ))


def sqlite_path(uri: str, cwd: Path) -> Path | None:
    """Return the file of a `sqlite:` URI, None for another kind.

    Raises:
        UsageError: It names no file.
    """
    scheme, colon, _ = uri.partition(":")
    if not colon or scheme.partition("+")[0] != "sqlite":
        return None
    return find_place(uri, cwd, {}).database


def refuse_empty(place: Place, cwd: Path, environ: Mapping[str, str]) -> None:
    """Refuse a place where nothing is recorded yet, and name others where something is.

    Raises:
        RunNotFoundError: It is such a place.
    """
    if place.has_records():
        return
    other = next((o for o in _others(cwd, environ) if o != place and o.has_records()), None)
    where = place.database or place.folder
    raise RunNotFoundError(
        f"nothing is recorded in {where} yet",
        hint=f"there are records elsewhere: mlrun ui --tracking-uri {other.uri}"
        if other
        else "`mlrun run` records there when it is called in this folder; --tracking-uri names"
        " another place",
    )


def _others(cwd: Path, environ: Mapping[str, str]) -> Iterator[Place]:
    """Yield places that may have been meant: around here, and where the last runs went."""
    for folder in (cwd, *cwd.parents[:_LEVELS]):
        yield Place(f"{_SQLITE}{folder / 'mlflow.db'}")
        yield Place((folder / "mlruns").as_uri())
    yield find_place(None, cwd, environ)
    from mlrun.run_folder import newest_first

    for run in newest_first()[:_LEVELS]:
        uri = (run.read("plan.json") or {}).get("delivery", {}).get("tracking_uri")
        if uri:
            yield Place(str(uri))


def _path(uri: str, prefix: str) -> Path:
    from urllib.parse import unquote

    rest = uri.removeprefix(prefix)
    return Path(rest if prefix == _SQLITE else unquote(rest))
