"""Where the container engine is that the user means.

Sources: docker's environment variables and contexts
(https://docs.docker.com/reference/cli/docker/, https://docs.docker.com/engine/manage-resources/contexts/),
Podman's socket (podman-system-service(1)).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from mlrun.errors import NotSupportedError

_USUAL = "/var/run/docker.sock"
_SPOKEN = ("unix", "tcp", "http", "https")


def engine_address(environ: Mapping[str, str]) -> str:
    """Return the address of the engine: `DOCKER_HOST`, docker's current context, the usual socket.

    Where docker's usual socket is not there, Podman's is looked for.

    Raises:
        NotSupportedError: It is named by a scheme that mlrun does not speak (`ssh://`,
            `npipe://`), or by a context that is not there.
    """
    named = environ.get("DOCKER_HOST")
    if named:
        return _spoken(named, "DOCKER_HOST")
    config = _folder(environ)
    context = environ.get("DOCKER_CONTEXT") or _read(f"{config}/config.json").get("currentContext")
    if context and context != "default":
        return _of_context(str(context), config)
    return f"unix://{next(_sockets(environ), _USUAL)}"


def _folder(environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - light
    return environ.get("DOCKER_CONFIG") or f"{home}/.docker"


def _read(path: str) -> dict[str, Any]:
    """Return a JSON object, an empty one where there is none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _of_context(name: str, config: str) -> str:
    """Return the address that a context stands for; its folder is named by its name's hash."""
    from mlrun.hashing import hash_of

    key = hash_of(name)
    endpoints = _read(f"{config}/contexts/meta/{key}/meta.json").get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = endpoint.get("Host") if isinstance(endpoint, dict) else None
    if not isinstance(host, str):
        raise NotSupportedError(
            f"docker's context '{name}' is not known here",
            hint="`docker context ls` names those that are; `docker context use` chooses one",
        )
    certificates = f"{config}/contexts/tls/{key}/docker"
    if os.path.isdir(certificates):  # noqa: PTH112 - light
        raise NotSupportedError(
            f"docker's context '{name}' has TLS files, which mlrun does not take from a context",
            hint=f"set DOCKER_HOST={host}, DOCKER_TLS_VERIFY=1, DOCKER_CERT_PATH={certificates}",
        )
    return _spoken(host, f"docker's context '{name}'")


def _spoken(address: str, source: str) -> str:
    scheme, separator, rest = address.partition("://")
    if separator and scheme in _SPOKEN and rest:
        return address
    if scheme == "ssh":
        hint = (
            "forward the engine's socket, `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock "
            f"{rest}`, and set DOCKER_HOST=unix:///tmp/engine.sock"
        )
    else:
        hint = "set DOCKER_HOST to an address like unix:///var/run/docker.sock or tcp://HOST:PORT"
    raise NotSupportedError(
        f"{source} names an engine that mlrun cannot reach: {address}", hint=hint
    )


def _sockets(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the usual sockets that are there, docker's before Podman's."""
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - light
    runtime = environ.get("XDG_RUNTIME_DIR")
    places = [_USUAL]
    places += [f"{runtime}/docker.sock"] if runtime else []
    places += [f"{home}/.docker/run/docker.sock", f"{home}/.docker/desktop/docker.sock"]
    places += [f"{runtime}/podman/podman.sock"] if runtime else []
    places += ["/run/podman/podman.sock"]
    for place in places:
        if os.access(place, os.R_OK | os.W_OK):
            yield place
    # What is there and may not be used is better named than something that is not there.
    yield from (place for place in places if os.path.exists(place))  # noqa: PTH110 - light
