"""A local database, asked in this process by the operations that the gateway serves."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from mlrun.errors import TrackingUnavailableError
from mlrun.tracking.api import ApiRefusedError, Json
from mlrun.tracking.artifact_addresses.answers import AnsweredCatalog
from mlrun.tracking.database import logged_models, model_versions, registered_models, runs
from mlrun.tracking.database.api_error import MISSING, UNAVAILABLE, ApiError
from mlrun.tracking.database.message import Message
from mlrun.tracking.database.search import logged_models as logged_model_search
from mlrun.tracking.database.search import model_versions as model_version_search
from mlrun.tracking.database.search import registered_models as registered_model_search
from mlrun.tracking.database.session import Database
from mlrun.tracking.gateway.routes import Routes

_MODULES = (
    *(runs, registered_models, model_versions, logged_models),
    *(logged_model_search, model_version_search, registered_model_search),
)


def database_catalog(path: Path) -> AnsweredCatalog:
    """Return the catalog of a database, which is not made where there is none.

    Args:
        path: The file, absolute.
    """
    return AnsweredCatalog(f"sqlite:///{path}", _Asking(path))


class _Asking:
    """Asks the database; only routes that read are known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        found = (r for m in _MODULES for r in m.ROUTES if not r.writes)
        self._routes = Routes(found)

    def __call__(self, method: str, endpoint: str, fields: Json) -> Json:
        route = self._routes.find(method, f"/{endpoint}")
        assert route is not None, endpoint
        if _is_empty(self._path):
            raise ApiRefusedError(f"there is nothing in the database {self._path}", MISSING)
        try:
            with closing(Database(self._path, "")) as database, database.reading() as session:
                return route[0].operation(session, Message({**fields, **route[1]}))
        except ApiError as error:
            text = error.message.rstrip(".")
            if error.code == UNAVAILABLE:
                raise TrackingUnavailableError(text) from error
            raise ApiRefusedError(text, error.code) from error


def _is_empty(path: Path) -> bool:
    """Return whether a database is not there, or has no experiment: opened, it would get one."""
    if not path.is_file() or not path.stat().st_size:
        return True
    # What keeps it from being read is named where it is opened in earnest.
    address = f"{path.as_uri()}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as connection:
        return connection.execute("SELECT 1 FROM experiments LIMIT 1").fetchone() is None
    return False
