"""Who mlrun is to a tracking server, found where MLflow's own client looks.

The order is the client's: the address itself, then user name and password (variables before
`~/.mlflow/credentials`, each of the two on its own), then the token, then `~/.netrc`.
Source: mlflow.utils.credentials and mlflow.utils.rest_utils of MLflow 3.17, and what requests
adds for addresses and netrc.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlrun.errors import NotSupportedError, UsageError
from mlrun.light_dataclass import dataclass

USERNAME = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105 - the name of a variable
TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 - the name of a variable

_FOREIGN_SIGNING = ("MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_AUTH")


@dataclass(frozen=True)
class Credentials:
    """What is sent as the Authorization header.

    Attributes:
        source: Where they were found, as a message names it.
        user: User name for basic authentication, None for a bearer token.
        secret: Password or token.
        everywhere_visible: Whether every version of MLflow's client finds them by itself.
    """

    source: str
    user: str | None
    secret: str
    everywhere_visible: bool

    def header(self) -> str:
        """Return the value of the Authorization header.

        Raises:
            UsageError: A token that cannot stand in a header.
        """
        if self.user is None:
            if not (self.secret.isascii() and self.secret.isprintable()):
                raise UsageError(
                    f"{self.source} holds a character that no token has (a line break?)",
                    hint="set it again, without quotes and without a line's end",
                )
            return f"Bearer {self.secret}"
        from base64 import b64encode

        return "Basic " + b64encode(f"{self.user}:{self.secret}".encode()).decode("ascii")

    def variables(self) -> dict[str, str]:
        """Return what a client needs that would not find these credentials by itself."""
        if self.everywhere_visible or not self.user or not self.secret:
            return {}
        return {USERNAME: self.user, PASSWORD: self.secret}

    def __repr__(self) -> str:
        """Return where they come from, never what they are."""
        return f"Credentials(source={self.source!r})"


def split_address(address: str) -> tuple[str, Credentials | None]:
    """Take user name and password out of an address.

    Returns:
        The address without them, and them.
    """
    scheme, _, rest = address.partition("://")
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    user_info, at, host = rest[:end].rpartition("@")
    if not at:
        return address, None
    from urllib.parse import unquote

    user, _, password = user_info.partition(":")
    found = Credentials("the address", unquote(user), unquote(password), False)
    return f"{scheme}://{host}{rest[end:]}", found


def find_credentials(host: str, environ: Mapping[str, str]) -> Credentials | None:
    """Find the credentials for a server whose address has none.

    Args:
        host: The server's host name.
        environ: The user's variables; `HOME` says where the files are.

    Raises:
        NotSupportedError: The user asked for a way of signing that only MLflow's plugins know.
        UsageError: A file with credentials cannot be read.
    """
    _refuse_foreign_signing(environ)
    return _user_and_password(environ) or _token(environ) or _from_netrc(host, environ)


def home(environ: Mapping[str, str]) -> Path:
    """Return the user's home folder."""
    return Path(environ["HOME"]) if environ.get("HOME") else Path("~").expanduser()


def _refuse_foreign_signing(environ: Mapping[str, str]) -> None:
    for name in _FOREIGN_SIGNING:
        if environ.get(name, "").strip().lower() not in ("", "0", "false"):
            raise NotSupportedError(
                f"{name} is set: mlrun cannot sign requests in that way",
                hint=f"use {TOKEN}, or {USERNAME} and {PASSWORD}",
            )


def _user_and_password(environ: Mapping[str, str]) -> Credentials | None:
    user, password = environ.get(USERNAME), environ.get(PASSWORD)
    if user and password:
        return Credentials(f"{USERNAME} and {PASSWORD}", user, password, True)
    file = home(environ) / ".mlflow" / "credentials"
    stored_user, stored_password = _from_file(file)
    user, password = user or stored_user, password or stored_password
    if user and password:
        return Credentials(str(file), user, password, False)
    return None


def _from_file(file: Path) -> tuple[str | None, str | None]:
    """Read MLflow's file. MLflow passes over a file without the section, and so do we."""
    if not file.is_file():
        return None, None
    import configparser

    config = configparser.ConfigParser()
    try:
        config.read_string(file.read_text(encoding="utf-8"))
        return (
            config.get("mlflow", USERNAME.lower(), fallback=None),
            config.get("mlflow", PASSWORD.lower(), fallback=None),
        )
    except (OSError, UnicodeError, configparser.Error) as error:
        # The parser's own message quotes the line, which may be the password.
        reason = error.strerror if isinstance(error, OSError) else "it is no ini file"
        raise UsageError(
            f"{file} cannot be read: {reason}",
            hint=f"it needs a line [mlflow], then {USERNAME.lower()} = ... and "
            f"{PASSWORD.lower()} = ...; a % in a value is written %%",
        ) from None


def _token(environ: Mapping[str, str]) -> Credentials | None:
    token = environ.get(TOKEN)
    return Credentials(TOKEN, None, token, True) if token else None


def _from_netrc(host: str, environ: Mapping[str, str]) -> Credentials | None:
    given = environ.get("NETRC")
    folder = home(environ)
    candidates = [Path(given)] if given else [folder / ".netrc", folder / "_netrc"]
    file = next((path for path in candidates if path.is_file()), None)
    if file is None:
        return None
    import netrc

    try:
        entry = netrc.netrc(str(file)).authenticators(host)
    except (OSError, UnicodeError, netrc.NetrcParseError):
        # It belongs to other programs; requests passes over one that it cannot read too.
        return None
    if not entry or not entry[2]:
        return None
    return Credentials(str(file), entry[0] or entry[1] or "", entry[2], True)
