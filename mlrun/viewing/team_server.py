"""MLflow's tracking server for a team: its command line, and no migration by surprise."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
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
from mlrun.execution.redact import mask_url
from mlrun.viewing.address import DEFAULT_PORT, refuse_taken
from mlrun.viewing.database_file import head_of
from mlrun.viewing.place import find_place, sqlite_path
from mlrun.viewing.private_folder import private_folder
from mlrun.viewing.upgrade import upgrade_users_database, upgrader

_BACKEND = "MLFLOW_BACKEND_STORE_URI"

_DRIVERS = {
    "postgresql": "psycopg2-binary",
    "postgresql+psycopg2": "psycopg2-binary",
    "mysql+pymysql": "pymysql",
    "mssql+pymssql": "pymssql",
    "s3": "boto3",
    "gs": "google-cloud-storage",
    "wasbs": "azure-storage-blob",
}
"""What MLflow needs besides itself for an address, by its scheme."""

_BACKENDS = ("sqlite", "postgresql", "mysql", "mssql", "file")

_ASK_REVISION = """
import os, sqlalchemy
with sqlalchemy.create_engine(os.environ["MLRUN_DATABASE"]).connect() as connection:
    if sqlalchemy.inspect(connection).has_table("alembic_version"):
        query = sqlalchemy.text("SELECT version_num FROM alembic_version")
        print(connection.execute(query).scalar() or "")
"""


@dataclass(frozen=True, slots=True)
class TeamServer:
    """What to serve, and how.

    Attributes:
        backend: Where runs are recorded, as MLflow takes it; None for what is in force here.
        artifacts: Where artifacts are kept; None for MLflow's own choice.
        words: Further words for `mlflow server`.
        packages: Further packages for its environment.
        upgrade: Whether to upgrade a local database before.
        host: The interface to listen on; None for MLflow's own choice.
        port: The port to listen on; None for MLflow's own choice.
    """

    backend: str | None
    artifacts: str | None
    words: tuple[str, ...]
    packages: tuple[str, ...] = ()
    upgrade: bool = False
    host: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is to take this process over.

    Attributes:
        argv: Its command line.
        variables: Its whole environment.
    """

    argv: tuple[str, ...]
    variables: Mapping[str, str]


def prepare_server(
    server: TeamServer, cwd: Path, environ: Mapping[str, str], report: Report
) -> Program:
    """Get all ready for the server.

    Args:
        server: What to serve.
        cwd: Where the user stands.
        environ: The user's variables.
        report: Takes a line when something takes its time.

    Raises:
        UsageError: The addresses contradict each other, or the port is taken.
        TrackingError: The database has another schema than this MLflow's, or is in use.
        EnvironmentBuildError: There is no MLflow to start.
    """
    if "--help" in server.words:
        return _help(environ, report)
    backend = _absolute_backend(server, cwd, environ)
    database = sqlite_path(backend, cwd)
    if server.upgrade and database is None:
        raise UsageError(
            f"--upgrade is for a local database, and {mask_url(backend)} is none",
            hint="make a backup by the means of that database; `mlflow db upgrade` upgrades it",
        )
    if database is not None and not server.upgrade:
        _refuse_other_schema(backend, _head_of_file(database))
    _refuse_taken_port(server, environ)
    extra = (*_drivers(backend, server.artifacts or ""), *server.packages)
    environment = prepare_mlflow(report, extra)
    if database is not None and server.upgrade and _head_of_file(database):
        with private_folder() as folder:
            upgrade_users_database(database, folder, upgrader(environment), report)
    elif database is None:
        _refuse_other_schema(backend, _asked_revision(environment, backend, environ))
    environment.hand_over()
    options = {
        "--artifacts-destination": server.artifacts,
        "--host": server.host,
        "--port": server.port,
    }
    words = [word for name, value in options.items() if value for word in (name, str(value))]
    argv = (str(mlflow_program(environment)), "server", *words, *server.words)
    return Program(argv, _variables(backend, environment, environ))


def _help(environ: Mapping[str, str], report: Report) -> Program:
    """Return what prints MLflow's own help; nothing need be there to serve."""
    environment = prepare_mlflow(report, ())
    environment.hand_over()
    argv = (str(mlflow_program(environment)), "server", "--help")
    return Program(argv, _variables("", environment, environ))


def _refuse_taken_port(server: TeamServer, environ: Mapping[str, str]) -> None:
    """Refuse a port that is taken: MLflow's server would say so late, and leave with 0."""
    port = str(server.port or environ.get("MLFLOW_PORT") or DEFAULT_PORT)
    # The options of the program that serves may name another place.
    if port.isdecimal() and not any("-opts" in word for word in server.words):
        refuse_taken(server.host or environ.get("MLFLOW_HOST") or "127.0.0.1", int(port))


def _absolute_backend(server: TeamServer, cwd: Path, environ: Mapping[str, str]) -> str:
    given = server.backend or environ.get(_BACKEND) or ""
    if given:
        _refuse_misspelt(given)
        return given
    place = find_place(None, cwd, environ)
    if place.is_server:
        raise UsageError(
            f"the tracking URI in force, {place.uri}, is a server already",
            hint="--backend-store-uri names the database or the folder to serve",
        )
    return place.uri


def _refuse_misspelt(backend: str) -> None:
    """Refuse what MLflow would answer with a traceback."""
    scheme, separator, rest = backend.partition("://")
    kind = scheme.partition("+")[0].lower()
    if not separator or kind in _BACKENDS:
        return
    if kind in ("http", "https"):
        raise UsageError(
            f"{mask_url(backend)} is a server already",
            hint="--backend-store-uri names the database or the folder to serve",
        )
    from mlrun.near_miss import near_miss

    meant = near_miss(kind, _BACKENDS)
    if meant is not None:
        raise UsageError(
            f"the address {mask_url(backend)} is of an unknown kind: {scheme}",
            hint=f"did you mean {mask_url(f'{meant}://{rest}')}?",
        )


def _head_of_file(database: Path) -> str | None:
    return head_of(database) if database.is_file() and database.stat().st_size else None


def _refuse_other_schema(backend: str, head: str | None) -> None:
    if head in (None, SCHEMA_HEAD):
        return
    raise TrackingError(
        f"the database {mask_url(backend)} has the schema {head}, and MLflow {VERSION} would change"
        f" it to {SCHEMA_HEAD}: older clients could not open it any more",
        hint="for a local database: --upgrade, which makes a backup first; for another one:"
        " a backup, then `mlflow db upgrade`",
    )


def _asked_revision(
    environment: PreparedEnvironment, backend: str, environ: Mapping[str, str]
) -> str | None:
    """Return a database's schema; None where there is none, or MLflow will say what is wrong."""
    if "://" not in backend or backend.startswith("file:"):
        return None
    done = subprocess.run(
        [str(environment.python), "-I", "-c", _ASK_REVISION],
        env={**environ, "MLRUN_DATABASE": backend},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def _drivers(*addresses: str) -> tuple[str, ...]:
    schemes = (address.partition("://")[0] for address in addresses if "://" in address)
    return tuple(_DRIVERS[scheme] for scheme in schemes if scheme in _DRIVERS)


def _variables(
    backend: str, environment: PreparedEnvironment, environ: Mapping[str, str]
) -> dict[str, str]:
    kept = {k: v for k, v in environ.items() if k not in environment.unset}
    is_folder = "://" not in backend or backend.startswith("file:")
    return {
        # Modules of the user's folder must not take the place of those that the server needs.
        "PYTHONSAFEPATH": "1",
        **({"MLFLOW_ALLOW_FILE_STORE": "true"} if is_folder else {}),
        **kept,
        # It may hold a password, which a command line would show to everybody here.
        _BACKEND: backend,
        "PATH": os.pathsep.join([*map(str, environment.path), environ.get("PATH", os.defpath)]),
    }
