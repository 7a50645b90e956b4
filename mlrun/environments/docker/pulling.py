"""Pulls images, with the user's `docker login`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from mlrun.environments.base import Report
from mlrun.environments.docker.failures import image_failure
from mlrun.environments.docker.image import local_names
from mlrun.environments.docker.library import engine_client
from mlrun.environments.docker.reference import registry_of, split_name
from mlrun.errors import Location
from mlrun.execution.container.engine import Engine
from mlrun.sizes import size_in_words

_PAUSE = 5.0
"""Seconds between two lines about the progress."""


def pull_image(
    engine: Engine,
    name: str,
    *,
    platform: str | None,
    login: Mapping[str, str],
    location: Location,
    report: Report,
) -> None:
    """Pull an image. Arguments as for `mlrun.environments.docker.image.obtain_image`.

    Raises:
        EnvironmentBuildError: It cannot be had; the message says why.
    """
    import requests
    from docker.errors import DockerException

    repository, tag = split_name(name)
    credentials = _credentials(login, registry_of(name))
    report(f"pulling the image {name}")
    try:
        with engine_client(engine.address) as client:
            _follow(
                client.pull(
                    repository,
                    tag=tag,
                    stream=True,
                    decode=True,
                    auth_config=credentials,
                    platform=platform,
                ),
                name,
                report,
            )
    except (DockerException, requests.RequestException, _PullError) as error:
        message = str(getattr(error, "explanation", None) or error)
        secrets = [v for k, v in login.items() if "password" in k or "token" in k]
        for secret in secrets:
            message = message.replace(secret, "***")
        raise image_failure(name, message, local_names(engine), location) from None


class _PullError(Exception):
    """What the engine says in the middle of its answer."""


def _credentials(login: Mapping[str, str], registry: str) -> dict[str, str] | None:
    """Return the credentials for a registry; None where the user's settings decide.

    A login that names no registry is for Docker Hub, as with Docker's library: a project names
    its image, and must not choose who gets the user's password by that.
    """
    meant = login.get("registry") or "docker.io"
    host = meant.partition("://")[2] or meant
    host = "docker.io" if host.startswith("index.docker.io") else host.partition("/")[0]
    if not login.get("username") or host != registry:
        return None
    names = {"username": "username", "password": "password", "email": "email"}
    return {
        **{key: login[name] for name, key in names.items() if name in login},
        "serveraddress": registry,
    }


def _follow(events: Iterable[Mapping[str, Any]], name: str, report: Report) -> None:
    """Read the engine's answer to its end; a line from time to time says how far it is."""
    layers: dict[str, tuple[int, int]] = {}
    errors = []
    last = time.monotonic()
    for event in events:
        if "error" in event:
            errors.append(str(event["error"]))
        detail = event.get("progressDetail") or {}
        if event.get("status") == "Downloading" and detail.get("total"):
            layers[str(event.get("id"))] = (int(detail["current"]), int(detail["total"]))
        if layers and time.monotonic() - last >= _PAUSE:
            last = time.monotonic()
            done, total = (sum(numbers) for numbers in zip(*layers.values(), strict=True))
            report(f"pulling the image {name}: {size_in_words(done)} of {size_in_words(total)}")
    if errors:
        raise _PullError(errors[0])
