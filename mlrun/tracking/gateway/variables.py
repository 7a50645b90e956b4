"""What the command's environment gets, so that every MLflow client in it finds the gateway.

Read from the clients of 1.20 to 3.17: `mlflow/utils/credentials.py`, `utils/rest_utils.py`,
`tracking/_tracking_service/utils.py` and `environment_variables.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from mlrun.execution.user import user_name
from mlrun.tracking.nesting import GATEWAY_ADDRESS, GATEWAY_TARGET

_LOOPBACK = ("127.0.0.1", "localhost")

_CONTRADICTING = (
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_AWS_SIGV4",
    "MLFLOW_TRACKING_CLIENT_CERT_PATH",
    "MLFLOW_TRACKING_INSECURE_TLS",
    "MLFLOW_TRACKING_SERVER_CERT_PATH",
    "MLFLOW_EXPERIMENT_NAME",
)
"""Other ways to prove who asks, TLS for a plain address, a second word on the experiment."""

_WORKSPACES = ("MLFLOW_ENABLE_WORKSPACES", "MLFLOW_WORKSPACE", "MLFLOW_WORKSPACE_STORE_URI")
"""A workspace is named to servers that have some; a database of one user has none."""


def contradicting(target: str) -> tuple[str, ...]:
    """Return the inherited variables that would lead a client elsewhere, or to fail."""
    is_server = target.startswith(("http://", "https://"))
    return _CONTRADICTING if is_server else _CONTRADICTING + _WORKSPACES


def is_in_netrc(environ: Mapping[str, str], host: str) -> bool:
    """Return whether the user's `.netrc` names a user for the gateway's host.

    The library below MLflow's Python clients (requests) then sends that one instead of the
    token, whatever the client says. Mostly it is an entry `default`, which is for all hosts.
    The file is the command's too, so that neither it nor the variable `NETRC` is touched.

    Args:
        environ: What the command would inherit.
        host: The gateway's.
    """
    home = environ.get("HOME", "")
    places = [environ["NETRC"]] if "NETRC" in environ else [f"{home}/.netrc", f"{home}/_netrc"]
    path = next((place for place in places if os.access(place, os.F_OK)), None)
    if path is None:
        return False
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if "default" not in text and host not in text:
            return False
        from netrc import NetrcParseError, netrc

        try:
            entry = netrc(path).authenticators(host)
        except NetrcParseError:
            return False
    except (OSError, UnicodeDecodeError):
        return False
    return entry is not None and any(entry)


def gateway_variables(
    environ: Mapping[str, str], *, address: str, host: str, token: str, target: str
) -> dict[str, str]:
    """Return the variables by which clients find a gateway and are let in.

    Args:
        environ: What the command would inherit.
        address: The gateway's, as the command reaches it.
        host: The host in it.
        token: Given as bearer token and as user and password: clients prefer the latter, also
            from `~/.mlflow/credentials`, which the variables override.
        target: What the gateway stands before.
    """
    found = {
        "MLFLOW_TRACKING_URI": address,
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_TRACKING_USERNAME": _user(environ),
        "MLFLOW_TRACKING_PASSWORD": token,
        # The client would print an address that ends with the command (3.x; earlier ones ask
        # nobody).
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_PRINT_MODEL_URLS_ON_CREATION": "false",
        GATEWAY_ADDRESS: address,
        GATEWAY_TARGET: target,
    }
    for name, other in (("no_proxy", "NO_PROXY"), ("NO_PROXY", "no_proxy")):
        found[name] = _exempting(environ.get(name) or environ.get(other) or "", host)
    registry = environ.get("MLFLOW_REGISTRY_URI", "").strip()
    if registry and _is_same_target(registry, target):
        found["MLFLOW_REGISTRY_URI"] = address
    return found


def _user(environ: Mapping[str, str]) -> str:
    """Return the user whom the client would name without a gateway: it records that of a run.

    A colon would end the name in what a client sends.
    """
    return (environ.get("MLFLOW_TRACKING_USERNAME") or user_name(environ)).replace(":", "_")


def _exempting(names: str, host: str) -> str:
    """Return a list of hosts without proxy that names the gateway's too."""
    given = [name.strip() for name in names.split(",") if name.strip()]
    if "*" in given:
        return names
    hosts = dict.fromkeys((*_LOOPBACK, host))
    return ",".join([*given, *(name for name in hosts if name not in given)])


def _is_same_target(uri: str, target: str) -> bool:
    scheme, separator, rest = uri.partition("://")
    if separator and scheme.startswith("sqlite"):
        path = rest.partition("?")[0].removeprefix("/")
        return f"sqlite:///{os.path.abspath(path)}" == target
    if separator and "@" in rest.partition("/")[0]:
        rest = rest.partition("@")[2]
    return f"{scheme}{separator}{rest}".rstrip("/") == target.rstrip("/")
