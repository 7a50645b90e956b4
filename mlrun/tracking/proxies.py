"""Which proxy a request goes through, by the variables that requests honours too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlrun.errors import NotSupportedError, UsageError
from mlrun.execution.redact import mask_url
from mlrun.tracking.credentials import split_address


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that speaks plain HTTP.

    Attributes:
        host: Its name.
        port: Its port.
        authorization: The value of the Proxy-Authorization header, None for none.
    """

    host: str
    port: int
    authorization: str | None = None

    def __repr__(self) -> str:
        """Return the place, without the credentials."""
        return f"Proxy({self.host}:{self.port})"


def choose_proxy(scheme: str, host: str, port: int, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for an origin, None for a direct connection.

    `http_proxy`, `https_proxy` and `all_proxy` count, lower case before upper case, unless
    `no_proxy` names the host.

    Raises:
        NotSupportedError: A proxy that speaks something else than plain HTTP.
        UsageError: A proxy's address that cannot be understood.
    """
    address = _variable(f"{scheme}_proxy", environ) or _variable("all_proxy", environ)
    if not address or is_exempt(host, port, _variable("no_proxy", environ)):
        return None
    return _parse(address)


def is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Return whether `no_proxy` names the host: `*`, a name, a domain, an address, a network."""
    host = host.lower().rstrip(".")
    for entry in no_proxy.lower().replace(" ", ",").split(","):
        name = entry.strip().lstrip("*").lstrip(".")
        if entry == "*":
            return True
        if not name:
            continue
        if host == name or host.endswith(f".{name}") or f"{host}:{port}" == name:
            return True
        if f"{host}:{port}".endswith(f".{name}") or ("/" in name and _is_within(host, name)):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _variable(name: str, environ: Mapping[str, str]) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _parse(address: str) -> Proxy:
    from urllib.parse import urlsplit

    if "://" not in address:
        address = f"http://{address}"
    bare, credentials = split_address(address)
    scheme = bare.partition("://")[0].lower()
    if scheme != "http":
        raise NotSupportedError(
            f"the proxy {mask_url(address)} is not reached by plain HTTP",
            hint="give the address of an http:// proxy, or name the server in NO_PROXY",
        )
    try:
        parts = urlsplit(bare)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host, port = None, 0
    if not host:
        raise UsageError(f"the proxy's address {mask_url(address)} cannot be understood")
    return Proxy(host, port, credentials.header() if credentials else None)
