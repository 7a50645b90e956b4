"""Where the container engine is that the user means."""

from __future__ import annotations

from collections.abc import Mapping


def engine_address(environ: Mapping[str, str]) -> str:
    """Return the address of the engine: `DOCKER_HOST`, docker's current context, the usual socket.

    Where docker's usual socket is not there, Podman's is looked for.

    Raises:
        NotSupportedError: It is named by a scheme that mlrun does not speak (`ssh://`, `npipe://`).
    """
    raise NotImplementedError
