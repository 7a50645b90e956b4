"""The connection to channels, as the user's settings for conda want it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from mlrun.environments.conda.channels import ChannelUrl
from mlrun.environments.conda.settings import CondaSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rattler.networking.client import Client

_PROXIES = ("https_proxy", "http_proxy", "all_proxy")
_PORTS = {"http": 80, "https": 443}
_PATIENCE = 10.0
"""Seconds at most that a host has to take a connection, and then to give a sign of life."""


@contextmanager
def connected(settings: CondaSettings, channels: Sequence[ChannelUrl]) -> Iterator[Client]:
    """Yield what fetches from channels.

    rattler reads the place of the certificates to trust from a variable; it is set meanwhile.
    """
    from rattler.config import Config
    from rattler.networking.client import Client

    verify = settings.ssl_verify
    config = Config.from_toml(_configuration(settings, channels))
    with _variable("SSL_CERT_FILE", str(verify) if isinstance(verify, Path) else None):
        yield Client.from_config(config, max_retries=settings.max_retries)


def not_reached(
    channels: Sequence[ChannelUrl], settings: CondaSettings, environ: Mapping[str, str]
) -> tuple[ChannelUrl, str] | None:
    """Return the first channel whose host does not answer, and why; None where all do.

    Behind a proxy nothing is tried: only the proxy can tell.
    """
    if settings.proxy_servers or any(
        environ.get(name) or environ.get(name.upper()) for name in _PROXIES
    ):
        return None
    tried: set[tuple[str, int]] = set()
    for channel in channels:
        parts = urlsplit(channel.mirrors[0] if channel.mirrors else channel.url)
        if parts.scheme not in _PORTS or not parts.hostname:
            continue
        place = (parts.hostname, parts.port or _PORTS[parts.scheme])
        if place in tried:
            continue
        tried.add(place)
        try:
            _knock(place, parts.scheme, min(settings.connect_timeout, _PATIENCE))
        except OSError as error:
            return channel, error.strerror or str(error)
    return None


def _knock(place: tuple[str, int], scheme: str, patience: float) -> None:
    """Wait for a sign of life: an answer, whatever it says. Nothing secret is sent.

    Raises:
        OSError: There is none.
    """
    import socket
    import ssl

    with socket.create_connection(place, patience) as connection:
        if scheme == "http":
            connection.sendall(f"HEAD / HTTP/1.0\r\nHost: {place[0]}\r\n\r\n".encode())
            connection.recv(1)
            return
        # Who answers is found out by rattler, which checks the certificate.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with suppress(ssl.SSLError):
            context.wrap_socket(connection, server_hostname=place[0]).close()


def _configuration(settings: CondaSettings, channels: Sequence[ChannelUrl]) -> str:
    """Return rattler's configuration, as TOML."""
    lines = ['tls-root-certs = "system"']
    if settings.ssl_verify is False:
        lines.append("tls-no-verify = true")
    proxies = {
        scheme: settings.proxy_servers[scheme]
        for scheme in ("http", "https")
        if settings.proxy_servers.get(scheme)
    }
    if proxies:
        lines.append("[proxy-config]")
        lines += [f"{scheme} = {_quoted(proxy)}" for scheme, proxy in proxies.items()]
    mirrored = [channel for channel in channels if channel.mirrors]
    if mirrored:
        lines.append("[mirrors]")
        for channel in mirrored:
            copies = ", ".join(_quoted(mirror) for mirror in channel.mirrors)
            lines.append(f"{_quoted(channel.url)} = [{copies}]")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text)


@contextmanager
def _variable(name: str, value: str | None) -> Iterator[None]:
    """Set a variable of this process for a block, unless the value is None."""
    before = os.environ.get(name)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        if value is not None:
            os.environ.pop(name)
            os.environ.update({} if before is None else {name: before})
