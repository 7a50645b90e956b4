"""Docker's own library, for what takes long anyway: pulling and building images."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import docker

_PATIENCE = 60
"""Seconds that the engine has for an answer that is no stream."""


@contextmanager
def engine_client(address: str) -> Iterator[docker.APIClient]:
    """Give a client of docker's library for an engine, with the logins of the user's settings.

    Raises:
        docker.errors.DockerException: The engine does not answer, or the settings are broken.
    """
    import warnings

    import docker
    from docker.utils import kwargs_from_env

    tls = kwargs_from_env().get("tls", False) if os.environ.get("DOCKER_TLS_VERIFY") else False
    client = docker.APIClient(base_url=address, version="auto", timeout=_PATIENCE, tls=tls)
    try:
        # The library warns of a credential helper that is not there, and raises besides.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield client
    finally:
        client.close()
