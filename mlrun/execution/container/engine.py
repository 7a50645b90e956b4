"""A container engine, spoken to directly: few requests, on the way to a command.

Docker's own library is used where images are fetched and built; importing it takes longer than
all the rest of a warm run (150 ms), and what a run needs of it is seven requests of the Engine
API (https://docs.docker.com/reference/api/engine/, version 1.40 and newer; Podman serves it too).
Nothing but the light half of the standard library is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class EngineError(Exception):
    """An engine's answer that is no success.

    Attributes:
        status: Of HTTP; 0 where there was no answer at all.
        message: The engine's own words.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Engine:
    """One engine.

    Args:
        address: `unix:///PATH`, `tcp://HOST:PORT` (with TLS where `DOCKER_TLS_VERIFY` and
            `DOCKER_CERT_PATH` say so).
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        raise NotImplementedError

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make one request and return its JSON answer (None where that is empty).

        Raises:
            EngineError: No answer, or no success.
        """
        raise NotImplementedError
