"""How a container reaches this machine."""

from __future__ import annotations

import _socket
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mlrun.environments.docker.user import is_rootless
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.execution.container.engine import Engine, EngineError

HOST_NAME = "host.docker.internal"
"""The name of this machine in containers: docker's own, made by an entry in /etc/hosts."""

_LOOPBACK = "127.0.0.1"
_IN_CONTAINER = Path("/.dockerenv")
"""The file that Docker puts into its containers."""

_ANYWHERE = "192.0.2.1"
"""An address that is nobody's; the way to it is the machine's way to other machines."""


class Reach(NamedTuple):
    """How a container reaches this machine.

    Attributes:
        address: On which to listen; the loopback's where the container shares this machine's
            network, None where it has none or does not lead here.
        name: By which the container knows that address; None where it has to use the address.
        is_given: Whether the engine knows the name without being told.
    """

    address: str | None = None
    name: str | None = None
    is_given: bool = False


def reach_of(
    engine: Engine, network: str | None, info: Mapping[str, Any], location: Location
) -> Reach:
    """Find out how a container in a network reaches this machine.

    Args:
        engine: Asked for the network.
        network: As `-A network=` names it, None for the engine's usual one.
        info: The engine's `GET /info`.
        location: Of the project's `docker_env`.

    Raises:
        EnvironmentBuildError: There is no such network, or no such container to share one with.
    """
    if str(info.get("OperatingSystem", "")).startswith("Docker Desktop"):
        return Reach(_LOOPBACK, HOST_NAME, is_given=True)
    if network in ("host", "none"):
        return Reach(_LOOPBACK) if network == "host" else Reach()
    elsewhere = _other_machine(engine.address)
    if elsewhere is not None:
        return Reach(_way_to(elsewhere), HOST_NAME)
    if is_rootless(info) or str(network).startswith(("slirp4netns", "pasta")):
        # The network is the engine's own, without a bridge on this machine.
        return Reach(_way_to(_ANYWHERE), HOST_NAME)
    if network is not None and network.startswith("container:"):
        return _beside(engine, network.partition(":")[2], location)
    gateway = _own(_gateway(engine, network, info, location))
    return Reach(gateway, HOST_NAME) if gateway else Reach()


def _gateway(
    engine: Engine, network: str | None, info: Mapping[str, Any], location: Location
) -> str | None:
    is_podman = "BuildahVersion" in info
    usual = "podman" if is_podman else "bridge"
    name = usual if network in (None, "default", "bridge") else str(network)
    try:
        found = engine.call("GET", f"/networks/{name}")
    except EngineError as error:
        if error.status != 404:
            raise
        raise _no_network(engine, name, location) from None
    if found.get("Driver") != "bridge":
        return None
    for config in (found.get("IPAM") or {}).get("Config") or ():
        gateway = config.get("Gateway") or _first_address(config.get("Subnet", ""))
        if gateway and ":" not in gateway:
            return str(gateway).partition("/")[0]
    return None


def _no_network(engine: Engine, name: str, location: Location) -> EnvironmentBuildError:
    from mlrun.near_miss import near_miss

    known = [str(network.get("Name")) for network in engine.call("GET", "/networks")]
    meant = near_miss(name, known)
    return EnvironmentBuildError(
        f"there is no network {name!r} for the container",
        location=location,
        hint=f"did you mean {meant!r}?" if meant else f"there are: {', '.join(sorted(known))}",
    )


def _beside(engine: Engine, name: str, location: Location) -> Reach:
    """Return how a container reaches this machine that shares another one's network."""
    try:
        found = engine.call("GET", f"/containers/{name}/json")
    except EngineError as error:
        if error.status != 404:
            raise
        raise EnvironmentBuildError(
            f"there is no container {name!r} whose network could be shared", location=location
        ) from None
    if (found.get("HostConfig") or {}).get("NetworkMode") == "host":
        return Reach(_LOOPBACK)
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    gateways = (network.get("Gateway") for network in networks.values())
    return Reach(_own(next((str(gateway) for gateway in gateways if gateway), None)))


def _first_address(subnet: str) -> str | None:
    """Return the first address of `172.17.0.0/16`: a bridge's own, where nothing else is set."""
    try:
        number = int.from_bytes(_socket.inet_aton(subnet.partition("/")[0]), "big")
        bits = 32 - int(subnet.partition("/")[2])
        return _socket.inet_ntoa(((number >> bits << bits) + 1).to_bytes(4, "big"))
    except (OSError, ValueError):
        return None


def _own(gateway: str | None) -> str | None:
    """Return the gateway where it is this machine's; else our own address on the way to it.

    It is not where mlrun itself runs in a container, beside the one that it makes.
    """
    if gateway is None:
        return None
    with _Probe() as probe:
        try:
            probe.bind((gateway, 0))
        except OSError:
            return _way_to(gateway)
    return gateway


def _way_to(address: str) -> str | None:
    """Return this machine's address on the way to another one. Nothing is sent."""
    with _Probe() as probe:
        try:
            probe.connect((address, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return None


class _Probe(_socket.socket):
    """A socket for datagrams of which none is sent."""

    def __init__(self) -> None:
        super().__init__(_socket.AF_INET, _socket.SOCK_DGRAM)

    def __enter__(self) -> _Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _other_machine(engine: str) -> str | None:
    """Return the host of an engine that is not on this machine."""
    scheme, _, rest = engine.partition("://")
    if scheme == "unix":
        return None
    host = rest.partition("/")[0]
    host = host.rpartition(":")[0] or host
    return None if host in ("localhost", "[::1]") or host.startswith("127.") else host


def is_elsewhere(engine: str) -> bool:
    """Return whether an engine is on another machine, where this one's folders are not."""
    return _other_machine(engine) is not None


def sees(engine: Engine, folder: Path) -> bool:
    """Return whether an engine on this machine finds a folder at the path that it has here.

    It does not where mlrun itself runs in one of its containers, and the folder is that
    container's own or was mounted into it from another place.
    """
    if not _IN_CONTAINER.exists():
        return True
    try:
        own = engine.call("GET", f"/containers/{os.uname().nodename}/json")
    except EngineError:
        return True
    return any(
        mount.get("Source") == mount.get("Destination") and folder.is_relative_to(mount["Source"])
        for mount in own.get("Mounts") or ()
    )
