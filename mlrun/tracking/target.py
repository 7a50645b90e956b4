"""Which tracking store a run is recorded in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from mlrun.errors import NotSupportedError, UsageError
from mlrun.execution.redact import mask_url
from mlrun.light_dataclass import dataclass
from mlrun.tracking.base import TrackingStore
from mlrun.tracking.credentials import Credentials, find_credentials, split_address
from mlrun.tracking.nesting import gateway_to, target_behind

TRACKING_URI = "MLFLOW_TRACKING_URI"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):")
_WEB = ("http", "https")
_DATABRICKS = ("databricks", "databricks-uc", "uc")
_DATABASES = ("sqlite", "postgresql", "postgres", "mysql", "mssql")
_SQLITE = ("sqlite", "sqlite+pysqlite")

_SERVER_ALIKE = re.compile(r"[A-Za-z0-9.\-]+:[0-9]{2,5}(/.*)?|https?//.+")
_DATABASE_ALIKE = re.compile(r".+\.(db|sqlite3?)", re.IGNORECASE)
_OTHER_PLACES = "an MLflow tracking server (http://host:5000), a folder, or sqlite:///mlflow.db"

# What a client's own connection is told; mlrun's has these settings already.
_IDLE_SETTINGS = ("timeout", "check_same_thread")


def default_target(cwd: Path) -> str:
    """Return where a run is recorded when nobody said: where MLflow's own client would.

    That is the file store `./mlruns` if one is there, or else the database `./mlflow.db`.
    Source: mlflow.tracking._tracking_service.utils of MLflow 3.17.
    """
    # An SQLite URI cannot hold a question mark in its path.
    if "?" in str(cwd) or _is_file_store(cwd / "mlruns"):
        return (cwd / "mlruns").as_uri()
    return f"sqlite:///{cwd / 'mlflow.db'}"


def _is_file_store(folder: Path) -> bool:
    """Return whether an experiment's file is in it; a database's artifacts have none."""
    try:
        with os.scandir(folder) as entries:
            return any(
                entry.name.isdigit() and os.path.lexists(f"{entry.path}/meta.yaml")
                for entry in entries
            )
    except OSError:
        return False


def resolve_target(tracking_uri: str | None, cwd: Path, environ: Mapping[str, str]) -> str:
    """Decide where a run is recorded.

    Args:
        tracking_uri: What the user asked for; None or empty for the variable, then the default.
        cwd: Absolute; relative paths are relative to it.
        environ: The user's variables.

    Returns:
        An absolute URI without credentials, for `open_store` and for records. `open_store`
        finds the credentials of an address again.

    Raises:
        NotSupportedError: A kind of store that mlrun does not speak.
        UsageError: An address that cannot be understood.
    """
    asked = (tracking_uri or "").strip() or environ.get(TRACKING_URI, "").strip()
    if not asked:
        return default_target(cwd)
    behind = target_behind(asked, environ)
    if behind is not None:
        return behind
    _refuse_alike(asked, cwd)
    found = _SCHEME.match(asked)
    scheme = found[1].lower() if found else ""
    if scheme in _WEB:
        return _web_address(asked)
    if scheme == "file":
        return _file_uri(_path_of(asked), cwd, environ)
    if scheme in _SQLITE:
        return f"sqlite:///{os.path.abspath(cwd / _database_of(asked))}"
    if scheme or asked in _DATABRICKS:
        raise _not_supported(asked, scheme or asked)
    return _file_uri(asked, cwd, environ)


def open_store(
    uri: str | None,
    environ: Mapping[str, str],
    *,
    asked: str | None = None,
    cwd: Path | None = None,
) -> TrackingStore:
    """Open a store. Nothing is sent or written yet.

    Args:
        uri: What `resolve_target` returned; None for a run without tracking.
        environ: The user's variables: credentials, certificates, proxies, time limits.
        asked: What the user gave as the tracking URI: its credentials are used.
        cwd: Where the user stands: a database's new experiments get their artifacts below
            `mlruns` there, as with MLflow's own client. By default where this process is.

    Raises:
        NotSupportedError: A kind of store, or of authentication, that mlrun does not speak.
        UsageError: A variable or a file with credentials that cannot be understood.
    """
    if uri is None:
        from mlrun.tracking.none import NoTracking

        return NoTracking()
    gateway = gateway_to(uri, environ)
    if gateway is not None:
        return _open_server(gateway, environ, None, target=uri)
    if uri.startswith("file:"):
        from mlrun.tracking.filestore import FileStore

        return FileStore(Path(_path_of(uri)))
    if uri.startswith("sqlite:"):
        from mlrun.tracking.database.store import DatabaseStore

        return DatabaseStore(Path(_database_of(uri)), _artifact_root(cwd))
    return _open_server(uri, environ, asked)


def is_on_loopback(uri: str) -> bool:
    """Return whether a server's address means the machine of whoever asks."""
    found = re.match(r"https?://(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)", uri, re.IGNORECASE)
    host = found[1].lower().strip("[]") if found else ""
    return host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost")


@dataclass(frozen=True)
class ServerAccess:
    """How one tracking server is reached, found by the rules of MLflow's own client.

    Attributes:
        base: The address without credentials and closing slash.
        credentials: Who we are there, None for nobody.
        client_uri: The address for a client that finds the credentials in it alone, else None.
    """

    base: str
    credentials: Credentials | None
    client_uri: str | None


def find_access(uri: str, environ: Mapping[str, str], asked: str | None = None) -> ServerAccess:
    """Find who we are to a tracking server.

    Args:
        uri: The server's address.
        environ: The user's variables.
        asked: What the user gave as the tracking URI: its credentials are used.

    Raises:
        NotSupportedError: A kind of authentication that mlrun does not speak.
        UsageError: An address, or a file with credentials, that cannot be understood.
    """
    from mlrun.tracking.http import origin_of

    base = _web_address(uri)
    with_credentials = next(
        (
            address
            for address in (uri, asked or "", environ.get(TRACKING_URI, ""))
            if split_address(address)[1] is not None and _web_address(address) == base
        ),
        None,
    )
    if with_credentials is not None:
        credentials = split_address(with_credentials)[1]
    else:
        credentials = find_credentials(origin_of(base).host, environ)
    # Variables cannot hold a user without a password; then the client needs the address.
    is_bare_user = with_credentials and credentials and not credentials.variables()
    return ServerAccess(base, credentials, with_credentials if is_bare_user else None)


def _artifact_root(cwd: Path | None) -> str:
    """Return where a database's artifacts go, a plain path as MLflow itself records it."""
    folder = os.path.abspath((cwd or Path()) / "mlruns")
    # Clients undo percent signs in either form.
    return Path(folder).as_uri() if "%" in folder else folder


def _open_server(
    uri: str, environ: Mapping[str, str], asked: str | None, target: str | None = None
) -> TrackingStore:
    """Open a server; `target` is what it records to, where it is the gateway of mlrun's own."""
    from mlrun.tracking.api import TrackingApi
    from mlrun.tracking.http import HttpClient, read_persistence
    from mlrun.tracking.rest import RestStore
    from mlrun.tracking.tls import tls_settings

    access = find_access(uri, environ, asked)
    credentials = access.credentials
    client = HttpClient(
        access.base,
        environ,
        authorization=credentials.header() if credentials else None,
        tls=tls_settings(environ),
        persistence=read_persistence(environ),
    )
    client_uri = access.client_uri or access.base
    return RestStore(
        target or access.base, TrackingApi(client, credentials), credentials, client_uri
    )


def _web_address(address: str) -> str:
    """Return a server's address without credentials, query and closing slash."""
    from urllib.parse import urlsplit, urlunsplit

    bare, _ = split_address(address.strip())
    try:
        parts = urlsplit(bare)
        is_sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_sound = False
    if not is_sound or not bare.isprintable() or " " in bare:
        raise UsageError(
            f"the tracking URI {mask_url(address)} cannot be understood",
            hint="a server's address is like https://mlflow.example.org:5000",
        )
    scheme, host = parts.scheme.lower(), parts.netloc.lower()
    return urlunsplit((scheme, host, parts.path.rstrip("/"), "", ""))


def _path_of(uri: str) -> str:
    """Return the path that a `file:` URI names, relative if the URI is."""
    from urllib.parse import unquote

    rest = uri[len("file:") :]
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host not in ("", "localhost"):
            raise UsageError(
                f"the tracking URI {uri} names the host {host}",
                hint=f"for a folder: file:///{host}{slash}{path} or a plain path",
            )
        rest = f"/{path}"
    return unquote(rest)


def _database_of(uri: str) -> str:
    """Return the path that an SQLite URI names, read as SQLAlchemy does: nothing is unquoted."""
    bare, _, query = uri.partition("?")
    _, slashes, path = bare.partition(":///")
    if not slashes and bare.partition(":")[2] != "//":
        raise UsageError(
            f"the tracking URI {uri} cannot be understood",
            hint="for a database beside you: sqlite:///mlflow.db; elsewhere: "
            "sqlite:////absolute/path/mlflow.db",
        )
    if path in ("", ":memory:"):
        raise UsageError(
            f"the tracking URI {uri} names a database in memory, which ends with its process",
            hint="name a file: sqlite:///mlflow.db",
        )
    settings = [setting.partition("=")[0] for setting in query.split("&") if setting]
    unknown = [setting for setting in settings if setting not in _IDLE_SETTINGS]
    if unknown or path.startswith("file:") or "\0" in path:
        raise UsageError(
            f"the tracking URI {uri} has what mlrun does not understand: "
            f"{', '.join(unknown) or path}",
            hint="give the plain path: sqlite:///mlflow.db",
        )
    return path


def _file_uri(path: str, cwd: Path, environ: Mapping[str, str]) -> str:
    if "\0" in path or not path:
        raise UsageError("the tracking URI names no folder")
    if path == "~" or path.startswith("~/"):
        home = environ.get("HOME") or str(Path("~").expanduser())
        path = home + path[1:]
    return Path(os.path.abspath(cwd / path)).as_uri()


def _refuse_alike(asked: str, cwd: Path) -> None:
    """Refuse a plain path that is none: a folder would be made by its name."""
    if "\0" in asked or (path := cwd / asked).is_dir():
        return
    if _SERVER_ALIKE.fullmatch(asked):
        rest = asked.partition("//")[2] or asked
        raise UsageError(
            f"the tracking URI {mask_url(asked)} has no http:// before it",
            hint=f"give {asked.partition('//')[0] if '//' in asked else 'http'}://{rest}",
        )
    if _SCHEME.match(asked) is None and (_DATABASE_ALIKE.fullmatch(asked) or path.is_file()):
        raise UsageError(
            f"the tracking URI {asked} names a folder, and looks like a database",
            hint=f"a database is sqlite:///{asked}, a folder of that name file:{asked}",
        )


def _not_supported(uri: str, scheme: str) -> NotSupportedError:
    kind = scheme.partition("+")[0]
    if kind in _DATABASES:
        return NotSupportedError(
            f"the tracking URI {mask_url(uri)} is a database, which mlrun does not speak yet",
            hint="start `mlrun server --backend-store-uri ...` on it and give its http:// address",
        )
    if kind in (*_DATABRICKS, "azureml"):
        return NotSupportedError(
            f"the tracking URI {mask_url(uri)} needs the {kind} client, which mlrun does not have",
            hint=f"give {_OTHER_PLACES}",
        )
    from mlrun.near_miss import near_miss

    meant = near_miss(scheme, (*_WEB, "sqlite", "file"))
    return NotSupportedError(
        f"the tracking URI {mask_url(uri)} is of a kind that mlrun does not know: {scheme}",
        hint=f"did you mean {meant}{mask_url(uri)[len(scheme) :]}?"
        if meant
        else f"give {_OTHER_PLACES}; MLflow's plugins are not used",
    )
